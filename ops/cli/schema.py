"""``order-ledger migrate``."""

import asyncio

from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, progress
from ops.cli.printing import print_json
from ops.database import bring_up_to_date, reachable
from ops.migrations import Migration
from ops.target import Target


def migrate(data_dir: DataDir = DATA_DIR, database_url: DatabaseUrl = None, as_json: AsJson = False) -> None:
    """Bring the database to the schema of this version. Forward only; safe to repeat."""
    applied: list[Migration] = []
    with reachable(Target(data_dir, database_url), report=progress) as address:
        asyncio.run(bring_up_to_date(address, applied.append))
    if as_json:
        print_json({"applied": [migration.name for migration in applied]})
        return
    for migration in applied:
        print(f"applied {migration.name}")
    if not applied:
        print("The schema is up to date.")
