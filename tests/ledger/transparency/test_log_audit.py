"""Verification finds whatever is done to a log, names it, and finds nothing where nothing was done."""

import shutil
from pathlib import Path

import asyncpg
import pytest

from ledger.consumer import catch_up
from ledger.envelope import leaf_hash
from ledger.limits import LOG_PAGE_EVENTS
from ledger.transparency.anchor_file import read_anchors
from ledger.transparency.checkpoint_store import StoredCheckpoint
from ledger.transparency.checkpointer import NAME
from ledger.transparency.signing_keys import KeyFolder
from tests.ledger.transparency.given import Signer, grow, sealed

EVENTS = 40


@pytest.fixture
async def sound(signer: Signer) -> Signer:
    """A log that was signed and anchored at three sizes, the last of them the whole."""
    for count in (EVENTS // 2, EVENTS // 4, EVENTS // 4):
        await signer.grow(count)
    return signer


async def test_a_sound_log_is_sound_and_all_of_it_was_looked_at(sound: Signer) -> None:
    audit = await sound.audit()
    assert audit.fault is None
    assert (audit.events, audit.log.size, audit.begun_after) == (EVENTS, EVENTS, 0)
    assert (audit.log.checkpoints, audit.log.anchors, audit.tiles) == (3, 3, 1)
    assert audit.log.anchored == EVENTS
    assert list(audit.log.unanchored) == []


async def test_an_empty_log_is_sound(signer: Signer) -> None:
    audit = await signer.audit()
    assert (audit.fault, audit.events) == (None, 0)


async def test_events_that_no_anchor_covers_are_told(sound: Signer) -> None:
    await grow(sound.pool, sound.site, 3)
    await sound.sign()
    await grow(sound.pool, sound.site, 2)
    audit = await sound.audit()
    assert audit.fault is None
    assert (audit.log.checkpointed, audit.log.anchored) == (EVENTS + 3, EVENTS)
    assert audit.log.unanchored == range(EVENTS + 1, EVENTS + 6)


async def test_a_log_of_many_pages_and_tiles_is_sound(signer: Signer) -> None:
    count = 2 * LOG_PAGE_EVENTS + 77
    await grow(signer.pool, signer.site, count, orders=50)
    await signer.sign()
    await signer.anchor()
    audit = await signer.audit()
    assert audit.fault is None
    assert audit.tiles == count // 256 + 2  # full ones, and the last of two levels


async def test_only_what_came_since_is_read_when_it_begins_behind_an_anchor(sound: Signer) -> None:
    first = await sound.audit()
    await sound.grow(5)
    audit = await sound.audit(start=first.last_anchor)
    assert audit.fault is None
    assert (audit.begun_after, audit.events, audit.log.size) == (EVENTS, 5, EVENTS + 5)


async def test_it_begins_at_the_beginning_where_the_tiles_do_not_lead_to_the_anchor(
    sound: Signer, owner: asyncpg.Connection
) -> None:
    first = await sound.audit()
    await owner.execute("DELETE FROM ledger.tile WHERE site = $1", sound.site)
    audit = await sound.audit(start=first.last_anchor)
    assert audit.begun_after == 0
    assert audit.fault is not None
    assert "tile/0/000.p/40 is not that of the events, from event 1 on" in audit.fault.sentence


# What an owner of the database can do


async def _rehash(owner: asyncpg.Connection, signer: Signer, position: int, body: bytes) -> None:
    await owner.execute(
        "UPDATE ledger.event SET body = $3, leaf = $4 WHERE site = $1 AND position = $2",
        signer.site,
        position,
        body,
        leaf_hash(body),
    )


async def _body(owner: asyncpg.Connection, signer: Signer, position: int) -> bytes:
    body: bytes = await owner.fetchval(
        "SELECT body FROM ledger.event WHERE site = $1 AND position = $2", signer.site, position
    )
    return body


async def test_an_edited_body_is_found(sound: Signer, owner: asyncpg.Connection) -> None:
    body = (await _body(owner, sound, 7)).replace(b"as it was", b"as it never was")
    await owner.execute("UPDATE ledger.event SET body = $2 WHERE site = $1 AND position = 7", sound.site, body)
    assert (await sound.fault()).startswith("Event 7: its leaf is ")


async def test_an_edited_body_with_its_leaf_is_found(sound: Signer, owner: asyncpg.Connection) -> None:
    await _rehash(owner, sound, 7, (await _body(owner, sound, 7)).replace(b"as it was", b"as it never was"))
    assert (await sound.fault()).startswith("Event 10: it names ")


async def test_an_edited_last_body_of_its_stream_with_its_leaf_is_found(
    sound: Signer, owner: asyncpg.Connection
) -> None:
    await _rehash(owner, sound, EVENTS, (await _body(owner, sound, EVENTS)).replace(b"as it was", b"as it never was"))
    assert (await sound.fault()).startswith(f"Events 1 to {EVENTS} are not those that the ")


@pytest.mark.parametrize(
    ("column", "value"),
    [("type", "'order.cancelled'"), ("recorded_at", "recorded_at + 1"), ("event_id", "'ev_other'")],
)
async def test_an_edited_column_is_found(sound: Signer, owner: asyncpg.Connection, column: str, value: str) -> None:
    await owner.execute(f"UPDATE ledger.event SET {column} = {value} WHERE site = $1 AND position = 7", sound.site)
    assert (await sound.fault()).startswith(f"Event 7: its {column} is ")


async def test_a_deleted_event_is_found(sound: Signer, owner: asyncpg.Connection) -> None:
    await owner.execute("DELETE FROM ledger.event WHERE site = $1 AND position = 7", sound.site)
    assert await sound.fault() == "Event 7 is missing: event 8 stands in its place."


async def test_a_deleted_event_whose_gap_was_closed_is_found(sound: Signer, owner: asyncpg.Connection) -> None:
    await owner.execute("DELETE FROM ledger.event WHERE site = $1 AND position = 7", sound.site)
    await _move(owner, sound, "position - 1", "position > 7")
    await owner.execute("UPDATE ledger.head SET position = position - 1 WHERE site = $1", sound.site)
    assert (await sound.fault()).startswith("Event 9: version 4 of order-0ü stands where version 3 should be.")


async def test_an_inserted_event_is_found(sound: Signer, owner: asyncpg.Connection) -> None:
    await _move(owner, sound, "position + 1", "position >= 7")
    event = sealed(sound.site, "order-new", 1, 1, None, "never happened")
    await owner.execute(
        "INSERT INTO ledger.event (site, position, stream, version, type, recorded_at, event_id, leaf, body) "
        "VALUES ($1, 7, $2, 1, $3, 1, $4, $5, $6)",
        sound.site,
        event.stream,
        event.type,
        event.event_id,
        event.leaf,
        event.body,
    )
    await owner.execute("UPDATE ledger.head SET position = position + 1 WHERE site = $1", sound.site)
    assert (await sound.fault()).startswith("Events 1 to 20 are not those that the ")


async def test_reordered_events_are_found(sound: Signer, owner: asyncpg.Connection) -> None:
    """Two events of different orders change places: each is sound by itself."""
    for old, new in ((7, 1_000_000), (8, 7), (1_000_000, 8)):
        await owner.execute(
            "UPDATE ledger.event SET position = $3 WHERE site = $1 AND position = $2", sound.site, old, new
        )
    assert (await sound.fault()).startswith("Events 1 to 20 are not those that the ")


async def test_a_truncated_tail_is_found(sound: Signer, owner: asyncpg.Connection) -> None:
    await _truncate(owner, sound, 30)
    assert "covers 40 events, but the log ends at 30" in await sound.fault()


async def test_an_old_backup_is_found_by_the_anchors(sound: Signer, owner: asyncpg.Connection) -> None:
    """All that the database says of the time since is gone, as if it had never been."""
    await _restore(owner, sound, 30)
    fault = await sound.fault()
    assert fault.startswith(f"The anchor in {sound.anchors.path_of(sound.site)} covers 40 events, but the log ends at")


async def test_an_old_backup_is_found_by_the_memory_beside_the_keys(sound: Signer, owner: asyncpg.Connection) -> None:
    await _restore(owner, sound, 30)
    sound.anchors.path_of(sound.site).unlink()
    assert (await sound.fault()).startswith("The checkpoint that is remembered beside the keys covers 40 events")


async def test_another_history_that_grew_long_again_is_found_by_the_memory_beside_the_keys(
    sound: Signer, owner: asyncpg.Connection
) -> None:
    await _restore(owner, sound, 30)
    sound.anchors.path_of(sound.site).unlink()
    await grow(sound.pool, sound.site, 20, note="another history")
    assert (await sound.fault()).startswith(
        "Events 1 to 40 are not those that the checkpoint that is remembered beside the keys was made of"
    )


async def test_a_memory_that_was_damaged_is_a_fault(sound: Signer) -> None:
    (sound.keys.path / f"{sound.site}.signed").write_text("nothing")
    assert (await sound.fault()).startswith("The checkpoint that is remembered beside the keys cannot be read")


async def test_a_checkpoint_that_rests_on_a_retired_key_is_a_fault(sound: Signer, tmp_path: Path) -> None:
    """Whoever has stolen it signs a checkpoint of what came later."""
    thief = KeyFolder(Path(shutil.copytree(sound.keys.path, tmp_path / "stolen")))
    [old] = sound.keys.keys(sound.site).keys
    sound.keys.rotate(sound.site, 0)
    sound.keys.retire(sound.site, old.verifier.id.hex(), 0)
    await sound.grow(1)
    await grow(sound.pool, sound.site, 1)
    root = (await sound.audit()).log.root
    note = thief.sign(sound.site, EVENTS + 2, root)
    await sound.store.put(StoredCheckpoint(size=EVENTS + 2, note=note, signed_at=1))
    assert await sound.fault() == f"The checkpoint of size {EVENTS + 2} is signed by none of the known keys."


async def test_a_head_that_was_moved_is_found(sound: Signer, owner: asyncpg.Connection) -> None:
    await owner.execute("UPDATE ledger.head SET position = 41 WHERE site = $1", sound.site)
    assert "head of the site covers 41 events, but the log ends at 40" in await sound.fault()
    await owner.execute("UPDATE ledger.head SET position = 39 WHERE site = $1", sound.site)
    assert "head of the site of size 39 comes after size 40" in await sound.fault()


async def test_an_edited_tile_is_found(sound: Signer, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "UPDATE ledger.tile SET hashes = overlay(hashes PLACING sha256('other') FROM 6 * 32 + 1) WHERE site = $1",
        sound.site,
    )
    assert await sound.fault() == "The stored tile/0/000.p/40 is not that of the events, from event 7 on."


async def test_an_edited_checkpoint_is_found(sound: Signer, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "UPDATE ledger.checkpoint SET note = replace(convert_from(note, 'UTF8'), E'\\n30\\n', E'\\n31\\n')::bytea "
        "WHERE site = $1 AND size = 30",
        sound.site,
    )
    assert "bears a signature of" in await sound.fault()


async def test_a_log_that_was_rewritten_and_signed_again_with_the_stolen_key_is_caught_by_an_anchor(
    sound: Signer, owner: asyncpg.Connection, tmp_path: Path
) -> None:
    """The thief has the database and the keys, rewrites all from the beginning, and signs it anew."""
    elsewhere = tmp_path / "kept-elsewhere.jsonl"
    shutil.copy(sound.anchors.path_of(sound.site), elsewhere)
    sound.anchors.path_of(sound.site).unlink()
    (sound.keys.path / f"{sound.site}.signed").unlink()
    await _restore(owner, sound, 0)
    for count in (EVENTS // 2, EVENTS // 4, EVENTS // 4):
        await sound.grow(count, note="as the thief has it")

    assert await sound.fault() == "", "what the thief has is sound by itself"
    audit = await sound.audit(more=(read_anchors(elsewhere),))
    assert audit.fault is not None
    assert audit.fault.sentence.startswith(f"Events 1 to 20 are not those that the anchor in {elsewhere} was made of")


async def test_an_anchor_file_whose_lines_go_back_is_a_fault(sound: Signer) -> None:
    path = sound.anchors.path_of(sound.site)
    lines = path.read_bytes().splitlines(keepends=True)
    path.write_bytes(lines[2] + lines[0])
    assert "of size 20 comes after size 40: the log went back" in await sound.fault()
    await grow(sound.pool, sound.site, LOG_PAGE_EVENTS)
    assert "of size 20 comes after size 40: the log went back" in await sound.fault()


async def test_an_anchor_that_was_edited_is_a_fault(sound: Signer) -> None:
    path = sound.anchors.path_of(sound.site)
    path.write_bytes(path.read_bytes().replace(b"\\n30\\n", b"\\n31\\n"))
    assert "bears a signature of" in await sound.fault()


async def test_lines_that_a_kill_left_half_are_counted_and_no_fault(sound: Signer) -> None:
    path = sound.anchors.path_of(sound.site)
    whole = path.read_bytes()
    path.write_bytes(whole + whole.splitlines()[0][:50])
    await sound.grow(1)
    audit = await sound.audit()
    assert (audit.fault, audit.torn_lines, audit.log.anchored) == (None, 1, EVENTS + 1)


async def test_the_checkpointer_may_be_behind_the_log(sound: Signer) -> None:
    await grow(sound.pool, sound.site, 300)
    audit = await sound.audit()
    assert (audit.fault, audit.tiles) == (None, 1)
    await catch_up(sound.pool, sound.checkpointer(), sound.site)
    assert (await sound.audit()).tiles == 3


async def _move(owner: asyncpg.Connection, signer: Signer, to: str, where: str) -> None:
    async with owner.transaction():
        away = f"UPDATE ledger.event SET position = ({to}) + 1000000 WHERE site = $1 AND {where}"
        await owner.execute(away, signer.site)
        await owner.execute(
            "UPDATE ledger.event SET position = position - 1000000 WHERE site = $1 AND position > 1000000", signer.site
        )


async def _truncate(owner: asyncpg.Connection, signer: Signer, size: int) -> None:
    await owner.execute("DELETE FROM ledger.event WHERE site = $1 AND position > $2", signer.site, size)
    await owner.execute("UPDATE ledger.head SET position = $2 WHERE site = $1", signer.site, size)


async def _restore(owner: asyncpg.Connection, signer: Signer, size: int) -> None:
    """The database as it was at a size."""
    await _truncate(owner, signer, size)
    await owner.execute("DELETE FROM ledger.anchor WHERE site = $1 AND size > $2", signer.site, size)
    await owner.execute("DELETE FROM ledger.checkpoint WHERE site = $1 AND size > $2", signer.site, size)
    await owner.execute(
        "UPDATE ledger.consumer SET position = $3 WHERE site = $1 AND name = $2", signer.site, NAME, size
    )
    await owner.execute(
        "UPDATE ledger.tile SET hashes = substring(hashes FOR $2) WHERE site = $1 AND level = 0", signer.site, size * 32
    ) if size else await owner.execute("DELETE FROM ledger.tile WHERE site = $1", signer.site)
