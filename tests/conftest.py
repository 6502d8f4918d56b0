"""Gives every folder of tests the fixtures of the real servers, and the list of what could not be had."""

pytest_plugins = ["tests.real.missing", "tests.real.fixtures"]
