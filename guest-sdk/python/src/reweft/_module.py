"""What a module exports: the host's calls, led to the functions of the program."""

import inspect
import sys
from typing import Any

from reweft import _host
from reweft._activity import ActivityContext
from reweft._context import Context
from reweft._definition import ACTIVITIES, WORKFLOWS, Definition
from reweft._failure import Failure, failure_of
from reweft._loop import WorkflowLoop
from reweft._payload import decode, encode

# What a workflow prints is its log, line by line, and not when a buffer is full.
for _stream in (sys.stdout, sys.stderr):
    _stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]


def _find(table: dict[str, Definition], name: str, kind: str) -> Definition:
    definition = table.get(name)
    if definition is None:
        message = f"the module has no {kind} named {name!r}"
        raise Failure(message, type=f"{kind}-not-found", non_retriable=True)
    return definition


def _call(definition: Definition, context: Any, input: str) -> Any:
    arguments = [context] if definition.takes_context else []
    if definition.input is not None:
        what = f"the input of {definition.name!r}"
        arguments.append(decode(input, definition.input, "invalid-input", what))
    return definition.function(*arguments)


class Workflows:
    """The interface `workflows`."""

    def names(self) -> list[str]:
        return list(WORKFLOWS)

    def run(self, name: str, input: str) -> str:
        try:
            loop = WorkflowLoop()
            definition = _find(WORKFLOWS, name, "workflow")
            return encode(loop.run(_call(definition, Context(loop), input)))
        except BaseException as error:
            raise _host.Err(_host.to_contract(failure_of(error))) from None


class Activities:
    """The interface `activities`."""

    def names(self) -> list[str]:
        return list(ACTIVITIES)

    def execute(self, name: str, input: str) -> str:
        try:
            definition = _find(ACTIVITIES, name, "activity")
            output = _call(definition, ActivityContext(), input)
            if inspect.iscoroutine(output):
                output = _finish(output)
            return encode(output)
        except BaseException as error:
            raise _host.Err(_host.to_contract(failure_of(error))) from None


def _finish(coroutine: Any) -> Any:
    """Runs a coroutine that awaits nothing but other coroutines."""
    try:
        coroutine.send(None)
    except StopIteration as finished:
        return finished.value
    coroutine.close()
    raise Failure("an activity has no event loop: call what blocks", type="deadlock")
