"""What workflows and activities ask of their contexts, and what the host is told of it."""

import unittest
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from fake_host import BEGINNING, ContinuedAsNew, Err, FakeHost

from reweft import ActivityContext, Context, Failure, RetryPolicy, activity, workflow


@dataclass
class Items:
    name: str
    quantity: int


@activity(name="CountActivity")
def count(items: Items) -> Items:
    return Items(items.name, items.quantity + 1)


@activity
def report(ctx: ActivityContext) -> list[Any]:
    ctx.heartbeat(Items("cars", 1))
    ctx.log("reported", "warn")
    return [
        ctx.activity_name,
        ctx.instance_id,
        ctx.attempt,
        ctx.idempotency_key,
        ctx.deadline.isoformat(),
        ctx.last_progress(int),
    ]


@workflow
async def calls(ctx: Context, items: Items) -> int:
    retry = RetryPolicy(3, 0.5, backoff=2, max_interval=timedelta(minutes=1))
    counted = await ctx.activity(count, items, retry=retry, timeout=timedelta(seconds=2))
    return counted.quantity


@workflow
async def named(ctx: Context) -> list[Any]:
    items = await ctx.activity("other/Count", result=Items)
    child = await ctx.child(calls, items, instance_id="child-1")
    detached = await ctx.child("Anything", detached=True)
    return [items.name, child, detached]


@workflow
async def everything_else(ctx: Context) -> list[Any]:
    ctx.set_custom_status("busy")
    ctx.raise_event("order-2", "Ready", Items("cars", 2))
    ctx.log("here")
    drawn = [ctx.random.random(), ctx.random.random()]
    return [
        ctx.instance_id,
        ctx.info.module_name,
        ctx.is_replaying,
        ctx.now().timestamp() * 1000,
        str(ctx.uuid4()),
        ctx.is_patched("old"),
        ctx.is_patched("new"),
        drawn[0] != drawn[1],
    ]


@workflow
async def goes_on(ctx: Context, generation: int) -> None:
    ctx.continue_as_new(generation + 1, keep_unread_events=True)


@workflow
async def wants_items(ctx: Context) -> Any:
    return await ctx.event("Items", list[Items])


@workflow
async def returns_what_json_has_not() -> Any:
    return float("nan")


@workflow
async def raises(how: str) -> None:
    if how == "own":
        raise Failure("no money", type="insufficient-funds", non_retriable=True)
    explode(how)


def explode(why: str) -> None:
    raise KeyError(why)


@workflow
async def takes_nothing() -> str:
    return "done"


class ContextTest(unittest.TestCase):
    def test_a_call_says_how_it_is_to_be_run(self) -> None:
        host = FakeHost({"CountActivity": lambda items: items | {"quantity": 7}})
        self.assertEqual(host.run("calls", {"name": "cars", "quantity": 6}), 7)
        self.assertEqual(host.told, ['call CountActivity({"name":"cars","quantity":6}) 1'])
        retry = host.options.retry
        self.assertEqual((retry.max_attempts, retry.first_interval), (3, 500))
        self.assertEqual((retry.backoff_coefficient, retry.max_interval), (2.0, 60_000))
        self.assertEqual((host.options.timeout, host.options.heartbeat_timeout), (2_000, None))

    def test_who_is_elsewhere_is_called_by_name(self) -> None:
        functions = {
            "other/Count": lambda _: {"name": "cars", "quantity": 1},
            "calls": lambda items: items["quantity"],
            "Anything": lambda _: "order-1-1",
        }
        host = FakeHost(functions)
        self.assertEqual(host.run("named"), ["cars", 1, "order-1-1"])
        self.assertTrue(host.options.detached)

    def test_everything_else(self) -> None:
        host = FakeHost()
        uuid = "00000000-0000-4000-8000-000000000001"
        expected = ["order-1", "orders", False, BEGINNING, uuid, False, True, True]
        self.assertEqual(host.run("everything_else"), expected)
        raised = 'raise Ready({"name":"cars","quantity":2}) to order-2'
        self.assertEqual(host.told, ["status busy", raised, "INFO here"])
        # One seed, however much is drawn.
        self.assertEqual(host.drawn, 1)

    def test_a_run_goes_on_as_another(self) -> None:
        host = FakeHost()
        with self.assertRaises(Err) as ended:
            host.run("goes_on", 1)
        self.assertEqual(ended.exception.value.error_type, ContinuedAsNew.__name__)
        self.assertEqual(host.told, ["continue with 2, keep True"])

    def test_an_activity_knows_its_attempt(self) -> None:
        host = FakeHost()
        expected = ["charge", "order-1", 2, "key", "2023-11-14T22:13:20.001000+00:00", 3]
        self.assertEqual(host.execute("report"), expected)
        self.assertEqual(host.told, ['heartbeat {"name":"cars","quantity":1}', "WARN reported"])


