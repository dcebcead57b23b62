"""What bracketed names mean: from pairs to the nested data that a schema loads.

The shape of an operation's parameters comes from its schema (``api.parameters``); names it does not know are
ignored, ``cf_*`` among them. Lists of objects index the member, not the object (``order_line_items[id][0]``).

Decided where Chargebee is silent (chargebee/conventions.md, section 4):
- A parameter given twice: the last one counts.
- The first value of a member without an index (``[id][]`` or a repeated ``[id]``) has index 0, the second 1 and so
  on. Where a member is given in both spellings, all values without an index are entries behind the indexed ones
  instead, so that no spelling overwrites another and members are not mixed up.
- A group that is given an empty value of its own (``shipping_address=``, as the SDK writes None) was not given.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import NoReturn, TypeAlias

from ledger.errors import ParamWrongValue
from ledger.limits import PARAMETER_INDEX_MAX, PARAMETER_NAME_SHOWN_MAX

Value: TypeAlias = "str | dict[str, str] | dict[int, str] | dict[int, dict[str, str]]"
Nested: TypeAlias = dict[str, Value]
"""By kind of name: a value; a group's values by member; a list's values by index; a list's entries by index."""


@dataclass(frozen=True, slots=True)
class Shape:
    """The names that an operation knows.

    Args:
        flat: plain names.
        groups: names with members: ``shipping_address[city]``.
        lists: names of lists of objects, with their members: ``order_line_items[id][0]``.
        values: names of lists of plain values: ``enabled_events[0]``.
    """

    flat: frozenset[str] = frozenset()
    groups: frozenset[str] = frozenset()
    lists: Mapping[str, frozenset[str]] = field(default_factory=dict)
    values: frozenset[str] = frozenset()


def nest(pairs: Iterable[tuple[str, str]], shape: Shape) -> Nested:
    """The values of known names, nested. Entries of lists are in the order of their indexes.

    Raises:
        ParamWrongValue: a known name in a spelling that it does not have, or a value with a NUL character.
    """
    data: Nested = {}
    lists: dict[str, _Entries] = {}
    for name, value in pairs:
        if name in shape.flat:
            data[name] = _clean(name, value)
        else:
            _nest_bracketed(name, value, shape, data, lists)
    for name, entries in lists.items():
        data[name] = entries.joined() if name in shape.lists else entries.column()
    return data


@dataclass(slots=True)
class _Entries:
    """Collects one list: values by member and index, and those without an index, in their order."""

    indexed: dict[int, dict[str, str]] = field(default_factory=dict)
    positional: dict[str, list[str]] = field(default_factory=dict)

    def joined(self) -> dict[int, dict[str, str]]:
        start = max(self.indexed) + 1 if self._has_both_spellings() else 0
        for member, values in self.positional.items():
            for index, value in enumerate(values, start):
                self.indexed.setdefault(index, {})[member] = value
        return {index: self.indexed[index] for index in sorted(self.indexed)}

    def _has_both_spellings(self) -> bool:
        return any(member in self.positional for members in self.indexed.values() for member in members)

    def column(self) -> dict[int, str]:
        return {index: members[""] for index, members in self.joined().items()}


def _nest_bracketed(name: str, value: str, shape: Shape, data: Nested, lists: dict[str, _Entries]) -> None:
    root = name.partition("[")[0]
    if root in shape.groups:
        _nest_member(name, value, data)
    elif root in shape.lists:
        _nest_entry(name, value, shape.lists[root], lists)
    elif root in shape.values:
        _nest_value(name, value, lists)


def _nest_member(name: str, value: str, data: Nested) -> None:
    root, *members = _split(name)
    if not members:
        _refuse_flat(name, value, "should be given by its members, such as {0}[...]")
        return
    if len(members) > 1:
        _refuse(name, "has too many brackets")
    group: dict[str, str] = data.setdefault(root, {})  # type: ignore[assignment]  # a name has one kind
    group[members[0]] = _clean(name, value)


def _nest_entry(name: str, value: str, known: frozenset[str], lists: dict[str, _Entries]) -> None:
    root, *members = _split(name)
    if not members:
        _refuse_flat(name, value, "should be given by its members, such as {0}[id][0]")
        return
    member = members[0]
    if not member or (member.isascii() and member.isdigit()):
        _refuse(name, f"should have its index behind the member, as in {root}[id][0]")
    if len(members) > 2:
        _refuse(name, "has too many brackets")
    if member in known:
        _put(lists.setdefault(root, _Entries()), name, member, members[1] if len(members) == 2 else "", value)


def _nest_value(name: str, value: str, lists: dict[str, _Entries]) -> None:
    root, *indexes = _split(name)
    if len(indexes) > 1:
        _refuse(name, "has too many brackets")
    _put(lists.setdefault(root, _Entries()), name, "", indexes[0] if indexes else "", value)


def _put(entries: _Entries, name: str, member: str, index: str, value: str) -> None:
    value = _clean(name, value)
    if not index:
        entries.positional.setdefault(member, []).append(value)
    else:
        entries.indexed.setdefault(_index(name, index), {})[member] = value


def _index(name: str, text: str) -> int:
    if not (text.isascii() and text.isdigit()):
        _refuse(name, "should have a number as its index")
    if len(text) > len(str(PARAMETER_INDEX_MAX)) or int(text) > PARAMETER_INDEX_MAX:
        _refuse(name, f"should not have an index above {PARAMETER_INDEX_MAX}")
    return int(text)


def _split(name: str) -> list[str]:
    """``a[b][c]`` as a, b, c; more than three brackets are cut off, they are too many anyway."""
    root, *brackets = name.split("[", 4)
    members = [bracket[:-1] for bracket in brackets]
    if not all(bracket.endswith("]") for bracket in brackets[:3]) or any("]" in member for member in members[:3]):
        _refuse(name, "has brackets that do not match")
    return [root, *members]


def _clean(name: str, value: str) -> str:
    if "\0" in value:
        _refuse(name, "should not hold a NUL character")
    return value


def _refuse_flat(name: str, value: str, reason: str) -> None:
    if value:
        _refuse(name, reason.format(name))


def _refuse(name: str, reason: str) -> NoReturn:
    raise ParamWrongValue(reason, param=name[:PARAMETER_NAME_SHOWN_MAX])
