"""Why something failed, and when it is tried again."""

import traceback
from dataclasses import dataclass


class Failure(Exception):
    """A failure with a type that others can act on.

    Raise it in a workflow or an activity to choose the type. It is also what awaiting an activity or
    a child raises that has failed.
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


@dataclass(frozen=True)
class RetryPolicy:
    """When a failed activity or child is tried again. Times are in seconds."""

    #: The first attempt included: 1 means no retry.
    max_attempts: int
    #: The delay before the second attempt.
    first_interval: float
    #: Each delay is the one before times this.
    backoff: float = 1.0
    #: No delay is longer than this.
    max_interval: float | None = None
    #: No attempt starts later than this after the first was asked for.
    timeout: float | None = None


def milliseconds(seconds: float) -> int:
    """Rounds up, so that nothing comes early."""
    return max(0, -int(-seconds * 1000 // 1))


def failure_of(error: BaseException) -> Failure:
    """What an exception that nobody caught is seen as."""
    stack = "".join(traceback.format_exception(error))
    if isinstance(error, Failure):
        own = error.stack_trace
        return Failure(
            error.message,
            type=error.type,
            non_retriable=error.non_retriable,
            stack_trace=f"{own}\n{stack}" if own else stack,
        )
    return Failure(str(error), type=type(error).__name__, stack_trace=stack)
