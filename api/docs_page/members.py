"""Lists of names with their types, bounds and meanings: parameters of requests and members of resources."""

from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import Any

from api.docs_page.markup import Element, Inside, element, inline

Json = dict[str, Any]
_MANY = 4
# All event types of Chargebee would fill several screens, wherever one is asked for.
_CHOICES_MAX = 50
_CHOICES_OF_MANY = 10


def member_list(members: Iterable[tuple[str, Json, bool]]) -> Element:
    """Names, each with its schema and whether it is required; long groups (``address[...]``) can be unfolded."""
    made = element("dl", class_="members")
    for root, group in groupby(members, key=lambda member: member[0].partition("[")[0]):
        rows = list(group)
        if len(rows) < _MANY:
            made.extend(row for each in rows for row in _rows(*each))
        else:
            made.extend(_folded(root, rows))
    return made


def _folded(root: str, rows: list[tuple[str, Json, bool]]) -> Iterator[Element]:
    inner = element("dl", class_="members")
    inner.extend(row for each in rows for row in _rows(*each))
    summary = element("summary", f"{len(rows)} members")
    yield element("dt", element("code", f"{root}[…]"))
    yield element("dd", element("details", summary, inner))


def _rows(name: str, schema: Json, required: bool) -> Iterator[Element]:
    mark = element("strong", "required", class_="required") if required else None
    yield element("dt", element("code", name), " ", element("span", *type_of(schema), class_="type"), " ", mark)
    yield element("dd", *inline(schema.get("description", "")), *_choices(schema))


def type_of(schema: Json) -> list[Inside]:
    """What kind of value it is, in words."""
    if "$ref" in schema:
        name = schema["$ref"].rpartition("/")[2]
        return [element("a", name, href=f"#{name}")]
    kind = schema.get("type")
    if kind == "array":
        return ["list of ", *type_of(schema["items"])]
    return [_scalar(schema, kind)]


def _scalar(schema: Json, kind: Any) -> str:
    if "enum" in schema or "const" in schema:
        return "enum"
    if kind == "string":
        formatted = "mail address" if schema.get("format") == "email" else "string"
        return f"{formatted}, max {schema['maxLength']}" if "maxLength" in schema else formatted
    if schema.get("format") == "unix-time":
        return "time"
    if kind == "integer":
        return f"whole number{_range(schema)}"
    return {"boolean": "true or false", "number": "number", "object": "object"}.get(str(kind), "any")


def _range(schema: Json) -> str:
    low, high = schema.get("minimum"), schema.get("maximum")
    if high is not None and high < 2**53 - 1:
        return f", {low} to {high}"
    return f", from {low}" if low else ""


def _choices(schema: Json) -> Iterator[Element]:
    described = schema.get("items", schema)
    values = described.get("enum") or ([described["const"]] if "const" in described else [])
    if values:
        yield choices(values)


def choices(values: Sequence[Any]) -> Element:
    """The values of an enum; of very many the first ones."""
    shown = values if len(values) <= _CHOICES_MAX else values[:_CHOICES_OF_MANY]
    items = [element("li", element("code", str(value))) for value in shown]
    if len(shown) < len(values):
        items.append(element("li", f"and {len(values) - len(shown)} more, which the OpenAPI document lists"))
    return element("ul", *items, class_="choices")
