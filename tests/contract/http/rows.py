"""What is sent for each parameter of each write, and what must come of it: the table behind ``test_parameters``."""

import itertools
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from ledger.limits import INTEGER_MAX
from tests.contract.cases import Case
from tests.contract.contract import OPERATIONS

# A value that is given to one order alone.
_UNIQUE = {("create", "id"), ("import_order", "id"), ("import_order", "document_number")}
_numbers = itertools.count(1)


def is_now(second: int) -> bool:
    """Whether a time is that of the request."""
    return time.time() - 60 < second <= time.time()


# What an order shows when an optional parameter is given without a value: a default, or what was there before.
_WITHOUT_VALUE = {
    ("create", "id"): re.compile("__test__[A-Za-z0-9]{16,17}").fullmatch,
    ("import_order", "id"): str.isdecimal,
    ("create", "status"): "new",
    ("update", "status"): "queued",
    ("update", "order_line_items[status]"): "queued",
    ("update", "cancelled_at"): is_now,
    ("cancel", "cancelled_at"): is_now,
    ("resend", "shipping_date"): is_now,
    ("import_order", "cancelled_at"): 1517000000,
    ("import_order", "refundable_credits_issued"): 0,
    ("cancel", "credit_note[total]"): 0,
    ("resend", "order_line_items[fulfillment_quantity]"): 10,
    ("reopen", "void_cancellation_credit_notes"): False,
}

_WRONG: dict[str, tuple[str, ...]] = {
    "enum": ("unheard_of", "queued ", " others", "\u017fhipped", "0", "[queued]", "QUEUED\n"),
    "boolean": ("1", "0", "yes", "on", "truee", " true", "\uff54rue"),
    "money": ("-1", "+1", "1.0", "1,0", "1e3", "0x1", " 1", "1 ", "\u0661", "\uff11", "one", str(INTEGER_MAX + 1)),
    "integer": ("-1", "+1", "1.0", "one", " 1", "\u0661", str(INTEGER_MAX + 1)),
    "timestamp": ("-1", "1.5", "now", "2018-01-26", "1517000000000", "12345678901", "\u0661", " 1", "1517000000 "),
}


@dataclass(frozen=True)
class Row:
    """One way to give a parameter. No values: it is not given.

    ``shown`` is what the order says afterwards, or a function that knows it.
    """

    case: Case
    kind: str
    values: tuple[str, ...]
    shown: Any = None

    def __str__(self) -> str:
        return f"{self.case.operation} {self.case.wire} {self.kind} {[value[:60] for value in self.values]}"

    def is_shown_as(self, value: Any) -> bool:
        """Whether this is what the order has to say."""
        if callable(self.shown):
            return bool(self.shown(value))
        return type(value) is type(self.shown) and bool(value == self.shown)

    @property
    def pairs(self) -> list[tuple[str, str]]:
        """As they stand in the request."""
        return [(self.case.wire, value) for value in self.values]


def every_case(operation: str) -> list[Case]:
    """The parameters of an operation."""
    return [Case(operation, parameter) for parameter in OPERATIONS[operation].get("params", [])]


def accepted(case: Case) -> Iterator[Row]:
    """Every kind of value that the parameter takes."""
    if case.name == "order_line_items[id]":
        return  # takes no value but the id of a line, which every row of its neighbours gives
    yield from _accepted_values(case)
    if not case.is_required:
        yield Row(case, "is empty", ("",), _without_value(case))
        yield Row(case, "is not given", (), _without_value(case))


def refused(case: Case) -> Iterator[Row]:
    """Every kind of value that the parameter does not take."""
    for text in _wrong(case):
        yield Row(case, "is wrong", (text,))
        yield Row(case, "is wrong the second time", (case.valid(), text))
    if "max_length" in case.contract:
        yield Row(case, "is too long", ("x" * (case.contract["max_length"] + 1),))
        yield Row(case, "is too long in unicode", ("\u4e2d" * (case.contract["max_length"] + 1),))
    yield Row(case, "holds a NUL", (f"{case.valid()[:-1]}\0",))


