"""What the tests of all languages ask of a guest, in Python."""

import asyncio
import os
import random
import socket
import time
import uuid
from dataclasses import dataclass
from typing import Any

from reweft import Context, activity, workflow


@workflow(name="python.sleep")
async def sleep(ms: float) -> float:
    began = time.time()
    time.sleep(ms / 1000)
    return round((time.time() - began) * 1000, 3)


@workflow(name="python.clock")
async def clock() -> list[float]:
    first = time.time()
    sum(range(100_000))
    return [round(first * 1000), round(time.time() * 1000)]


@workflow(name="python.random")
async def draw() -> list[Any]:
    return [random.random(), str(uuid.uuid4()), os.urandom(8).hex()]


@workflow(name="python.print")
async def prints(ctx: Context) -> Any:
    print("before")
    payload = await ctx.event("Go")
    print("after")
    return payload


@workflow(name="python.wait")
async def wait(ctx: Context) -> Any:
    return await ctx.event("Go")


def explode(why: str) -> None:
    raise ValueError(f"boom: {why}")


@workflow(name="python.throw")
async def throw(why: str) -> None:
    explode(why)


@workflow(name="python.throw-activity")
async def throw_activity(ctx: Context, why: str) -> Any:
    return await ctx.activity("explode", why)


@dataclass
class Call:
    activity: str
    child: str
    input: Any


@workflow(name="python.call")
async def call(ctx: Context, wanted: Call) -> dict[str, Any]:
    activity, child = await asyncio.gather(
        ctx.activity(wanted.activity, wanted.input), ctx.child(wanted.child, wanted.input)
    )
    return {"activity": activity, "child": child}


@workflow(name="python.echo")
async def echo_workflow(value: Any) -> Any:
    return value


@workflow(name="python.gather")
async def gather(ctx: Context, count: int) -> list[Any]:
    return await asyncio.gather(*(ctx.activity(echo, number) for number in range(count)))


@workflow(name="python.stuck")
async def stuck() -> None:
    await asyncio.get_running_loop().create_future()


@workflow(name="python.idioms")
async def idioms(ctx: Context) -> list[Any]:
    """Everything that asyncio has for programs without a network."""
    told: list[Any] = []
    queue: asyncio.Queue[int] = asyncio.Queue()

    async def produce() -> None:
        for number in range(3):
            await asyncio.sleep(0.01)
            await queue.put(await ctx.activity(echo, number))

    async with asyncio.TaskGroup() as group:
        group.create_task(produce())
        for _ in range(3):
            told.append(await queue.get())
    try:
        async with asyncio.timeout(0.01):
            await ctx.event("Never")
    except TimeoutError:
        told.append("timeout")
    done, pending = await asyncio.wait(
        [
            asyncio.create_task(asyncio.sleep(0.01, "fast")),
            asyncio.create_task(asyncio.sleep(3600)),
        ],
        return_when=asyncio.FIRST_COMPLETED,
    )
    told.extend(task.result() for task in done)
    told.append(len(pending))
    return told


@activity
def echo(value: Any) -> Any:
    return value


@activity(name="explode")
def explode_activity(why: str) -> None:
    explode(why)


@activity
def environment(name: str) -> str | None:
    return os.environ.get(name)


@activity
def slow(ms: float) -> None:
    time.sleep(ms / 1000)


@activity
def receive(address: tuple[str, int]) -> str:
    with socket.create_connection(address) as connection:
        return connection.recv(1024).decode()
