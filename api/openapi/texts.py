"""The words of the description, from ``texts.toml``. What has no words yet gets none, and a test says so."""

import tomllib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from api.parameters import Bracket, Parameter


def _joined(value: Any) -> Any:
    """Lines of a paragraph become one; paragraphs stay apart."""
    if isinstance(value, dict):
        return {name: _joined(inner) for name, inner in value.items()}
    if isinstance(value, str):
        return "\n\n".join(" ".join(paragraph.split()) for paragraph in value.strip().split("\n\n"))
    return value


TEXTS: dict[str, Any] = _joined(tomllib.loads(files("api.openapi").joinpath("texts.toml").read_text(encoding="utf-8")))
INFO: dict[str, str] = TEXTS["info"]
OPERATIONS: dict[str, dict[str, Any]] = TEXTS["operations"]

# Parameters in brackets that are no filters.
_SECTIONS = {"sort_by": "sorting", "as_of": "moments", "from": "moments", "to": "moments"}


def words(section: str, name: str) -> dict[str, str]:
    """``{"description": ...}``, empty where there are no words."""
    found = TEXTS[section].get(name)
    return {"description": found} if found else {}


def member_words(component: str, member: str) -> dict[str, str]:
    """What a member of an answer means."""
    found = TEXTS["members"].get(component, {}).get(member)
    return {"description": found} if found else {}


def parameter_words(operation: str, parameter: Parameter) -> dict[str, str]:
    """What a parameter means: in this operation, or everywhere; members of addresses are those of answers."""
    if parameter.bracket is Bracket.FILTER:
        return words(_SECTIONS.get(parameter.root, "filters"), parameter.member)
    if parameter.root.endswith("_address") and parameter.member:
        return member_words("Address", parameter.member)
    return named_words(operation, parameter.name)


def named_words(operation: str, name: str) -> dict[str, str]:
    """What a parameter or a group of them means in an operation."""
    special: Mapping[str, str] = TEXTS["parameters_of"].get(operation, {})
    return {"description": special[name]} if name in special else words("parameters", name)
