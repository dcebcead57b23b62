"""``order-ledger checkpoint resume`` and ``new-log``: have logs signed again after an older state was restored."""

import asyncio
from typing import Annotated

import typer

from ops.backup.signing_again import begin_new_log
from ops.backup.signing_again import resume as resume_signing
from ops.cli.options import DATA_DIR, DatabaseUrl, DataDir, KeysDir, progress, run_with_pool
from ops.database import prepare, reachable
from ops.target import Target

Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]


def resume(
    yes: Yes = False, data_dir: DataDir = DATA_DIR, database_url: DatabaseUrl = None, keys_dir: KeysDir = None
) -> None:
    """Let keys that came out of a backup sign again: nothing was signed after the backup.

    Look first at what others keep (`order-ledger verify --full --site S --anchors FILE`): if a checkpoint was signed
    after the backup, the log would contradict it from here on.
    """
    target = Target(data_dir, database_url, keys_dir)
    if not yes:
        typer.confirm("Was nothing signed after the backup was taken?", abort=True)
    run_with_pool(target, lambda pool: resume_signing(pool, target), read_only=True)
    print(f"The keys in {target.keys.path} sign again.")


def new_log(
    origin: Annotated[str, typer.Option("--origin", help="Host or name for the new logs; another than before.")],
    yes: Yes = False,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    keys_dir: KeysDir = None,
) -> None:
    """End the logs of this database and let others begin, under another name, with the same events.

    For when events that were signed are lost: nobody can be made to believe that the old logs go on. Keys and anchors
    of the ended logs are put aside, their checkpoints forgotten; the service makes new keys and signs all events with
    them. Tell those who keep checkpoints of the old logs why they ended, and the new keys (`checkpoint keys list`).
    """
    target = Target(data_dir, database_url, keys_dir)
    if not yes:
        typer.confirm("Are the later events lost for good? The logs that were signed end here.", abort=True)
    with reachable(target, report=progress) as address:

        async def begin() -> None:
            await prepare(address)
            ended = await begin_new_log(address, target, origin)
            print(f"The logs go by the name {origin} from here on. What belongs to those that ended is in {ended}.")

        asyncio.run(begin())
