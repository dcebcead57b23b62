"""What differs between two order documents, in terms of the order: which member of what was which, and is which.

Nested objects are compared member by member, lists by the keys of their items; an item that comes or goes is one
change. ``applied`` puts changes into a document and gives the other one exactly, the order of items included.
"""

from collections.abc import Iterable, Iterator
from typing import Any

from projections.history.document_shape import BOOKKEEPING, LISTS, LOCAL_CURRENCY, OBJECTS, ORDER, Kind, Plain
from projections.history.paths import item_labels
from projections.money_text import money_text
from projections.order_document import Document

ORDER_OF_ITEMS = "order"


class MoneyChange(Document, frozen=True, kw_only=True):
    """Marks amounts, and shows a single one as text; ``currency_code`` is that of the newer amount."""

    currency_code: str
    before: str | None = None
    after: str | None = None


class MemberChange(Document, frozen=True, kw_only=True):
    """One place of the document. A side is absent where the document has nothing there.

    ``order_line_items.order`` and the like hold the items' labels in their order, where it is another one.
    """

    path: str
    before: Any = None
    after: Any = None
    money: MoneyChange | None = None


def difference(before: Plain, after: Plain) -> tuple[MemberChange, ...]:
    """The changes that make the first document the second, in the order of its members. ``{}`` is no order."""
    return tuple(_changes(before, after))


def without_bookkeeping(changes: Iterable[MemberChange]) -> tuple[MemberChange, ...]:
    """The changes that say something: not those that every change of an order brings with it."""
    return tuple(change for change in changes if change.path not in BOOKKEEPING)


def touched_paths(changes: Iterable[MemberChange]) -> Iterator[str]:
    """Every path that changed; what came or went as a whole with its members too."""
    for change in changes:
        yield change.path
        if isinstance(change.before, dict) or isinstance(change.after, dict):
            for member in {**(change.before or {}), **(change.after or {})}:
                yield f"{change.path}.{member}"


def _changes(before: Plain, after: Plain) -> Iterator[MemberChange]:
    different = {name for name in {**before, **after} if before.get(name) != after.get(name)}
    for name in (each for each in ORDER.members if each in different):
        old, new = before.get(name), after.get(name)
        if name in LISTS:
            yield from _Sides(before, after, LISTS[name]).items(name, old or [], new or [])
        elif name in OBJECTS and old and new:
            yield from _Sides(before, after, OBJECTS[name]).members(name, old, new)
        else:
            yield _Sides(before, after, ORDER).member(name, name, before, after)


class _Sides:
    """Compares objects of one kind in two documents, which say the currencies of both sides."""

    def __init__(self, before: Plain, after: Plain, kind: Kind) -> None:
        self._currencies = before.get("currency_code"), after.get("currency_code")
        self._kind = kind

    def items(self, name: str, old: list[Plain], new: list[Plain]) -> Iterator[MemberChange]:
        """Changes between two lists."""
        ours = dict(zip(item_labels(name, old), old, strict=True))
        theirs = dict(zip(item_labels(name, new), new, strict=True))
        for label, item in ours.items():
            if label not in theirs:
                yield MemberChange(path=name + label, before=item, money=self._mark())
            elif item != theirs[label]:
                yield from self.members(name + label, item, theirs[label])
        for label, item in theirs.items():
            if label not in ours:
                yield MemberChange(path=name + label, after=item, money=self._mark())
        kept = [label for label in ours if label in theirs]
        if list(theirs) != kept + [label for label in theirs if label not in ours]:
            yield MemberChange(path=f"{name}.{ORDER_OF_ITEMS}", before=list(ours), after=list(theirs))

    def members(self, path: str, old: Plain, new: Plain) -> Iterator[MemberChange]:
        """Changes between two objects."""
        for member in self._kind.members:
            if old.get(member) != new.get(member):
                yield self.member(f"{path}.{member}", member, old, new)

    def member(self, path: str, member: str, old: Plain, new: Plain) -> MemberChange:
        """The change of one member."""
        before, after = old.get(member), new.get(member)
        return MemberChange(path=path, before=before, after=after, money=self._money(member, old, new))

    def _mark(self) -> MoneyChange | None:
        currency = self._currencies[1] or self._currencies[0]
        return MoneyChange(currency_code=currency) if currency and self._kind.money else None

    def _money(self, member: str, old: Plain, new: Plain) -> MoneyChange | None:
        if member in self._kind.money:
            ours, theirs = self._currencies
        elif member in self._kind.foreign_money:
            ours, theirs = old.get(LOCAL_CURRENCY), new.get(LOCAL_CURRENCY)
        else:
            return None
        currency = theirs or ours
        if not currency:
            return None
        return MoneyChange(
            currency_code=currency, before=_text(old.get(member), ours), after=_text(new.get(member), theirs)
        )


def _text(amount: int | None, currency: str | None) -> str | None:
    return None if amount is None or not currency else money_text(amount, currency)
