"""Gives every folder of tests the real servers, what is made once a run, and the list of what is missing."""

import asyncio

import uvloop

# As processes that serve (console.runtime): transports, signals and children differ from asyncio's own.
asyncio.set_event_loop_policy(uvloop.EventLoopPolicy())

pytest_plugins = ["tests.made_once", "tests.real.missing", "tests.real.fixtures"]