def blank(case: Case) -> Iterator[Row]:
    """Every way not to give a required parameter."""
    if case.is_required:
        yield Row(case, "is missing", ())
        for text in ("", " ", "\t\u00a0"):
            yield Row(case, "is blank", (text,))
        yield Row(case, "is blank the second time", (case.valid(), ""))


def known_invoices() -> list[str]:
    """The invoice ids that the accepted rows name."""
    return sorted({row.shown for case in every_case("create") if case.name == "invoice_id" for row in accepted(case)})


def _accepted_values(case: Case) -> Iterator[Row]:
    match case.contract:
        case {"type": "enum", "enum": values}:
            for value in values:
                yield Row(case, "is a choice", (value,), value)
            yield Row(case, "is in upper case", (values[0].upper(),), values[0])
            yield Row(case, "is in mixed case", (values[-1].title(),), values[-1])
            yield Row(case, "is repeated", ("unheard_of", values[0]), values[0])
        case {"type": "boolean"}:
            for text in ("true", "True", "TRUE", "false", "False", "FALSE"):
                yield Row(case, "is a boolean", (text,), text.lower() == "true")
            yield Row(case, "is repeated", ("maybe", "true"), True)
        case {"type": "money" | "integer"}:
            for text in ("1", "7", "007"):
                yield Row(case, "is a number", (text,), int(text))
            yield Row(case, "is repeated", ("x", "8"), 8)
        case {"type": "timestamp"}:
            for text in ("0", "1517000000", "9999999999"):
                yield Row(case, "is a time", (text,), int(text))
            yield Row(case, "is repeated", ("x", "1517000001"), 1517000001)
        case {"format": "email"}:
            for text in ("ann@example.com", "Ann+tag@EXAMPLE.com", f"{'a' * 58}@example.com"):
                yield Row(case, "is an address", (text,), text)
            yield Row(case, "is in unicode", ("\u00fc@b\u00fccher.example",), "\u00fc@b\u00fccher.example")
            yield Row(case, "is repeated", ("nobody", "b@example.com"), "b@example.com")
        case _ if case.name.endswith("[country]"):
            for text in ("US", "XI", "de", "gB"):
                yield Row(case, "is a country", (text,), text.upper())
            yield Row(case, "is repeated", ("Germany", "FR"), "FR")
        case {"max_length": int(length)}:
            for kind, text in _texts(length):
                given = _unique(case, text)
                yield Row(case, kind, (given,), given)
            given = _unique(case, "the second one")
            yield Row(case, "is repeated", ("x" * (length + 1), given), given)


def _texts(length: int) -> Iterator[tuple[str, str]]:
    yield "is as long as it may be", "x" * length
    yield "is in unicode", ("x: \u00fc\U0001f600\u4e2d\u202e\u0000".replace("\0", "'\"\\<&>") * length)[:length]
    yield "is in mixed case", "MiXeD and mixed"
    yield "has blanks at its ends", "      blanks "


def _unique(case: Case, text: str) -> str:
    if (case.operation, case.name) not in _UNIQUE:
        return text
    number = f"{next(_numbers):06}"
    return number + text[len(number) :]


def _without_value(case: Case) -> Any:
    if case.name.endswith("[validation_status]"):
        return "not_validated"
    return _WITHOUT_VALUE.get((case.operation, case.name))


def _wrong(case: Case) -> tuple[str, ...]:
    match case.contract:
        case {"format": "email"}:
            return ("ann", "@", "ann@", "@example.com", "ann @example.com", "a\n@b")
        case {"type": "string"}:
            return ("USA", "Germany", "XX", "u", "840", "\u0131n") if case.name.endswith("[country]") else ()
        case {"type": str(wire_type)}:
            return _WRONG[wire_type]
    raise AssertionError(case)
