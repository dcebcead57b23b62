"""Databases as released versions left them: their schema, their rows, their keys and anchors, and what they answered.

Each folder of ``released`` was made by the service of that version: orders were created, imported, changed, cancelled,
reopened, sent again and deleted over its API, and its rows dumped as they stood. They are frozen, like the schema files
that they fit. The keys have signed nothing else.
"""

import shutil
from pathlib import Path
from typing import Any

import asyncpg
import msgspec

from ops import migrations
from ops.database import Address
from ops.migrations import Migration
from ops.target import Target

_FOLDER = Path(__file__).with_name("released")
RELEASED = tuple(sorted(int(path.name) for path in _FOLDER.iterdir()))
"""The number of the last migration of each."""


def known_to(number: int) -> tuple[Migration, ...]:
    """The migrations of a release."""
    return tuple(migration for migration in migrations.MIGRATIONS if migration.number <= number)


async def load_rows(address: Address, number: int) -> None:
    """Put the rows of a release into a database of its schema."""
    connection = await asyncpg.connect(**address.owner)
    async with connection.transaction():
        # As a restore has it: rows in any order.
        await connection.execute("SET LOCAL session_replication_role = replica")
        await connection.execute((_folder(number) / "rows.sql").read_text(encoding="utf-8"))
    await connection.close()


def data_folder(number: int, path: Path) -> Target:
    """A data folder with the keys and anchors of a release; those of releases that signed nothing are new."""
    for name in ("keys", "anchors"):
        if (_folder(number) / name).exists():
            shutil.copytree(_folder(number) / name, path / name)
    target = Target(path)
    target.keys.prepare(None, new_name=lambda: "ledger.example")
    return target


def answered_orders(number: int) -> list[dict[str, Any]]:
    """The orders as the service of the release answered them last."""
    entries = msgspec.json.decode((_folder(number) / "orders.json").read_bytes())
    return [entry["order"] for entry in entries]


def _folder(number: int) -> Path:
    return _FOLDER / f"{number:03}"
