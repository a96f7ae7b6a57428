"""A greeting that waits for an answer, for a day at most."""

import asyncio

from reweft import Context, RetryPolicy, activity, workflow

ONE_DAY = 24 * 60 * 60


@activity
def say(text: str) -> str:
    """An activity does the work. It may fail, and be tried again."""
    return f"said: {text}"


@workflow(name="{{name}}")
async def hello(ctx: Context, name: str) -> str:
    """A workflow says what is done when. Whatever happens to the host, each step is done once."""
    await ctx.activity(say, f"Hello, {name}!", retry=RetryPolicy(2, 5.0))
    try:
        async with asyncio.timeout(ONE_DAY):
            answer = await ctx.event("Answer", str)
    except TimeoutError:
        return "no answer"
    return await ctx.activity(say, f"Thanks for '{answer}'.")
