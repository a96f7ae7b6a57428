"""How values become JSON, and JSON becomes values."""

import unittest
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import Any, Literal, TypedDict

from reweft import Failure, camel_case
from reweft._payload import decode, encode


class Size(Enum):
    SMALL = "small"
    LARGE = "large"


@camel_case
@dataclass
class Part:
    part_number: int
    size_of_it: Size = Size.SMALL
    made_by: str | None = None


@dataclass
class Machine:
    parts: list[Part]
    by_name: dict[str, Part] = field(default_factory=dict)


class Price(TypedDict):
    amount: float


class PayloadTest(unittest.TestCase):
    def test_a_value_comes_back_as_it_was(self) -> None:
        machine = Machine([Part(1, Size.LARGE, "us"), Part(2)], {"x": Part(3)})
        text = encode(machine, "t", "it")
        self.assertEqual(
            text,
            '{"parts":[{"partNumber":1,"sizeOfIt":"large","madeBy":"us"},'
            '{"partNumber":2,"sizeOfIt":"small"}],'
            '"by_name":{"x":{"partNumber":3,"sizeOfIt":"small"}}}',
        )
        self.assertEqual(decode(text, Machine, "t", "it"), machine)

    def test_types_without_a_meaning_are_left_alone(self) -> None:
        for value in [None, True, 1.5, "ä", [1, {"a": None}]]:
            self.assertEqual(decode(encode(value, "t", "it"), Any, "t", "it"), value)
        self.assertIsNone(decode("", Any, "t", "it"))

    def test_numbers_may_be_written_either_way(self) -> None:
        self.assertEqual(decode("7500.0", int, "t", "it"), 7500)
        self.assertIsInstance(decode("7500", float, "t", "it"), float)

    def test_collections_become_what_they_were(self) -> None:
        for value, wanted in [
            ({1, 2}, set[int]),
            ((1, "a"), tuple[int, str]),
            ((1, 2, 3), tuple[int, ...]),
            ({"a": {"b": 1}}, dict[str, dict[str, int]]),
            ({Size.SMALL: [Part(1)]}, dict[Size, list[Part]]),
            ({"amount": 1.5}, Price),
            ("yes", Literal["yes", "no"]),
            ([1, "a", None], list[int | str | None]),
        ]:
            with self.subTest(value):
                self.assertEqual(decode(encode(value, "t", "it"), wanted, "t", "it"), value)

    def test_what_json_has_no_words_for_is_a_failure(self) -> None:
        for value in [float("nan"), float("inf"), object(), {(1, 2): 3}]:
            with self.subTest(value), self.assertRaises(Failure) as raised:
                encode(value, "invalid-output", "the output")
            self.assertEqual(raised.exception.type, "invalid-output")
            self.assertTrue(raised.exception.message.startswith("can't write the output as JSON: "))

    def test_what_does_not_fit_says_where(self) -> None:
        for text, wanted, where in [
            ("{", Any, "Expecting"),
            ("\0", Any, "Expecting"),
            ("[]", Part, "it must be an object"),
            ("{}", Part, ".partNumber must be there"),
            ('{"partNumber":"one"}', Part, ".partNumber must be a whole number"),
            ('{"partNumber":true}', Part, ".partNumber must be a whole number"),
            ('{"partNumber":1,"sizeOfIt":"huge"}', Part, '"small" or "large"'),
            ('{"parts":[{"partNumber":1},{"partNumber":1.5}]}', Machine, ".parts[1].partNumber"),
            ('{"parts":{}}', Machine, ".parts must be a list"),
            ("1", bool | str, "it must be true or false or a string"),
            ("1", Part | str, "it must be an object or a string"),
            ('{"partNumber":"one"}', str | Part | None, ".partNumber must be a whole number"),
            ("[1,2,3]", tuple[int, str], "a list of 2"),
            ('"maybe"', Literal["yes", "no"], 'it must be "yes" or "no"'),
            ("1", Literal[True], "it must be true"),
            ("1", Price, "it must be an object"),
            ('"2026-01-01"', datetime, "it must be a datetime"),
        ]:
            with self.subTest(text), self.assertRaises(Failure) as raised:
                decode(text, wanted, "invalid-input", "the input")
            self.assertEqual(raised.exception.type, "invalid-input")
            self.assertIn(where, raised.exception.message)
            self.assertTrue(raised.exception.non_retriable)


if __name__ == "__main__":
    unittest.main()