class FailureTest(unittest.TestCase):
    def test_an_exception_is_a_failure_with_its_class_message_and_traceback(self) -> None:
        failure = FakeHost().failure_of("raises", "why")
        self.assertEqual((failure.error_type, failure.message), ("KeyError", "'why'"))
        self.assertFalse(failure.non_retriable)
        lines = failure.stack_trace.splitlines()
        self.assertIn("in raises", lines[1], "a traceback begins with the program")
        self.assertIn("in explode", failure.stack_trace)
        self.assertEqual(lines[-1], "KeyError: 'why'")

    def test_a_program_chooses_the_type(self) -> None:
        failure = FakeHost().failure_of("raises", "own")
        self.assertEqual(failure.error_type, "insufficient-funds")
        self.assertEqual(failure.message, "no money")
        self.assertTrue(failure.non_retriable)
        self.assertTrue(failure.stack_trace.endswith("\nreweft.Failure: no money\n"))

    def test_what_can_not_be_read_or_written_says_what_it_is(self) -> None:
        for host, name, input, error_type, message in [
            (FakeHost(), "calls", {"name": 5}, "invalid-input", "can't read the input of 'calls'"),
            (
                FakeHost(events=[(0, "Items", [{"name": "cars"}])]),
                "wants_items",
                None,
                "invalid-event",
                "can't read the payload of event 'Items': [0].quantity must be there",
            ),
            (
                FakeHost({"CountActivity": lambda _: 5}),
                "calls",
                {"name": "cars", "quantity": 1},
                "invalid-output",
                "can't read the output of activity 'CountActivity': it must be an object",
            ),
            (
                FakeHost(),
                "returns_what_json_has_not",
                None,
                "invalid-output",
                "can't write the output of 'returns_what_json_has_not' as JSON",
            ),
        ]:
            failure = host.failure_of(name, input)
            with self.subTest(message):
                self.assertEqual(failure.error_type, error_type)
                self.assertIn(message, failure.message)
                self.assertTrue(failure.non_retriable)

    def test_who_is_not_there_is_named(self) -> None:
        failure = FakeHost().failure_of("nobody")
        self.assertEqual(failure.error_type, "workflow-not-found")
        self.assertIn("'nobody'", failure.message)


class DefinitionTest(unittest.TestCase):
    def test_an_input_is_not_asked_for_where_nobody_wants_one(self) -> None:
        self.assertEqual(FakeHost().run("takes_nothing", {"some": "thing"}), "done")

    def test_the_first_of_two_parameters_is_the_context(self) -> None:
        @workflow(name="without types")
        async def without_types(ctx, value):  # type: ignore[no-untyped-def]
            return [ctx.instance_id, value]

        self.assertEqual(FakeHost().run("without types", 5), ["order-1", 5])

    def test_what_can_not_be_called_is_refused(self) -> None:
        def plain() -> None: ...
        def of_three(a: int, b: int, c: int) -> None: ...

        with self.assertRaisesRegex(TypeError, "plain must be an `async def`"):
            workflow(plain)
        with self.assertRaisesRegex(TypeError, "of_three takes 3 parameters"):
            activity(of_three)
        with self.assertRaisesRegex(ValueError, "two of the name 'CountActivity'"):
            activity(name="CountActivity")(plain)

    def test_who_is_called_must_be_marked(self) -> None:
        @workflow
        async def calls_a_stranger(ctx: Context) -> None:
            await ctx.activity(explode, "why")

        self.assertEqual(FakeHost().failure_of("calls_a_stranger").error_type, "TypeError")


if __name__ == "__main__":
    unittest.main()
