"""What a program holds: its workflows and activities, by name."""

import inspect
import typing
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar, overload

from reweft._activity import ActivityContext
from reweft._context import Context
from reweft._failure import Failure

F = TypeVar("F", bound=Callable[..., Any])


@dataclass(frozen=True)
class Definition:
    """A function that the host can call."""

    name: str
    function: Callable[..., Any]
    #: It wants a context before its input.
    takes_context: bool
    #: It wants an input.
    takes_input: bool
    #: The types of what goes in and out.
    input: Any
    output: Any


class Definitions(dict[str, Definition]):
    """Everything of one kind that a program holds."""

    def __init__(self, kind: str, context: type) -> None:
        super().__init__()
        self._kind = kind
        self._context = context

    def add(self, function: Callable[..., Any], name: str | None) -> None:
        """Adds a function of the program."""
        definition = self._read(function, name or function.__name__)
        if definition.name in self:
            raise ValueError(f"there are two of the name {definition.name!r}")
        self[definition.name] = definition
        function.__reweft__ = definition  # type: ignore[attr-defined]

    def find(self, name: str) -> Definition:
        """Returns what the host asks for."""
        if name not in self:
            message = f"the module has no {self._kind} named {name!r}"
            raise Failure(message, type=f"{self._kind}-not-found", non_retriable=True)
        return self[name]

    def _read(self, function: Callable[..., Any], name: str) -> Definition:
        hints = typing.get_type_hints(function)
        types = [hints.get(parameter, Any) for parameter in inspect.signature(function).parameters]
        if len(types) > 2:
            raise TypeError(
                f"{function.__name__} takes {len(types)} parameters: it can take a context and one"
                " input, such as a dataclass"
            )
        takes_context = len(types) == 2 or self._context in types
        takes_input = len(types) > takes_context
        return Definition(
            name=name,
            function=function,
            takes_context=takes_context,
            takes_input=takes_input,
            input=types[-1] if takes_input else None,
            output=hints.get("return", Any),
        )


WORKFLOWS = Definitions("workflow", Context)
ACTIVITIES = Definitions("activity", ActivityContext)


@overload
def workflow(function: F) -> F: ...
@overload
def workflow(*, name: str) -> Callable[[F], F]: ...
def workflow(function: F | None = None, *, name: str | None = None) -> F | Callable[[F], F]:
    """Makes a coroutine function a workflow: `async def order(ctx: Context, what: Items) -> Bill`.

    It may do without the context, and without the input. Its name is the function's, unless it is
    given one: `@workflow(name="OrderWorkflow")`.
    """

    def mark(function: F) -> F:
        if not inspect.iscoroutinefunction(function):
            raise TypeError(f"{function.__name__} must be an `async def` to be a workflow")
        WORKFLOWS.add(function, name)
        return function

    return mark if function is None else mark(function)


@overload
def activity(function: F) -> F: ...
@overload
def activity(*, name: str) -> Callable[[F], F]: ...
def activity(function: F | None = None, *, name: str | None = None) -> F | Callable[[F], F]:
    """Makes a function an activity: `def charge(ctx: ActivityContext, bill: Bill) -> Receipt`.

    It may be a coroutine function. It may do without the context, and without the input. Its name
    is the function's, unless it is given one: `@activity(name="ChargeActivity")`.
    """

    def mark(function: F) -> F:
        ACTIVITIES.add(function, name)
        return function

    return mark if function is None else mark(function)
