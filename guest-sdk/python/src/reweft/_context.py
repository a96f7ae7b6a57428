"""What a workflow may ask of the host."""

import asyncio
import uuid
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from random import Random
from typing import Any, Literal, NoReturn, TypedDict, TypeVar, Unpack, overload

from reweft import _host
from reweft._activity import Level
from reweft._failure import Duration, RetryPolicy, milliseconds, optional_milliseconds
from reweft._payload import decode, encode
from reweft._workflow_loop import WorkflowLoop

T = TypeVar("T")


@dataclass(frozen=True)
class InstanceInfo:
    """Who is running."""

    #: The ID the instance was started with.
    instance_id: str
    #: The name it was started by.
    workflow_name: str
    #: The module that holds this workflow.
    module_name: str
    #: The SHA-256 of the module's bytes, in hexadecimal: its version.
    module_digest: str
    #: When this run began.
    started_at: datetime
    #: The instance that called this one as its child, if one did.
    parent_instance_id: str | None


class ActivityOptions(TypedDict, total=False):
    """How an activity is to be run."""

    #: None: a single attempt.
    retry: RetryPolicy | None
    #: How long one attempt may take. None: as long as the host allows.
    timeout: Duration | None
    #: How long an attempt may go without a heartbeat. None: it need not send any.
    heartbeat_timeout: Duration | None


class ChildOptions(TypedDict, total=False):
    """How a child workflow is to be run."""

    #: None: made from this instance's own ID.
    instance_id: str | None
    #: None: a single attempt.
    retry: RetryPolicy | None


