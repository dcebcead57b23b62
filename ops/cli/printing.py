"""What commands print: tables for people, JSON for machines."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import msgspec
from rich.table import Table
from rich.text import Text

from ops.cli.options import out
from projections.visible_text import is_visible


def print_json(value: Any) -> None:
    """One JSON document on standard output, in which every character that steers a terminal is escaped."""
    text = msgspec.json.format(msgspec.json.encode(value)).decode()
    # Outside of strings JSON has no such characters but the ends of lines.
    print("".join(char if char == "\n" or is_visible(char) else _escape(char) for char in text))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
    """A table on standard output; cells are text, never markup."""
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column, overflow="fold")
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    out.print(table, markup=False)


def moment(time_ms: int | None) -> str:
    """Milliseconds since 1970 as UTC text, "" for none."""
    if time_ms is None:
        return ""
    return datetime.fromtimestamp(time_ms / 1000, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")


def _escape(char: str) -> str:
    return json.dumps(char)[1:-1]


def _cell(value: object) -> Text:
    return Text(str(value))
