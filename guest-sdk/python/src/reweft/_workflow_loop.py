"""The event loop of a workflow: when nothing can go on, it waits for the host, and only for it.

What it does depends on the program and on what the host delivers, one thing at a time in the order
of the history. So a replay goes the same way.
"""

import asyncio
import contextvars
from collections.abc import Callable
from typing import Any

from reweft import _host
from reweft._failure import Failure, milliseconds
from reweft._loop import EventLoop, T, Ts


class HostFuture(asyncio.Future[Any]):
    """What the host will deliver. Cancelling it tells the host that nobody wants it any more."""

    def __init__(self, loop: "WorkflowLoop", number: int, read: Callable[[str], Any]) -> None:
        self._number = number
        self._workflow_loop = loop
        self._read = read
        super().__init__(loop=loop)

    # Like that of a `NumberedTask`.
    def __hash__(self) -> int:
        return self._number

    def deliver(self, outcome: Any) -> None:
        """Takes what the host has delivered."""
        try:
            if isinstance(outcome, _host.Err):
                raise _host.from_contract(outcome.value)
            self.set_result(self._read(outcome.value))
        except Exception as error:
            self.set_exception(error.with_traceback(None))

    def cancel(self, msg: Any | None = None) -> bool:
        if not super().cancel(msg):
            return False
        self._workflow_loop.cancel(self._number)
        return True


class _Timer(asyncio.TimerHandle):
    #: Its task in the host; None if it is due at once.
    number: int | None = None


class WorkflowLoop(EventLoop):
    """Runs one workflow."""

    def __init__(self) -> None:
        super().__init__()
        #: What the host is to deliver, by the number of its task: the task, which must be kept, and
        #: who takes its outcome.
        self._expected: dict[int, tuple[Any, Callable[[Any], None]]] = {}

    def expect(self, task: Any, read: Callable[[str], Any]) -> HostFuture:
        """Returns the future of a task of the host, whose output is read so."""
        number = task.number()
        future = HostFuture(self, number, read)
        self._expected[number] = (task, future.deliver)
        return future

    def cancel(self, number: int) -> None:
        """Tells the host that nobody wants a task any more."""
        expected = self._expected.pop(number, None)
        if expected is not None:
            expected[0].cancel()

    def wait(self) -> bool:
        if not self._expected:
            return False
        expected = self._expected.pop(_host.context.select_any(), None)
        if expected is not None:
            task, deliver = expected
            deliver(task.outcome())
        return True

    def log_error(self, message: str) -> None:
        _host.context.log(_host.types.Level.ERROR, message)

    # What asyncio asks of a loop.

    def time(self) -> float:
        return float(_host.context.now() / 1000)

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        timer = _Timer(self.time() + delay, callback, args, self, context)
        if delay <= 0:
            self._ready.append(timer)
            return timer
        task = _host.context.start_timer(milliseconds(delay))
        timer.number = task.number()
        self._expected[timer.number] = (task, lambda _: self._ready.append(timer))
        return timer

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        # Microseconds are what is left of subtracting times since 1970.
        return self.call_later(round(when - self.time(), 6), callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        if isinstance(handle, _Timer) and handle.number is not None:
            self.cancel(handle.number)

    def run_in_executor(
        self, executor: Any, func: Callable[[*Ts], T], *args: *Ts
    ) -> asyncio.Future[T]:
        message = "a workflow has one thread: do what takes long in an activity"
        raise Failure(message, type="not-in-workflow", non_retriable=True)
