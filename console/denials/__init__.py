"""Refusals that are counted: a known principal's past twenty a minute and reason, and every stranger's."""
