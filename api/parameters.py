"""What one parameter of an operation is, as data. The schemas are the one table; forms, documents and tests read it."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from api.nesting import Shape


class Bracket(StrEnum):
    """How a parameter is spelled on the wire (chargebee/contract.json, ``bracket``)."""

    FLAT = "flat"
    NESTED = "nested"
    INDEXED_LIST = "indexed_list"
    FILTER = "filter"


@dataclass(frozen=True, kw_only=True, slots=True)
class Parameter:
    """One parameter.

    Args:
        name: without an index: ``status``, ``shipping_address[city]``, ``order_line_items[id]``, ``status[in]``.
        type: string, enum, boolean, integer, money or timestamp.
        max_length: in characters.
        choices: the values of an enum, in lower case.
    """

    name: str
    type: str
    required: bool = False
    max_length: int | None = None
    minimum: int | None = None
    maximum: int | None = None
    choices: tuple[str, ...] = ()
    format: str | None = None
    bracket: Bracket = Bracket.FLAT

    @property
    def root(self) -> str:
        """The name before the brackets."""
        return self.name.partition("[")[0]

    @property
    def member(self) -> str:
        """The name in the brackets; empty for a flat parameter."""
        return self.name.partition("[")[2].removesuffix("]")


def shape_of(parameters: Iterable[Parameter]) -> Shape:
    """What the forms must know of these parameters."""
    flat: set[str] = set()
    groups: set[str] = set()
    values: set[str] = set()
    lists: dict[str, frozenset[str]] = {}
    for parameter in parameters:
        if parameter.bracket is Bracket.FLAT:
            flat.add(parameter.root)
        elif parameter.bracket is not Bracket.INDEXED_LIST:
            groups.add(parameter.root)
        elif parameter.member:
            lists[parameter.root] = lists.get(parameter.root, frozenset()) | {parameter.member}
        else:
            values.add(parameter.root)
    return Shape(frozenset(flat), frozenset(groups), lists, frozenset(values))
