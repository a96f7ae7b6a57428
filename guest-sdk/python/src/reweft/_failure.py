"""Why something failed, and when it is tried again."""

import math
import traceback
from dataclasses import dataclass
from datetime import timedelta
from typing import TypeAlias

#: A length of time: a number of seconds, or a `timedelta`.
Duration: TypeAlias = float | timedelta


class Failure(Exception):
    """A failure with a type that others can act on.

    Raise it in a workflow or an activity to choose the type. It is also what awaiting an activity
    or a child raises that has failed.
    """

    def __init__(
        self,
        message: str,
        *,
        type: str = "failure",
        non_retriable: bool = False,
        stack_trace: str | None = None,
    ) -> None:
        super().__init__(message)
        #: What happened, for a person to read.
        self.message = message
        #: Stable and machine-readable, for example `insufficient-funds`.
        self.type = type
        #: True: no retry policy tries again.
        self.non_retriable = non_retriable
        #: Where it happened, as far as the language it happened in tells.
        self.stack_trace = stack_trace

    def __repr__(self) -> str:
        return f"Failure({self.message!r}, type={self.type!r})"


# As programs import it, and so as tracebacks show it.
Failure.__module__ = __package__ or ""


@dataclass(frozen=True)
class RetryPolicy:
    """When a failed activity or child is tried again."""

    #: The first attempt included: 1 means no retry.
    max_attempts: int
    #: The delay before the second attempt.
    first_interval: Duration
    #: Each delay is the one before times this.
    backoff: float = 1.0
    #: No delay is longer than this.
    max_interval: Duration | None = None
    #: No attempt starts later than this after the first was asked for.
    timeout: Duration | None = None


def milliseconds(duration: Duration) -> int:
    """Rounds up, so that nothing comes early."""
    seconds = duration.total_seconds() if isinstance(duration, timedelta) else duration
    # 2.007 seconds are 2007 milliseconds, though not to a computer that multiplies.
    return max(0, math.ceil(round(seconds * 1000, 6)))


def optional_milliseconds(duration: Duration | None) -> int | None:
    return None if duration is None else milliseconds(duration)


def failure_of(error: BaseException) -> Failure:
    """What an exception that nobody caught is seen as."""
    stack = _stack_trace(error)
    if isinstance(error, Failure):
        own = error.stack_trace
        return Failure(
            error.message,
            type=error.type,
            non_retriable=error.non_retriable,
            stack_trace=f"{own}\n{stack}" if own else stack,
        )
    return Failure(str(error), type=type(error).__name__, stack_trace=stack)


def _stack_trace(error: BaseException) -> str:
    """Tells how the program came to an exception, without what led to the program."""
    frames = error.__traceback__
    while frames is not None and frames.tb_frame.f_globals.get("__package__") == __package__:
        frames = frames.tb_next
    return "".join(traceback.format_exception(type(error), error, frames))
