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


def encode(value: Any, failure_type: str, what: str) -> str:
    """Writes a value as JSON, or says why that can't be.

    A field of a dataclass that is None by default is left out while it is None.
    """
    try:
        return json.dumps(_plain(value), separators=(",", ":"), ensure_ascii=False, allow_nan=False)
    except (TypeError, ValueError) as error:
        message = f"can't write {what} as JSON: {error}"
        raise Failure(message, type=failure_type, non_retriable=True) from None


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
        return {_plain(key): _plain(content) for key, content in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_plain(content) for content in value]
    return value


def decode(text: str, wanted: Any, failure_type: str, what: str) -> Any:
    """Reads a value of the wanted type, or says what is wrong with the text."""
    try:
        return _typed(json.loads(text) if text else None, wanted, "")
    except (ValueError, _Mismatch) as error:
        hint = "" if text else " (none was given)"
        message = f"can't read {what}{hint}: {error}"
        raise Failure(message, type=failure_type, non_retriable=True) from None


class _Mismatch(Exception):
    def __init__(self, where: str, wanted: str, value: Any) -> None:
        self.where = where
        self.wanted = wanted
        shown = json.dumps(value, ensure_ascii=False)
        super().__init__(f"{where or 'it'} must be {wanted}, not {shown[:80]}")


def _typed(value: Any, wanted: Any, where: str) -> Any:
    origin = typing.get_origin(wanted) or wanted
    arguments = typing.get_args(wanted)
    if origin in (Any, None, types.NoneType, object) or isinstance(origin, TypeVar):
        return value
    if origin in (typing.Union, types.UnionType):
        return _one_of(value, arguments, where)
    if origin is typing.Literal:
        return _member(value, arguments, where)
    if dataclasses.is_dataclass(origin):
        return _fields(value, origin, where)
    if origin in (list, set, frozenset, tuple):
        return _elements(value, origin, arguments, where)
    if origin is dict or typing.is_typeddict(origin):
        return _entries(value, arguments, where)
    if isinstance(origin, type):
        return _simple(value, origin, where)
    return value


def _simple(value: Any, wanted: type, where: str) -> Any:
    if issubclass(wanted, enum.Enum):
        return wanted(_member(value, [_plain(member) for member in wanted], where))
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    if wanted is float and is_number:
        return float(value)
    if wanted is int and isinstance(value, float) and value.is_integer():
        return int(value)
    if not isinstance(value, wanted) or (isinstance(value, bool) and wanted is not bool):
        words = {bool: "true or false", int: "a whole number", float: "a number", str: "a string"}
        raise _Mismatch(where, words.get(wanted, f"a {wanted.__name__}"), value)
    return value


def _member(value: Any, choices: typing.Sequence[Any], where: str) -> Any:
    # True is 1 to Python, but not to JSON.
    if not any(value == choice and type(value) is type(choice) for choice in choices):
        raise _Mismatch(where, " or ".join(json.dumps(choice) for choice in choices), value)
    return value


def _one_of(value: Any, choices: tuple[Any, ...], where: str) -> Any:
    if value is None and types.NoneType in choices:
        return None
    failed = []
    for choice in choices:
        if choice is not types.NoneType:
            try:
                return _typed(value, choice, where)
            except _Mismatch as mismatch:
                failed.append(mismatch)
    nearest = max(failed, key=lambda mismatch: len(mismatch.where))
    if nearest.where != where:
        raise nearest
    raise _Mismatch(where, " or ".join(mismatch.wanted for mismatch in failed), value)


def _fields(value: Any, wanted: Any, where: str) -> Any:
    if not isinstance(value, dict):
        raise _Mismatch(where, "an object", value)
    hints = typing.get_type_hints(wanted)
    given = {}
    for field in dataclasses.fields(wanted):
        key = _key(wanted, field.name)
        if not field.init:
            continue
        if key in value:
            given[field.name] = _typed(value[key], hints[field.name], f"{where}.{key}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise _Mismatch(f"{where}.{key}", "there", None)
    return wanted(**given)


def _entries(value: Any, arguments: tuple[Any, ...], where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise _Mismatch(where, "an object", value)
    key_type, content = arguments or (str, Any)
    return {
        _typed(key, key_type, where): _typed(entry, content, f"{where}.{key}")
        for key, entry in value.items()
    }


def _elements(value: Any, kind: Any, arguments: tuple[Any, ...], where: str) -> Any:
    if not isinstance(value, list):
        raise _Mismatch(where, "a list", value)
    if kind is tuple and arguments and arguments[-1] is not Ellipsis:
        if len(value) != len(arguments):
            raise _Mismatch(where, f"a list of {len(arguments)}", value)
        contents: typing.Iterable[Any] = arguments
    else:
        contents = [arguments[0] if arguments else Any] * len(value)
    pairs = enumerate(zip(value, contents, strict=True))
    return kind(_typed(entry, content, f"{where}[{at}]") for at, (entry, content) in pairs)
