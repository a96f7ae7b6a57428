"""What the event loops of workflows and activities share: asyncio without threads and sockets."""

import asyncio
import contextvars
import sys
import traceback
from collections import deque
from collections.abc import AsyncGenerator, Callable, Coroutine
from typing import Any, NoReturn, TypeVar, TypeVarTuple

from reweft._failure import Failure, failure_of

T = TypeVar("T")
Ts = TypeVarTuple("Ts")


class NumberedTask(asyncio.Task[T]):
    """A task whose place in a set depends on its number, and not on where it lies in memory.

    So what asyncio does with sets of tasks is the same in every build of a program.
    """

    def __init__(self, coro: Coroutine[Any, Any, T], *, number: int, **options: Any) -> None:
        self.number = number
        super().__init__(coro, **options)

    def __hash__(self) -> int:
        return self.number


class EventLoop(asyncio.AbstractEventLoop):
    """Runs one coroutine. How it waits is its subclass's."""

    def __init__(self) -> None:
        self._ready: deque[asyncio.Handle] = deque()
        self._number_of_tasks = 0

    def wait(self) -> bool:
        """Waits until something is ready; false if nothing ever will be."""
        raise NotImplementedError

    def log_error(self, message: str) -> None:
        """Tells of an error that nobody handles."""
        raise NotImplementedError

    def run(self, main: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine to its end; tasks that it leaves are then cancelled, as asyncio does."""
        hooks = sys.get_asyncgen_hooks()
        sys.set_asyncgen_hooks(finalizer=self._close_generator)
        asyncio.events._set_running_loop(self)
        try:
            task: asyncio.Task[T] = self.create_task(main)
            self._run_until_done(task)
            left = self._unfinished()
            for unfinished in left:
                unfinished.cancel()
            for unfinished in left:
                self._run_until_done(unfinished)
            return task.result()
        finally:
            asyncio.events._set_running_loop(None)
            sys.set_asyncgen_hooks(*hooks)

    def _run_until_done(self, task: asyncio.Task[Any]) -> None:
        while not task.done():
            if self._ready:
                handle = self._ready.popleft()
                if not handle.cancelled():
                    handle._run()
            elif not self.wait():
                self._give_up(task)

    def _unfinished(self) -> list[asyncio.Task[Any]]:
        return sorted(asyncio.all_tasks(self), key=hash)

    def _give_up(self, task: asyncio.Task[Any]) -> NoReturn:
        place = _stack(task)[0]
        raise Failure(
            f"{place.name} waits in line {place.lineno} for something that nothing can bring about:"
            " no activity, child, timer or event is under way",
            type="deadlock",
            non_retriable=True,
            stack_trace="\n".join(
                f"{waiting.get_name()} waits:\n{''.join(_stack(waiting).format())}"
                for waiting in self._unfinished()
            ),
        )

    def _close_generator(self, generator: AsyncGenerator[Any, Any]) -> None:
        self.create_task(generator.aclose())

    # What asyncio asks of a loop.

    def call_soon(
        self,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.Handle:
        handle = asyncio.Handle(callback, args, self, context)
        self._ready.append(handle)
        return handle

    call_soon_threadsafe = call_soon

    def create_future(self) -> asyncio.Future[Any]:
        return asyncio.Future(loop=self)

    def create_task(self, coro: Any, **options: Any) -> asyncio.Task[Any]:
        self._number_of_tasks += 1
        return NumberedTask(coro, number=self._number_of_tasks, loop=self, **options)

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
        self.log_error(message)

    async def shutdown_asyncgens(self) -> None:
        return None


def _stack(task: asyncio.Task[Any]) -> traceback.StackSummary:
    """Returns where a task waits, and through whom."""
    frames = []
    waiting: Any = task.get_coro()
    while (frame := getattr(waiting, "cr_frame", None)) is not None:
        frames.append((frame, frame.f_lineno))
        waiting = waiting.cr_await
    return traceback.StackSummary.extract(iter(frames))
