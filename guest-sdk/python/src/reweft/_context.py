"""What a workflow may ask of the host."""

import asyncio
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from reweft import _host
from reweft._failure import RetryPolicy
from reweft._loop import WorkflowLoop
from reweft._payload import decode, encode


@dataclass(frozen=True)
class InstanceInfo:
    """Who is running."""

    instance_id: str
    workflow_name: str
    module_name: str
    #: The SHA-256 of the module's bytes, in hexadecimal: its version.
    module_digest: str
    #: When this run began.
    started_at: datetime
    #: The instance that called this one as its child, if one did.
    parent_instance_id: str | None


class Context:
    """A workflow's way to everything outside it. Calls start at once; awaiting them waits."""

    def __init__(self, loop: WorkflowLoop) -> None:
        self._loop = loop

    def activity(
        self,
        activity: str | Callable[..., Any],
        input: Any = None,
        *,
        retry: RetryPolicy | None = None,
        timeout: float | None = None,
        heartbeat_timeout: float | None = None,
        result: Any = Any,
    ) -> asyncio.Future[Any]:
        """Runs an activity of this module, or another's by the name `module/activity`.

        It runs at least once, and exactly once unless the host crashes meanwhile. `timeout` is what
        one attempt may take, `heartbeat_timeout` how long it may be silent, both in seconds. The
        output is read as the function's return type, or as `result`.

        Raises `Failure` where it is awaited.
        """
        name, output = _callee(activity, result)
        options = _host.context.ActivityOptions(
            retry=_host.retry_option(retry),
            timeout=_host.optional_milliseconds(timeout),
            heartbeat_timeout=_host.optional_milliseconds(heartbeat_timeout),
        )
        task = _host.context.call_activity(name, encode(input), options)
        return self._loop.expect(task, _reader(output, f"the output of activity {name!r}"))

    def child(
        self,
        workflow: str | Callable[..., Any],
        input: Any = None,
        *,
        instance_id: str | None = None,
        retry: RetryPolicy | None = None,
        detached: bool = False,
        result: Any = Any,
    ) -> asyncio.Future[Any]:
        """Runs another workflow of this host as a child.

        A detached one outlives this workflow, and gives its instance ID as soon as it has been
        started. Raises `Failure` where it is awaited.
        """
        name, output = _callee(workflow, result)
        options = _host.context.ChildOptions(
            instance_id=instance_id, retry=_host.retry_option(retry), detached=detached
        )
        task = _host.context.call_workflow(name, encode(input), options)
        wanted = str if detached else output
        return self._loop.expect(task, _reader(wanted, f"the output of workflow {name!r}"))

    def event(self, name: str, payload: Any = Any) -> asyncio.Future[Any]:
        """Waits for an event of this name, and gives its payload, read as the type `payload`.

        Names are compared without regard to case. Events wait for whoever wants them. To stop
        waiting, cancel it, or let `asyncio.timeout` do so: no event is lost by that.
        """
        task = _host.context.wait_event(name)
        return self._loop.expect(task, _reader(payload, f"the payload of event {name!r}"))

    def raise_event(self, instance_id: str, name: str, payload: Any = None) -> None:
        """Raises an event to another instance. One that has ended gets nothing."""
        _host.context.raise_event(instance_id, name, encode(payload))

    async def sleep(self, seconds: float) -> None:
        """Sleeps, as `asyncio.sleep` does: a durable timer, which costs nothing while it runs."""
        await asyncio.sleep(seconds)

    def now(self) -> datetime:
        """Workflow time: when the last thing this workflow waited for was recorded."""
        return _time(_host.context.now())

    def random(self) -> float:
        """A random number from 0 up to 1, the same in every replay."""
        return (_host.context.random_u64() >> 11) * 2.0**-53

    def uuid4(self) -> uuid.UUID:
        """A random UUID, the same in every replay."""
        return uuid.UUID(_host.context.new_uuid())

    def set_custom_status(self, status: str) -> None:
        """Shows a text with the instance."""
        _host.context.set_custom_status(status)

    def continue_as_new(self, input: Any = None, *, keep_unread_events: bool = False) -> None:
        """Ends this run at once, and begins another with this input under the same instance ID."""
        _host.context.continue_as_new(encode(input), keep_unread_events)

    def is_patched(self, patch: str) -> bool:
        """Whether the code behind a change is to go its new way: false in a run that was beyond it."""
        return bool(_host.context.is_patched(patch))

    def log(self, message: str, level: str = "info") -> None:
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


def _time(since_1970: int) -> datetime:
    return datetime.fromtimestamp(since_1970 / 1000, UTC)


def _callee(called: str | Callable[..., Any], result: Any) -> tuple[str, Any]:
    if isinstance(called, str):
        return called, result
    definition = getattr(called, "__reweft__", None)
    if definition is None:
        raise TypeError(f"{called!r} is neither a name nor marked with @activity or @workflow")
    return definition.name, definition.output if result is Any else result


def _reader(wanted: Any, what: str) -> Callable[[str], Any]:
    return lambda text: decode(text, wanted, "invalid-output", what)
