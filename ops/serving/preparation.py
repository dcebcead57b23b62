"""Prepares the database for the code that is on disk now, before a rolling restart starts children of it.

The embedded database is migrated; another's is only looked at, and where it lacks migrations, nothing is restarted.
"""

import sys

from ledger.errors import LedgerError
from ops.database import prepare
from ops.serving.child import run, tell_ready
from ops.serving.configuration import Configuration


async def prepare_database(configuration: Configuration) -> None:
    """Bring the schema up to date, or find that it is."""
    try:
        await prepare(configuration.address)
    except LedgerError as refused:
        sys.exit(f"order-ledger: {refused.message}")
    tell_ready(configuration)


if __name__ == "__main__":
    run(prepare_database, process="preparation")
