"""Tamperings that verification did not see, or did not name, until a drill looked for them."""

import asyncpg
import pytest

from ledger.transparency.checkpointer import NAME
from tests.ledger.transparency.given import Signer


@pytest.fixture
async def sound(signer: Signer) -> Signer:
    for count in (20, 10, 10):
        await signer.grow(count)
    return signer


async def test_an_edited_tile_is_found_also_where_the_bookkeeping_was_deleted(
    sound: Signer, owner: asyncpg.Connection
) -> None:
    """How far tiles reach is asked of the database alone; the memory beside the keys and the anchors know it too."""
    zeros = "overlay(hashes PLACING decode(repeat('00', 32), 'hex') FROM 1)"
    await owner.execute(f"UPDATE ledger.tile SET hashes = {zeros} WHERE site = $1", sound.site)
    await owner.execute("DELETE FROM ledger.consumer WHERE site = $1 AND name = $2", sound.site, NAME)
    await owner.execute("DELETE FROM ledger.checkpoint WHERE site = $1", sound.site)
    assert "tile/0/000" in await sound.fault()


async def test_a_checkpoint_that_is_filed_under_another_size_is_found(sound: Signer, owner: asyncpg.Connection) -> None:
    """GET checkpoint?size=15 would answer with a note of size 20."""
    await owner.execute("UPDATE ledger.checkpoint SET size = 15 WHERE site = $1 AND size = 20", sound.site)
    assert await sound.fault() != ""


async def test_the_fault_of_an_edited_checkpoint_says_which_it_is(sound: Signer, owner: asyncpg.Connection) -> None:
    await owner.execute(
        "UPDATE ledger.checkpoint SET note = replace(convert_from(note, 'UTF8'), E'\\n30\\n', E'\\n31\\n')::bytea "
        "WHERE site = $1 AND size = 30",
        sound.site,
    )
    assert "30" in await sound.fault()
