"""What a module exports: the host's calls, led to the functions of the program."""

import importlib
import inspect
import linecache
import sys
from typing import Any

from reweft import _host
from reweft._activity import ActivityContext
from reweft._activity_loop import ActivityLoop
from reweft._context import Context
from reweft._definition import ACTIVITIES, WORKFLOWS, Definition
from reweft._failure import failure_of
from reweft._payload import decode, encode
from reweft._workflow_loop import WorkflowLoop

#: What the standard library imports when it first needs it, as a guest can't: to parse dates, to
#: look up hosts, to decode text, to show tracebacks.
_IMPORTED_LATE = [
    "_strptime",
    "ast",
    "encodings.ascii",
    "encodings.idna",
    "encodings.latin_1",
    "unicodedata",
]


def prepare() -> None:
    """Makes ready, during the build, what every guest then begins with."""
    if not WORKFLOWS and not ACTIVITIES:
        raise RuntimeError("no function of the program is marked with @workflow or @activity")
    for name in _IMPORTED_LATE:
        importlib.import_module(name)
    # What a workflow prints is its log, line by line, and not when a buffer is full.
    for stream in (sys.stdout, sys.stderr):
        stream.reconfigure(line_buffering=True)  # type: ignore[union-attr]
    # Tracebacks show lines of the program, which has no files any more when it runs.
    for module in list(sys.modules.values()):
        path = getattr(module, "__file__", None)
        if path is not None and not path.startswith(sys.prefix):
            lines = linecache.getlines(path)
            linecache.cache[path] = (0, None, lines, path)


def _call(definition: Definition, context: Any, input: str) -> Any:
    arguments = [context] if definition.takes_context else []
    if definition.takes_input:
        what = f"the input of {definition.name!r}"
        arguments.append(decode(input, definition.input, "invalid-input", what))
    return definition.function(*arguments)


def _output(definition: Definition, output: Any) -> str:
    return encode(output, "invalid-output", f"the output of {definition.name!r}")


def _failed(error: BaseException) -> Exception:
    failed: Exception = _host.Err(_host.to_contract(failure_of(error)))
    return failed


class Workflows:
    """The interface `workflows`."""

    def names(self) -> list[str]:
        return list(WORKFLOWS)

    def run(self, name: str, input: str) -> str:
        try:
            definition = WORKFLOWS.find(name)
            loop = WorkflowLoop()  # type: ignore[abstract]
            return _output(definition, loop.run(_call(definition, Context(loop), input)))
        except BaseException as error:
            raise _failed(error) from None
        finally:
            sys.stdout.flush()


class Activities:
    """The interface `activities`."""

    def names(self) -> list[str]:
        return list(ACTIVITIES)

    def execute(self, name: str, input: str) -> str:
        try:
            definition = ACTIVITIES.find(name)
            output = _call(definition, ActivityContext(), input)
            if inspect.iscoroutine(output):
                output = ActivityLoop().run(output)  # type: ignore[abstract]
            return _output(definition, output)
        except BaseException as error:
            raise _failed(error) from None
        finally:
            sys.stdout.flush()
