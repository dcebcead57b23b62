"""``order-ledger proof``: proof files for people who do not trust the operator, and the way to check them."""

from datetime import UTC, datetime
from importlib.resources import files
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from ledger.errors import InvalidRequest
from ledger.ids import Site, order_stream
from ledger.merkle.body import read_body
from ledger.merkle.checkpoint import MalformedCheckpoint
from ledger.merkle.faults import Fault
from ledger.merkle.keys import MalformedKey, VerifierKey, parse_verifier_key
from ledger.merkle.note import MalformedNote
from ledger.merkle.proof_file import EventProof, MalformedProof, StreamProof, decode_proof
from ledger.merkle.verify_proof import check_proof
from ledger.transparency.checkpoint_store import unverified
from ledger.transparency.proofs import Proofs
from ops.cli.options import DATA_DIR, DatabaseUrl, DataDir, KeysDir, run_with_pool
from ops.cli.site_choice import MaybeSite, chosen_site
from ops.target import Target
from projections.visible_text import visible

FAULT = 2

Out = Annotated[Path, typer.Option("--out", "-o", help="Where to write the proof file.")]

app = typer.Typer(help="Make proof files and check them.", no_args_is_help=True)


@app.command()
def event(
    event_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the event, or its position in the log.")],
    file: Out,
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    keys_dir: KeysDir = None,
) -> None:
    """Prove one event: its exact body, and that it stands in the log that was signed."""
    wanted = {"position": int(event_id)} if event_id.isascii() and event_id.isdigit() else {"event_id": event_id}
    target = Target(data_dir, database_url, keys_dir)

    async def work(pool: asyncpg.Pool) -> bytes:
        return await Proofs(pool, target.keys).event(await chosen_site(pool, site), **wanted)

    _write(file, run_with_pool(target, work))


@app.command()
def order(
    order_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the order.")],
    file: Out,
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    keys_dir: KeysDir = None,
) -> None:
    """Prove an order's history: all its events up to the last checkpoint, none left out in between."""
    target = Target(data_dir, database_url, keys_dir)

    async def work(pool: asyncpg.Pool) -> bytes:
        return await Proofs(pool, target.keys).stream(await chosen_site(pool, site), order_stream(order_id))

    _write(file, run_with_pool(target, work))


@app.command()
def check(
    file: Annotated[Path, typer.Argument(help="The proof file.", exists=True, dir_okay=False)],
    keys: Annotated[list[str], typer.Option("--key", help="Verifier key of the log, got elsewhere; repeatable.")],
) -> None:
    """Check a proof file without a database.

    Exit status 0: what it proves is printed. 2: it proves nothing, and why. 1: it cannot be read.

    `order-ledger proof auditor` prints a program that checks the same without this one.
    """
    try:
        known = [parse_verifier_key(key) for key in keys]
    except MalformedKey as error:
        raise InvalidRequest(f"The key cannot be used: {error}.") from error
    try:
        proof = decode_proof(file.read_bytes())
        fault = _fault(proof, known)
    except (MalformedProof, MalformedNote, MalformedCheckpoint) as error:
        _print_fault(f"It is not a proof file: {error}.")
        raise typer.Exit(FAULT) from error
    if fault:
        _print_fault(fault.sentence)
        raise typer.Exit(FAULT)
    for each in proof.events if isinstance(proof, StreamProof) else (proof.event,):
        said = read_body(each.body)
        at = datetime.fromtimestamp(said.recorded_at / 1000, UTC).isoformat(timespec="milliseconds")
        print(visible(f"event {each.position}: {said.stream}, version {said.version}, {said.type}, recorded {at}"))
    checkpoint = unverified(proof.checkpoint)
    print(f"proven to stand in the log {checkpoint.origin} of {checkpoint.size} events")


@app.command()
def auditor() -> None:
    """Print the program that checks proof files and exports with nothing of this project: one file to read and run."""
    print(files("ledger.merkle").joinpath("auditor.py").read_text(encoding="utf-8"), end="")


def _fault(proof: EventProof | StreamProof, keys: list[VerifierKey]) -> Fault | None:
    """The log is the one that the keys are named for."""
    origin = keys[0].name
    return check_proof(proof, site=Site(origin.rpartition("/")[2]), origin=origin, keys=keys)


def _write(file: Path, proof: bytes) -> None:
    file.write_bytes(proof)
    print(f"wrote {file} ({len(proof):,} bytes)")


def _print_fault(sentence: str) -> None:
    print(f"FAULT: {visible(sentence)}")
