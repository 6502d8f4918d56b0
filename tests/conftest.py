"""Gives every folder of tests the real servers, what is made once a run, and the list of what is missing."""

pytest_plugins = ["tests.made_once", "tests.real.missing", "tests.real.fixtures"]
