"""Durable workflows and activities for Reweft, in Python.

    from reweft import Context, RetryPolicy, activity, workflow

    @activity
    def say(text: str) -> str:
        return f"said: {text}"

    @workflow
    async def hello(ctx: Context, name: str) -> str:
        return await ctx.activity(say, f"Hello, {name}!", retry=RetryPolicy(2, 5.0))

`python -m reweft build hello -o hello.wasm` makes a module of the program `hello.py`.

A workflow is an ordinary coroutine: `asyncio.gather`, `asyncio.wait`, `asyncio.timeout`,
`asyncio.sleep` and tasks work, and every sleep is a durable timer. Clocks, `random`, `uuid` and
`print` are the run's own kind, the same in every replay.
"""

from reweft._activity import ActivityContext, Level
from reweft._context import ActivityOptions, ChildOptions, Context, InstanceInfo
from reweft._definition import activity, workflow
from reweft._failure import Duration, Failure, RetryPolicy
from reweft._payload import camel_case

__all__ = [
    "ActivityContext",
    "ActivityOptions",
    "ChildOptions",
    "Context",
    "Duration",
    "Failure",
    "InstanceInfo",
    "Level",
    "RetryPolicy",
    "activity",
    "camel_case",
    "workflow",
]
