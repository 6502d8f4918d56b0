"""Gives every folder of tests the real servers, what is made once a run, and the list of what is missing."""

import asyncio
import os

import uvloop
from hypothesis import HealthCheck, settings

# As processes that serve (console.runtime): transports, signals and children differ from asyncio's own.
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

# On a machine with much else to do an example is slow, not wrong. The integration machine gives the same code
# the same examples, as tests.chance does; everywhere else each run looks at others.
settings.register_profile(
    "guildhall",
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=os.environ.get("CI") == "true",
)
settings.load_profile("guildhall")

pytest_plugins = ["tests.unhurried", "tests.made_once", "tests.real.missing", "tests.real.fixtures"]
