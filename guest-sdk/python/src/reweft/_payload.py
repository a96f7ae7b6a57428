"""How values become JSON, and JSON becomes values of the types that a program names."""

import dataclasses
import enum
import json
import types
import typing
from typing import Any, TypeVar

from reweft._failure import Failure

T = TypeVar("T")

_CAMEL_CASE = "__reweft_camel_case__"


def camel_case(cls: type[T]) -> type[T]:
    """Marks a dataclass whose fields are written in camel case: `total_cost` as `totalCost`."""
    setattr(cls, _CAMEL_CASE, True)
    return cls


def _key(cls: type, name: str) -> str:
    if not getattr(cls, _CAMEL_CASE, False):
        return name
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def encode(value: Any) -> str:
    """Writes a value as JSON. A field that is None by default is left out while it is None."""
    return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False)


def _plain(value: Any) -> Any:
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.fields(value)
        named = ((field, getattr(value, field.name)) for field in fields)
        return {
            _key(type(value), field.name): _plain(content)
            for field, content in named
            if not (content is None and field.default is None)
        }
    if isinstance(value, enum.Enum):
        return _plain(value.value)
    if isinstance(value, dict):
        return {key: _plain(content) for key, content in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(content) for content in value]
    return value


def decode(text: str, wanted: Any, failure_type: str, what: str) -> Any:
    """Reads a value of the wanted type, or says what is wrong with the text."""
    try:
        value = json.loads(text) if text else None
        return _typed(value, wanted, "")
    except (ValueError, _Mismatch) as error:
        message = f"{what} can't be used: {error}"
        raise Failure(message, type=failure_type, non_retriable=True) from None


class _Mismatch(Exception):
    def __init__(self, where: str, wanted: str, value: Any) -> None:
        shown = json.dumps(value, ensure_ascii=False)
        super().__init__(f"{where or 'it'} must be {wanted}, not {shown[:80]}")


def _typed(value: Any, wanted: Any, where: str) -> Any:
    origin = typing.get_origin(wanted)
    if wanted in (Any, None, type(None)) or isinstance(wanted, TypeVar):
        return value
    if origin in (typing.Union, types.UnionType):
        return _one_of(value, typing.get_args(wanted), where)
    if dataclasses.is_dataclass(wanted):
        return _fields(value, wanted, where)
    if origin in (list, set, frozenset, tuple):
        return _elements(value, origin, typing.get_args(wanted), where)
    if origin is dict:
        if not isinstance(value, dict):
            raise _Mismatch(where, "an object", value)
        content = typing.get_args(wanted)[1]
        return {key: _typed(entry, content, f"{where}.{key}") for key, entry in value.items()}
    if isinstance(wanted, type):
        return _simple(value, wanted, where)
    return value


def _simple(value: Any, wanted: type, where: str) -> Any:
    if issubclass(wanted, enum.Enum):
        try:
            return wanted(value)
        except ValueError:
            choice = " or ".join(json.dumps(_plain(member)) for member in wanted)
            raise _Mismatch(where, choice, value) from None
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if wanted is float and is_number:
        return float(value)
    if wanted is int and isinstance(value, float) and value.is_integer():
        return int(value)
    words = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
    words |= {list: "a list", dict: "an object"}
    matches = isinstance(value, wanted) and (wanted is bool or not isinstance(value, bool))
    if wanted in words and not matches:
        raise _Mismatch(where, words[wanted], value)
    return value


def _one_of(value: Any, choices: tuple[Any, ...], where: str) -> Any:
    if value is None and type(None) in choices:
        return None
    failed: _Mismatch | None = None
    for choice in choices:
        if choice is type(None):
            continue
        try:
            return _typed(value, choice, where)
        except _Mismatch as mismatch:
            failed = failed or mismatch
    raise failed or _Mismatch(where, "null", value)


def _fields(value: Any, wanted: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _Mismatch(where, "an object", value)
    hints = typing.get_type_hints(wanted)
    given = {}
    for field in dataclasses.fields(wanted):
        key = _key(wanted, field.name)
        if key in value:
            given[field.name] = _typed(value[key], hints[field.name], f"{where}.{key}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise _Mismatch(f"{where}.{key}", "there", None)
    return wanted(**given)


def _elements(value: Any, origin: Any, arguments: tuple[Any, ...], where: str) -> Any:
    if not isinstance(value, list):
        raise _Mismatch(where, "a list", value)
    content = arguments[0] if arguments else Any
    if origin is tuple and arguments and arguments[-1] is not Ellipsis:
        if len(value) != len(arguments):
            raise _Mismatch(where, f"a list of {len(arguments)}", value)
        pairs = zip(value, arguments, strict=True)
        return tuple(_typed(entry, kind, f"{where}[{at}]") for at, (entry, kind) in enumerate(pairs))
    return origin(_typed(entry, content, f"{where}[{at}]") for at, entry in enumerate(value))
