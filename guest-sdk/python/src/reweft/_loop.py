"""The event loop of a workflow: when nothing can go on, it waits for the host, and for nothing else.

What it does depends on the program and on what the host delivers, one thing at a time in the order
of the history. So a replay goes the same way.
"""

import asyncio
import contextvars
from collections import deque
from collections.abc import Callable, Coroutine
from typing import Any

from reweft import _host
from reweft._failure import Failure, failure_of, milliseconds


class HostFuture(asyncio.Future[Any]):
    """What the host will deliver. Cancelling it tells the host that nobody wants it any more."""

    def __init__(self, loop: "WorkflowLoop", task: Any, read: Callable[[str], Any]) -> None:
        super().__init__(loop=loop)
        self._workflow_loop = loop
        self._task = task
        self._read = read

    def deliver(self) -> None:
        """Takes what the host has delivered."""
        if self.done():
            return
        outcome = self._task.outcome()
        if isinstance(outcome, _host.Err):
            self.set_exception(_host.from_contract(outcome.value))
            return
        try:
            self.set_result(self._read(outcome.value))
        except Failure as unreadable:
            self.set_exception(unreadable)

    def cancel(self, msg: Any | None = None) -> bool:
        if not super().cancel(msg):
            return False
        self._workflow_loop.give_up(self._task)
        return True


class _Timer(asyncio.TimerHandle):
    task: Any = None


class WorkflowLoop(asyncio.AbstractEventLoop):
    """Runs one workflow."""

    def __init__(self) -> None:
        self._ready: deque[asyncio.Handle] = deque()
        #: What the host is to deliver, by the number of its task: the task, which must be kept, and
        #: what to do with it.
        self._waiting: dict[int, tuple[Any, Callable[[], None]]] = {}

    def run(self, main: Coroutine[Any, Any, Any]) -> Any:
        """Runs a coroutine to its end."""
        asyncio.events._set_running_loop(self)
        try:
            done = self.create_task(main)
            while True:
                self._run_ready()
                if done.done():
                    return done.result()
                self._wait()
        finally:
            asyncio.events._set_running_loop(None)

    def _run_ready(self) -> None:
        while self._ready:
            handle = self._ready.popleft()
            if not handle.cancelled():
                handle._run()

    def _wait(self) -> None:
        if not self._waiting:
            raise Failure(
                "the workflow waits for something that nothing can bring about: neither an activity,"
                " a child, a timer nor an event is under way",
                type="deadlock",
                non_retriable=True,
            )
        number = _host.context.select_any()
        known = self._waiting.pop(number, None)
        if known is not None:
            _, deliver = known
            deliver()

    def expect(self, task: Any, read: Callable[[str], Any]) -> HostFuture:
        """Returns a future of a task, whose result is read so."""
        future = HostFuture(self, task, read)
        self._waiting[task.number()] = (task, future.deliver)
        return future

    def give_up(self, task: Any) -> None:
        """Tells the host that nobody waits for a task any more."""
        if self._waiting.pop(task.number(), None) is not None:
            task.cancel()

    # What asyncio asks of a loop.

    def time(self) -> float:
        return _host.context.now() / 1000

    def call_soon(
        self, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def call_later(
        self, delay: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        timer = _Timer(self.time() + delay, callback, args, self, context)
        if delay <= 0:
            self._ready.append(timer)
            return timer
        timer.task = task = _host.context.start_timer(milliseconds(delay))

        def fire() -> None:
            task.outcome()
            self._ready.append(timer)

        self._waiting[task.number()] = (task, fire)
        return timer

    def call_at(
        self, when: float, callback: Any, *args: Any, context: contextvars.Context | None = None
    ) -> asyncio.TimerHandle:
        # Microseconds are what is left of subtracting times since 1970.
        return self.call_later(round(when - self.time(), 6), callback, *args, context=context)

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        if isinstance(handle, _Timer) and handle.task is not None:
            self.give_up(handle.task)

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        return asyncio.Task(coro, loop=self, **options)

    def get_debug(self) -> bool:
        return False

    def is_running(self) -> bool:
        return True

    def is_closed(self) -> bool:
        return False

    def call_exception_handler(self, context: dict[str, Any]) -> None:
        message = context.get("message", "an error that nobody handles")
        error = context.get("exception")
        if error is not None:
            message = f"{message}: {failure_of(error).stack_trace}"
        _host.context.log(_host.types.Level.ERROR, message)

    async def shutdown_asyncgens(self) -> None:
        return None

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:
        message = "a workflow has one thread: do what takes long in an activity"
        raise Failure(message, type="not-in-workflow", non_retriable=True)