class Context:
    """A workflow's way to everything outside it. Calls start at once; awaiting them waits."""

    def __init__(self, loop: WorkflowLoop) -> None:
        self._loop = loop

    @overload
    def activity(
        self,
        activity: Callable[..., Coroutine[Any, Any, T]],
        input: Any = None,
        **options: Unpack[ActivityOptions],
    ) -> asyncio.Future[T]: ...
    @overload
    def activity(
        self,
        activity: Callable[..., T],
        input: Any = None,
        **options: Unpack[ActivityOptions],
    ) -> asyncio.Future[T]: ...
    @overload
    def activity(
        self,
        activity: str,
        input: Any = None,
        *,
        result: type[T],
        **options: Unpack[ActivityOptions],
    ) -> asyncio.Future[T]: ...
    @overload
    def activity(
        self,
        activity: str,
        input: Any = None,
        *,
        result: Any = Any,
        **options: Unpack[ActivityOptions],
    ) -> asyncio.Future[Any]: ...
    def activity(
        self,
        activity: str | Callable[..., Any],
        input: Any = None,
        *,
        result: Any = Any,
        **options: Unpack[ActivityOptions],
    ) -> asyncio.Future[Any]:
        """Runs an activity: one of this program, or another module's by the name `module/activity`.

        It runs at least once, and exactly once unless the host crashes meanwhile. The output is
        read as the function's return type, or as `result`. Awaiting it raises `Failure` if it has
        failed.
        """
        name, output = _callee(activity, result)
        task = _host.context.call_activity(
            name,
            encode(input, "invalid-input", f"the input of activity {name!r}"),
            _host.context.ActivityOptions(
                retry=_host.retry_option(options.get("retry")),
                timeout=optional_milliseconds(options.get("timeout")),
                heartbeat_timeout=optional_milliseconds(options.get("heartbeat_timeout")),
            ),
        )
        return self._expect(task, output, "invalid-output", f"the output of activity {name!r}")

    @overload
    def child(
        self,
        workflow: str | Callable[..., Any],
        input: Any = None,
        *,
        detached: Literal[True],
        **options: Unpack[ChildOptions],
    ) -> asyncio.Future[str]: ...
    @overload
    def child(
        self,
        workflow: Callable[..., Coroutine[Any, Any, T]],
        input: Any = None,
        **options: Unpack[ChildOptions],
    ) -> asyncio.Future[T]: ...
    @overload
    def child(
        self,
        workflow: str,
        input: Any = None,
        *,
        result: type[T],
        **options: Unpack[ChildOptions],
    ) -> asyncio.Future[T]: ...
    @overload
    def child(
        self,
        workflow: str,
        input: Any = None,
        *,
        result: Any = Any,
        **options: Unpack[ChildOptions],
    ) -> asyncio.Future[Any]: ...
    def child(
        self,
        workflow: str | Callable[..., Any],
        input: Any = None,
        *,
        result: Any = Any,
        detached: bool = False,
        **options: Unpack[ChildOptions],
    ) -> asyncio.Future[Any]:
        """Runs another workflow of this host as a child: one of this program, or any by its name.

        A detached one outlives this workflow; awaiting it gives its instance ID as soon as it has
        been started. The output of any other is read as the function's return type, or as `result`,
        and awaiting it raises `Failure` if it has failed.
        """
        name, output = _callee(workflow, result)
        task = _host.context.call_workflow(
            name,
            encode(input, "invalid-input", f"the input of workflow {name!r}"),
            _host.context.ChildOptions(
                instance_id=options.get("instance_id"),
                retry=_host.retry_option(options.get("retry")),
                detached=detached,
            ),
        )
        wanted = str if detached else output
        return self._expect(task, wanted, "invalid-output", f"the output of workflow {name!r}")

    @overload
    def event(self, name: str, payload: type[T]) -> asyncio.Future[T]: ...
    @overload
    def event(self, name: str, payload: Any = Any) -> asyncio.Future[Any]: ...
    def event(self, name: str, payload: Any = Any) -> asyncio.Future[Any]:
        """Waits for an event of this name, and gives its payload, read as the type `payload`.

        Names are compared without regard to case. Events are kept until a wait takes them, first
        come first served; each wait takes one. To stop waiting, cancel it, or let `asyncio.timeout`
        do so: no event is lost by that.
        """
        task = _host.context.wait_event(name)
        return self._expect(task, payload, "invalid-event", f"the payload of event {name!r}")

    def sleep(self, duration: Duration) -> asyncio.Future[None]:
        """Starts a durable timer, now: it survives restarts, and costs nothing while it runs."""
        task = _host.context.start_timer(milliseconds(duration))
        return self._expect(task, None, "invalid-output", "a timer")

    def raise_event(self, instance_id: str, name: str, payload: Any = None) -> None:
        """Raises an event to another instance. One that has ended gets nothing."""
        text = encode(payload, "invalid-event", f"the payload of event {name!r}")
        _host.context.raise_event(instance_id, name, text)

    def now(self) -> datetime:
        """Workflow time: when the last thing this workflow waited for was recorded."""
        return _time(_host.context.now())

    @cached_property
    def random(self) -> Random:
        """Random numbers, the same in every replay."""
        return Random(_host.context.random_u64())

    def uuid4(self) -> uuid.UUID:
        """Returns a random UUID, the same in every replay."""
        return uuid.UUID(_host.context.new_uuid())

    def set_custom_status(self, status: str) -> None:
        """Shows a text with the instance."""
        _host.context.set_custom_status(status)

    def continue_as_new(self, input: Any = None, *, keep_unread_events: bool = False) -> NoReturn:
        """Ends this run at once, and begins another with this input under the same ID.

        Its history begins anew, so that a workflow may go on for ever. What this run still waits
        for is cancelled, but for children. Events that nobody has taken are there for the next run
        if they are to be kept.
        """
        text = encode(input, "invalid-input", "the input of the next run")
        _host.context.continue_as_new(text, keep_unread_events)
        raise AssertionError("the host has let a run go on that has ended")

    def is_patched(self, patch: str) -> bool:
        """Tells whether the code behind a change is to go its new way.

        True where this point is reached for the first time, which the history then says; false in a
        run that was beyond it before the change. So a workflow can be changed while instances run.
        """
        return bool(_host.context.is_patched(patch))

    def log(self, message: str, level: Level = "info") -> None:
        """Writes to the host's log; silent in a replay."""
        _host.context.log(_host.types.Level[level.upper()], message)

    @property
    def info(self) -> InstanceInfo:
        """Who is running."""
        info = _host.context.info()
        return InstanceInfo(
            instance_id=info.instance_id,
            workflow_name=info.workflow_name,
            module_name=info.module_name,
            module_digest=info.module_digest,
            started_at=_time(info.started_at),
            parent_instance_id=info.parent_instance_id,
        )

    @property
    def instance_id(self) -> str:
        """The ID the instance was started with."""
        return str(_host.context.info().instance_id)

    @property
    def is_replaying(self) -> bool:
        """True while the host repeats what an earlier turn has done already."""
        return bool(_host.context.info().replaying)

    def _expect(self, task: Any, wanted: Any, failure_type: str, what: str) -> asyncio.Future[Any]:
        return self._loop.expect(task, lambda text: decode(text, wanted, failure_type, what))


def _time(since_1970: int) -> datetime:
    return datetime.fromtimestamp(since_1970 / 1000, UTC)


def _callee(called: str | Callable[..., Any], result: Any) -> tuple[str, Any]:
    if isinstance(called, str):
        return called, result
    definition = getattr(called, "__reweft__", None)
    if definition is None:
        raise TypeError(f"{called!r} is neither a name nor marked with @activity or @workflow")
    return definition.name, definition.output if result is Any else result
