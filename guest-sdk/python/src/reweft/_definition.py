"""What a program holds: its workflows and activities, by name."""

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from reweft._activity import ActivityContext
from reweft._context import Context

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Definition:
    """A function that the host can call."""

    name: str
    function: Callable[..., Any]
    #: It wants a context before its input.
    takes_context: bool
    #: None: it takes no input.
    input: Any
    output: Any


WORKFLOWS: dict[str, Definition] = {}
ACTIVITIES: dict[str, Definition] = {}


def _define(
    function: Callable[..., Any], name: str | None, context: type, table: dict[str, Definition]
) -> None:
    hints = typing.get_type_hints(function)
    parameters = list(inspect.signature(function).parameters)
    takes_context = bool(parameters) and hints.get(parameters[0]) is context
    inputs = parameters[1:] if takes_context else parameters
    if len(inputs) > 1:
        raise TypeError(
            f"{function.__name__} takes {len(inputs)} inputs: put them into one, such as a dataclass"
        )
    definition = Definition(
        name=name or function.__name__,
        function=function,
        takes_context=takes_context,
        input=hints.get(inputs[0], Any) if inputs else None,
        output=hints.get("return", Any),
    )
    if definition.name in table:
        raise ValueError(f"the name {definition.name!r} is there twice")
    table[definition.name] = definition
    function.__reweft__ = definition  # type: ignore[attr-defined]


@overload
def workflow(function: F) -> F: ...
@overload
def workflow(*, name: str) -> Callable[[F], F]: ...
def workflow(function: F | None = None, *, name: str | None = None) -> F | Callable[[F], F]:
    """Makes a coroutine function a workflow: `async def order(ctx: Context, input: Order) -> Result`."""

    def mark(function: F) -> F:
        if not inspect.iscoroutinefunction(function):
            raise TypeError(f"{function.__name__} must be an `async def` to be a workflow")
        _define(function, name, Context, WORKFLOWS)
        return function

    return mark if function is None else mark(function)


@overload
def activity(function: F) -> F: ...
@overload
def activity(*, name: str) -> Callable[[F], F]: ...
def activity(function: F | None = None, *, name: str | None = None) -> F | Callable[[F], F]:
    """Makes a function an activity: `def charge(payment: Payment) -> Receipt`.

    Its first parameter may be an `ActivityContext`.
    """

    def mark(function: F) -> F:
        _define(function, name, ActivityContext, ACTIVITIES)
        return function

    return mark if function is None else mark(function)
