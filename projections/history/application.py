"""Putting differences into a document: the other direction of ``projections.history.difference``."""

from collections.abc import Iterable, Mapping
from typing import Any

from projections.history.difference import ORDER_OF_ITEMS, MemberChange
from projections.history.document_shape import LISTS, OBJECTS, ORDER, Kind, Plain
from projections.history.paths import item_labels, split_path


def applied(document: Plain, changes: Iterable[MemberChange]) -> Plain:
    """The document after the changes, its members in the order in which documents have them.

    Raises:
        ValueError: a change does not fit the document: what it says was there is not there.
    """
    patient = _Patient(document)
    for change in changes:
        patient.take(change)
    return patient.document()


class _Patient:
    """A document that is being changed: its lists by label, everything copied."""

    def __init__(self, document: Plain) -> None:
        self._members = {name: dict(value) if name in OBJECTS else value for name, value in document.items()}
        self._lists = {
            name: dict(zip(item_labels(name, items := document.get(name, [])), map(dict, items), strict=True))
            for name in LISTS
        }
        self._orders: dict[str, list[str]] = {}

    def take(self, change: MemberChange) -> None:
        root, label, member = split_path(change.path)
        if root in LISTS and not label and member == ORDER_OF_ITEMS:
            self._orders[root] = change.after
        elif root in LISTS and label and not member:
            _put(self._lists[root], label, change)
        elif root in LISTS and label in self._lists[root]:
            _put(self._lists[root][label], member, change)
        elif root in OBJECTS and member and root in self._members:
            _put(self._members[root], member, change)
        elif root in ORDER.members and not label and not member:
            _put(self._members, root, change)
        else:
            raise ValueError(f"{change.path} is not in the document")

    def document(self) -> Plain:
        for name, items in self._lists.items():
            labels = self._orders.get(name, list(items))
            if sorted(labels) != sorted(items):
                raise ValueError(f"the order of {name} names other items than there are")
            self._members[name] = [_in_order(LISTS[name], items[label]) for label in labels]
            if not labels:
                del self._members[name]
        for name in OBJECTS.keys() & self._members.keys():
            self._members[name] = _in_order(OBJECTS[name], self._members[name])
        return _in_order(ORDER, self._members)


def _put(holder: dict[str, Any], name: str, change: MemberChange) -> None:
    if holder.get(name) != change.before:
        raise ValueError(f"{change.path} is not what the change says it was")
    if change.after is None:
        holder.pop(name, None)
    else:
        holder[name] = change.after


def _in_order(kind: Kind, members: Mapping[str, Any]) -> Plain:
    return {name: members[name] for name in kind.members if name in members}
