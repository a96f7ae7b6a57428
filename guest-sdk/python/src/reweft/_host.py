"""The host's side of the contract: the bindings that the build tool makes, or what a test puts in
their place."""

from typing import Any

from reweft._failure import Failure, RetryPolicy, milliseconds, optional_milliseconds

try:
    from componentize_py_types import Err
    from wit_world.imports import activity_context, context, types
except ImportError:
    # An ordinary interpreter, which builds or tests a program.
    Err = activity_context = context = types = None

__all__ = ["Err", "activity_context", "context", "types"]


def retry_option(retry: RetryPolicy | None) -> Any:
    """Returns a retry policy in the contract's form."""
    if retry is None:
        return None
    return types.RetryPolicy(
        max_attempts=retry.max_attempts,
        first_interval=milliseconds(retry.first_interval),
        backoff_coefficient=float(retry.backoff),
        max_interval=optional_milliseconds(retry.max_interval),
        timeout=optional_milliseconds(retry.timeout),
    )


def from_contract(failure: Any) -> Failure:
    """Reads a failure that the host hands over."""
    return Failure(
        failure.message,
        type=failure.error_type,
        non_retriable=failure.non_retriable,
        stack_trace=failure.stack_trace,
    )


def to_contract(failure: Failure) -> Any:
    """Returns a failure in the contract's form."""
    return types.Failure(
        error_type=failure.type,
        message=failure.message,
        stack_trace=failure.stack_trace,
        non_retriable=failure.non_retriable,
    )
