"""Examples of requests, from the texts: a form's names as they are sent, and the same as JSON."""

from typing import Any

from api.openapi.texts import OPERATIONS
from api.openapi.values import Json


def path_example(operation: str) -> Json:
    """The example of the id in the path."""
    found = OPERATIONS.get(operation, {}).get("path_example")
    return {"example": found} if found else {}


def query_example(operation: str, name: str) -> Json:
    """The example of a parameter in the query."""
    found = OPERATIONS.get(operation, {}).get("example", {})
    return {"example": found[name]} if name in found else {}


def nested_example(form: dict[str, Any]) -> Json:
    """``{"credit_note[total]": 100}`` as ``{"credit_note": {"total": 100}}``."""
    nested: Json = {}
    for name, value in form.items():
        root, _, member = name.partition("[")
        if member:
            nested.setdefault(root, {})[member.removesuffix("]")] = value
        else:
            nested[root] = value
    return nested
