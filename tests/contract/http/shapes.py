"""What an order may look like, told from the raw text of an answer by the contract's words alone."""

import json
import re
from collections.abc import Iterator
from typing import Any

from tests.contract.contract import CONTRACT

ORDER: dict[str, dict[str, Any]] = CONTRACT["order"]["fields"]
SUB_RESOURCES: dict[str, dict[str, dict[str, Any]]] = CONTRACT["order"]["sub_resources"]

# Beside those that the contract marks (chargebee/orders.md, section 2).
DECIDED_ALWAYS = {"status", "order_type", "updated_at", "resource_version", "invoice_id", "status_update_at"}

_integer = re.compile(r"-?(0|[1-9][0-9]*)").fullmatch
_decimal = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?").fullmatch


class Number(str):
    """A number as it is written."""

    __slots__ = ()


class Members(list[tuple[str, Any]]):
    """An object as it is written: names and values in their order."""


def parsed(raw: bytes) -> Any:
    """The text with objects as ``Members`` and numbers as ``Number``."""
    return json.loads(raw, object_pairs_hook=Members, parse_int=Number, parse_float=Number)


def faults_of(order: Members) -> list[str]:
    """What is wrong with the shape of an order."""
    return [*_text_faults("order", order), *_resource_faults("order", order, ORDER, DECIDED_ALWAYS)]


def text_faults(raw: bytes) -> list[str]:
    """What any client would stumble over, in any answer."""
    return [*_text_faults("", parsed(raw))]


def _text_faults(path: str, value: Any) -> Iterator[str]:
    """Nulls, repeated names, and scalars behind what is nested: clients that search the text find the wrong ones."""
    if value is None:
        yield f"{path} is null"
    if isinstance(value, Members):
        names = [name for name, _ in value]
        if len(names) != len(set(names)):
            yield f"{path} repeats a name: {names}"
        nested = [isinstance(member, list) for _, member in value]
        if nested != sorted(nested) and path:
            yield f"{path} has scalars behind nested members: {names}"
        for name, member in value:
            yield from _text_faults(f"{path}.{name}", member)
    elif isinstance(value, list):
        if not value and path.startswith("order"):
            yield f"{path} is an empty list"
        for number, entry in enumerate(value):
            yield from _text_faults(f"{path}[{number}]", entry)


def _resource_faults(
    name: str, members: Members, known: dict[str, dict[str, Any]], also_always: set[str]
) -> Iterator[str]:
    given = dict(members)
    always = {field for field, described in known.items() if described["always_present"]} | also_always | {"object"}
    if missing := always - given.keys():
        yield f"{name} lacks {sorted(missing)}"
    if given.get("object") != name:
        yield f"{name} calls itself {given.get('object')}"
    for member, value in members:
        if member == "object":
            continue
        described = known.get(member)
        if described is None:
            yield f"{name}.{member} is not in the contract"
        elif not _fits(described, value):
            yield f"{name}.{member} is no {described['type']}: {value!r}"
        elif "of" in described:
            for entry in [value] if described["type"] == "object" else value:
                yield from _resource_faults(described["of"], entry, SUB_RESOURCES[described["of"]], set())


def _fits(described: dict[str, Any], value: Any) -> bool:
    fits: bool
    match described["type"], value:
        case (("integer" | "money" | "timestamp"), Number()):
            fits = bool(_integer(value)) and _is_within(described, value)
        case "number", Number():
            fits = bool(_decimal(value)) and _is_within(described, value)
        case "string", str():
            fits = not isinstance(value, Number) and 0 < len(value) <= described["max_length"]
        case "enum", str():
            fits = value in described["enum"]
        case "list", list():
            fits = not isinstance(value, Members)
        case ("boolean", bool()) | ("object", Members()):
            fits = True
        case _:
            fits = False
    return fits


def _is_within(described: dict[str, Any], value: Number) -> bool:
    smallest = described.get("min", -(2**53) if described.get("signed") else 0)
    largest = 9_999_999_999 if described["type"] == "timestamp" else 2**53 - 1
    return bool(smallest <= float(value) <= described.get("max", largest))
