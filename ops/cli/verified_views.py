"""What ``order-ledger verify`` says of the views, for people and for machines."""

from collections.abc import Iterator
from typing import Any

from ledger.merkle.faults import as_document
from ledger.transparency.log_audit import Audit, ViewChecked
from projections.visible_text import visible

_ROWS = {
    "orders": ("order", "orders"),
    "order_versions": ("past version of orders", "past versions of orders"),
    "order_version_documents": ("kept document of orders", "kept documents of orders"),
    "order_version_pages": ("note of the log's times", "notes of the log's times"),
    "changes": ("row of the index of the log", "rows of the index of the log"),
}
"""What a row of a view is, one and many."""


def view_lines(audit: Audit, log_size: int) -> Iterator[tuple[str, str]]:
    """A line for each view, the first under the name of all."""
    if audit.views is None:
        yield "views", "not compared" + ("" if audit.fault else "; --full compares them")
        return
    for number, view in enumerate(audit.views.views):
        yield ("" if number else "views"), _line(view, log_size, is_told=view.fault is audit.fault)


def view_document(view: ViewChecked) -> dict[str, Any]:
    """A view as JSON: how far it has come, rows that agree, orders that are parked, and the first fault."""
    document: dict[str, Any] = {
        "view": view.view,
        "sound": view.fault is None,
        "position": view.position,
        "rows": view.rows,
        "parked": view.parked,
    }
    return document | ({"fault": as_document(view.fault)} if view.fault else {})  # type: ignore[arg-type]


def span(first: int, last: int) -> str:
    """A range of events in words."""
    return f"events {first:,} to {last:,}" if first <= last else "no events"


def _line(view: ViewChecked, log_size: int, *, is_told: bool) -> str:
    parts = [_agreement(view)]
    if view.fault is not None:
        parts.append("then the fault above" if is_told else f"then: {visible(view.fault.sentence)}")
    if view.parked:
        parts.append(f"{view.parked:,} {'order is' if view.parked == 1 else 'orders are'} parked, since unreadable")
    if view.position < log_size:
        parts.append(f"{span(view.position + 1, log_size)} are still to come")
    return "; ".join(parts)


def _agreement(view: ViewChecked) -> str:
    one, many = _ROWS[view.view]
    said = f"{view.rows:,} {f'{one} agrees' if view.rows == 1 else f'{many} agree'} with what"
    return f"{said} {'their events' if view.view == 'orders' else span(1, view.position)} come to"
