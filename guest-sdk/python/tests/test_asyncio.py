"""What asyncio offers to programs, over a host."""

import asyncio
import unittest
from collections.abc import AsyncGenerator
from typing import Any

from fake_host import FakeHost, failed

from reweft import Context, Failure, activity, workflow


@activity
async def double(number: int) -> int:
    await asyncio.gather(asyncio.sleep(0.002), asyncio.sleep(0.001))
    async with asyncio.timeout(5):
        return 2 * number


@workflow
async def all_at_once(ctx: Context, count: int) -> list[int]:
    return await asyncio.gather(*(ctx.activity(double, number) for number in range(count)))


@workflow
async def with_limit(ctx: Context) -> Any:
    try:
        return await asyncio.wait_for(ctx.event("Answer"), 2.007)
    except TimeoutError:
        return "late"


@workflow
async def race(ctx: Context) -> list[Any]:
    """The event loses the first race, and is there for the second."""
    event, timer = ctx.event("Answer"), ctx.sleep(1)
    done, pending = await asyncio.wait([event, timer], return_when=asyncio.FIRST_COMPLETED)
    for loser in pending:
        loser.cancel()
    async with asyncio.timeout(60):
        return [len(done), await ctx.event("Answer")]


@workflow
async def sleeps() -> None:
    async with asyncio.TaskGroup() as group:
        for _ in range(3):
            group.create_task(asyncio.sleep(3))
        group.create_task(asyncio.sleep(0))


@workflow
async def group_of_waits(ctx: Context) -> None:
    async def wait() -> None:
        await ctx.event("Never")

    async def fail() -> None:
        await ctx.sleep(1)
        raise ValueError("no")

    async with asyncio.TaskGroup() as group:
        for _ in range(20):
            group.create_task(wait())
        group.create_task(fail())


@workflow
async def tools(ctx: Context) -> list[Any]:
    queue: asyncio.Queue[int] = asyncio.Queue(1)
    lock = asyncio.Lock()
    over = asyncio.Event()

    async def produce() -> None:
        for number in range(3):
            async with lock:
                await queue.put(await ctx.activity(double, number))
        over.set()

    producer = asyncio.create_task(produce())
    taken = [await queue.get() for _ in range(3)]
    await over.wait()
    await producer
    return taken


@workflow
async def closes_generators(ctx: Context) -> None:
    async def numbers() -> AsyncGenerator[int, None]:
        try:
            yield 1
        finally:
            await ctx.sleep(1)
            ctx.set_custom_status("closed")

    async for _ in numbers():
        break
    await ctx.sleep(2)


@workflow
async def leaves_tasks(ctx: Context) -> str:
    async def tidy() -> None:
        try:
            await ctx.event("Never")
        finally:
            await ctx.sleep(1)
            ctx.set_custom_status("tidy")

    asyncio.create_task(tidy())
    asyncio.create_task(asyncio.sleep(60))
    await asyncio.sleep(1)
    return "done"


@workflow
async def stuck() -> None:
    async def wait_for_nothing() -> None:
        await asyncio.Event().wait()

    await asyncio.gather(wait_for_nothing(), wait_for_nothing())


@workflow
async def in_a_thread() -> None:
    await asyncio.to_thread(print)


@workflow
async def forgets_a_failure(ctx: Context) -> str:
    ctx.activity("broken")
    await ctx.sleep(1)
    return "went on"


@workflow
async def catches(ctx: Context) -> list[Any]:
    try:
        await ctx.activity("broken")
    except Failure as failure:
        return [failure.type, failure.message, failure.non_retriable, failure.stack_trace]
    return []


class AsyncioTest(unittest.TestCase):
    def test_activities_are_asked_for_at_once_and_in_order(self) -> None:
        host = FakeHost({"double": lambda number: 2 * number})
        self.assertEqual(host.run("all_at_once", 3), [0, 2, 4])
        self.assertEqual(host.told, ["call double(0) 1", "call double(1) 2", "call double(2) 3"])
        self.assertEqual(FakeHost().run("all_at_once", 0), [])

    def test_who_loses_is_cancelled(self) -> None:
        host = FakeHost(events=[(1_000, "Answer", 42)])
        self.assertEqual(host.run("with_limit"), 42)
        self.assertEqual(host.told, ["wait Answer 1", "timer 2007 2", "cancel 2"])
        host = FakeHost(events=[(3_000, "Answer", 42)])
        self.assertEqual(host.run("with_limit"), "late")
        self.assertEqual(host.told, ["wait Answer 1", "timer 2007 2", "cancel 1"])

    def test_a_lost_race_takes_no_event(self) -> None:
        self.assertEqual(FakeHost(events=[(5_000, "Answer", 7)]).run("race"), [1, 7])

    def test_every_sleep_is_a_timer(self) -> None:
        host = FakeHost()
        host.run("sleeps")
        self.assertEqual(host.told, ["timer 3000 1", "timer 3000 2", "timer 3000 3"])

    def test_a_group_cancels_its_tasks_in_their_order(self) -> None:
        host = FakeHost()
        failure = host.failure_of("group_of_waits")
        self.assertEqual(failure.error_type, "ExceptionGroup")
        self.assertIn("ValueError: no", failure.stack_trace)
        self.assertEqual(host.told[21:], [f"cancel {number}" for number in range(1, 21)])

    def test_queues_locks_and_events(self) -> None:
        self.assertEqual(FakeHost({"double": lambda number: 2 * number}).run("tools"), [0, 2, 4])

    def test_generators_are_closed(self) -> None:
        host = FakeHost()
        host.run("closes_generators")
        self.assertEqual(host.told[-1], "status closed")

    def test_tasks_that_are_left_are_cancelled(self) -> None:
        host = FakeHost()
        self.assertEqual(host.run("leaves_tasks"), "done")
        asked = ["timer 1000 1", "wait Never 2", "timer 60000 3"]
        self.assertEqual(host.told, [*asked, "cancel 2", "timer 1000 4", "cancel 3", "status tidy"])

    def test_who_waits_for_nothing_fails_and_says_where(self) -> None:
        failure = FakeHost().failure_of("stuck")
        self.assertEqual(failure.error_type, "deadlock")
        self.assertTrue(failure.non_retriable)
        self.assertRegex(failure.message, r"^stuck waits in line \d+ for something")
        self.assertEqual(failure.stack_trace.count("in wait_for_nothing"), 2)
        self.assertIn("await asyncio.gather(", failure.stack_trace)

    def test_there_are_no_threads(self) -> None:
        self.assertEqual(FakeHost().failure_of("in_a_thread").error_type, "not-in-workflow")

    def test_a_failure_that_nobody_awaits_is_logged(self) -> None:
        def broken(_: Any) -> None:
            raise failed("broken", "it broke")

        host = FakeHost({"broken": broken})
        self.assertEqual(host.run("forgets_a_failure"), "went on")
        self.assertIn("ERROR HostFuture exception was never retrieved", host.told[-1])
        self.assertEqual(host.run("catches"), ["broken", "it broke", False, "there"])

    def test_an_activity_may_wait_too(self) -> None:
        self.assertEqual(FakeHost().execute("double", 4), 8)


if __name__ == "__main__":
    unittest.main()
