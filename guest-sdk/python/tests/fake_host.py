"""A host in the place of the bindings: in memory, in simulated time, for one run."""

import enum
import gc
import json
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from types import SimpleNamespace
from typing import Any
from unittest import mock

from reweft import _host
from reweft._module import Activities, Workflows

BEGINNING = 1_700_000_000_000


@dataclass
class Ok:
    value: Any


class Err(Exception):
    def __init__(self, value: Any) -> None:
        super().__init__(value)
        self.value = value


class Record(SimpleNamespace):
    """Any of the contract's records."""


class Level(enum.Enum):
    TRACE, DEBUG, INFO, WARN, ERROR = range(5)


class ContinuedAsNew(BaseException):
    """The end of a run, which the real host brings about without unwinding."""


@dataclass
class Task:
    """What the host is to deliver."""

    host: "FakeHost"
    its_number: int
    result: Any = None

    def number(self) -> int:
        return self.its_number

    def outcome(self) -> Any:
        return self.result

    def cancel(self) -> None:
        self.host.told.append(f"cancel {self.its_number}")
        self.host.timers.pop(self.its_number, None)
        self.host.waits.pop(self.its_number, None)


@dataclass
class FakeHost:
    """Answers what a workflow asks, and notes it. Activities and children are functions."""

    functions: dict[str, Callable[[Any], Any]] = field(default_factory=dict)
    #: When events are raised, in milliseconds from the beginning; under which name, and with what.
    events: list[tuple[int, str, Any]] = field(default_factory=list)
    now_ms: int = BEGINNING
    #: Everything that was asked for, in order.
    told: list[str] = field(default_factory=list)
    tasks: int = 0
    delivered: deque[Task] = field(default_factory=deque)
    timers: dict[int, tuple[int, Task]] = field(default_factory=dict)
    waits: dict[int, tuple[str, Task]] = field(default_factory=dict)
    drawn: int = 0

    def run(self, name: str, input: Any = None) -> Any:
        """Runs a workflow of the program, and returns its output."""
        with self._in_place():
            return json.loads(Workflows().run(name, json.dumps(input)))

    def execute(self, name: str, input: Any = None) -> Any:
        """Executes an activity of the program, and returns its output."""
        with self._in_place():
            return json.loads(Activities().execute(name, json.dumps(input)))

    def failure_of(self, name: str, input: Any = None) -> Any:
        """Runs a workflow that fails, and returns why."""
        try:
            output = self.run(name, input)
        except Err as failed:
            failure = failed.value
        else:
            raise AssertionError(f"{name} has not failed, but returned {output}")
        with self._in_place():
            # What is still waiting has something to tell when it goes.
            gc.collect()
        return failure

    def _in_place(self) -> Any:
        types = SimpleNamespace(RetryPolicy=Record, Failure=Record, Level=Level)
        return mock.patch.multiple(_host, Err=Err, context=self, activity_context=self, types=types)

    def _task(self, told: str) -> Task:
        self.tasks += 1
        self.told.append(f"{told} {self.tasks}")
        return Task(self, self.tasks)

    # The contract.

    ActivityOptions = ChildOptions = Record

    def call_activity(self, name: str, input: str, options: Record) -> Task:
        task = self._task(f"call {name}({input})")
        self.options = options
        try:
            task.result = Ok(json.dumps(self.functions[name](json.loads(input))))
        except Err as failed:
            task.result = failed
        self.delivered.append(task)
        return task

    call_workflow = call_activity

    def start_timer(self, delay: int) -> Task:
        task = self._task(f"timer {delay}")
        task.result = Ok("null")
        self.timers[task.its_number] = (self.now_ms + delay, task)
        return task

    def wait_event(self, name: str) -> Task:
        task = self._task(f"wait {name}")
        self.waits[task.its_number] = (name, task)
        return task

    def select_any(self) -> int:
        while not self.delivered:
            timer = min(self.timers.values(), key=lambda timer: timer[0], default=None)
            raised = min(self._takers(), key=lambda taker: taker[0], default=None)
            if raised is not None and (timer is None or raised[0] <= timer[0]):
                when, event, task = raised
                task.result = Ok(json.dumps(event[2]))
                self.events.remove(event)
                del self.waits[task.its_number]
            elif timer is not None:
                when, task = timer
                del self.timers[task.its_number]
            else:
                raise AssertionError("a real host would wait for ever")
            self.now_ms = max(self.now_ms, when)
            self.delivered.append(task)
        return self.delivered.popleft().its_number

    def _takers(self) -> list[tuple[int, tuple[int, str, Any], Task]]:
        return [
            (BEGINNING + event[0], event, task)
            for name, task in self.waits.values()
            for event in self.events
            if event[1] == name
        ]

    def now(self) -> int:
        return self.now_ms

    def random_u64(self) -> int:
        self.drawn += 1
        return self.drawn

    def new_uuid(self) -> str:
        return "00000000-0000-4000-8000-000000000001"

    def raise_event(self, instance_id: str, name: str, payload: str) -> None:
        self.told.append(f"raise {name}({payload}) to {instance_id}")

    def set_custom_status(self, status: str) -> None:
        self.told.append(f"status {status}")

    def continue_as_new(self, input: str, keep_unread_events: bool) -> None:
        self.told.append(f"continue with {input}, keep {keep_unread_events}")
        raise ContinuedAsNew

    def is_patched(self, patch: str) -> bool:
        return patch == "new"

    def log(self, level: Level, message: str) -> None:
        self.told.append(f"{level.name} {message}")

    def heartbeat(self, progress: str) -> bool:
        self.told.append(f"heartbeat {progress}")
        return False

    def last_progress(self) -> str | None:
        return "3"

    def info(self) -> Record:
        return Record(
            instance_id="order-1",
            workflow_name="order",
            module_name="orders",
            module_digest="00",
            started_at=BEGINNING,
            parent_instance_id=None,
            replaying=False,
            activity_name="charge",
            attempt=2,
            idempotency_key="key",
            deadline=BEGINNING + 1,
        )


def failed(error_type: str, message: str) -> Err:
    """What a function raises to let its activity fail."""
    return Err(
        Record(error_type=error_type, message=message, stack_trace="there", non_retriable=False)
    )
