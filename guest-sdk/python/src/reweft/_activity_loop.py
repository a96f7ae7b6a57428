"""The event loop of an activity that is a coroutine: it waits by sleeping."""

import asyncio
import contextvars
import heapq
import time
from collections.abc import Callable

from reweft import _host
from reweft._loop import EventLoop, Ts


class ActivityLoop(EventLoop):
    """Runs one attempt of an activity."""

    def __init__(self) -> None:
        super().__init__()
        self._timers: list[asyncio.TimerHandle] = []

    def wait(self) -> bool:
        while self._timers:
            timer = heapq.heappop(self._timers)
            if not timer.cancelled():
                time.sleep(max(0.0, timer.when() - self.time()))
                self._ready.append(timer)
                return True
        return False

    def log_error(self, message: str) -> None:
        _host.activity_context.log(_host.types.Level.ERROR, message)

    # What asyncio asks of a loop.

    def time(self) -> float:
        return time.monotonic()

    def call_later(
        self,
        delay: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        return self.call_at(self.time() + delay, callback, *args, context=context)

    def call_at(
        self,
        when: float,
        callback: Callable[[*Ts], object],
        *args: *Ts,
        context: contextvars.Context | None = None,
    ) -> asyncio.TimerHandle:
        timer = asyncio.TimerHandle(when, callback, args, self, context)
        heapq.heappush(self._timers, timer)
        return timer

    def _timer_handle_cancelled(self, handle: asyncio.TimerHandle) -> None:
        """A cancelled timer stays until it is its turn."""
