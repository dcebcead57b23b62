"""What can be done to keys, checkpoints, anchors and tiles. Each function does it and says what must be named."""

import secrets

from ledger.merkle.checkpoint import Checkpoint, encode_hash, sign_checkpoint
from ledger.merkle.keys import SigningKey
from ledger.merkle.tiles import TILE_HASHES_MAX
from ledger.transparency.checkpoint_store import CheckpointStore, StoredCheckpoint
from ops.drill.forgery import rewritten
from ops.drill.sound_copy import OPERATOR
from ops.drill.tampering import Where
from ops.drill.victim import NotPossible, Victim
from ops.target import Target
from projections.changes.rebuild import ChangesRebuild

_HASH_BYTES = 32
_OTHER_ROOT = bytes(_HASH_BYTES)
_SET_NOTE = "UPDATE ledger.checkpoint SET note = $3 WHERE site = $1 AND size = $2"
_TILE = "SELECT hashes FROM ledger.tile WHERE site = $1 AND level = 0 AND index = $2"
_SET_TILE = "UPDATE ledger.tile SET hashes = $3 WHERE site = $1 AND level = 0 AND index = $2"


async def rewrite_and_sign(victim: Victim) -> Where:
    """All from an event on, tree, checkpoints and the memory beside the keys included: anchors alone know better."""
    thief = await _rewritten(victim, victim.place)
    victim.remember_instead(thief)
    return {"size": victim.first_anchor(victim.place), "source": victim.anchor_source}


async def rewrite_and_sign_elsewhere(victim: Victim) -> Where:
    """With a copy of the keys, what no anchor covers; the memory beside the real keys knows better."""
    await _rewritten(victim, victim.stages.unanchored[0])
    return {"size": victim.stages.size, "source": "checkpoint that is remembered beside the keys"}


async def rewrite_unanchored(victim: Victim) -> Where:
    """What no anchor covers, with the keys, the memory beside them and the index: nothing is left that knows better."""
    thief = await _rewritten(victim, victim.stages.unanchored[0])
    victim.remember_instead(thief)
    await ChangesRebuild(victim.owner, victim.site).run()
    return {}


async def rewrite_and_sign_with_another_key(victim: Victim) -> Where:
    """The log is all right in itself, and signed, but not by a key of the log."""
    first = victim.place
    await victim.put(rewritten(await victim.events(first), range(first, victim.stages.size + 1)))
    stranger = Target(victim.target.data_dir / "stranger")
    stranger.keys.prepare(OPERATOR, new_name=lambda: OPERATOR)
    await victim.sign_again(stranger)
    return {"source": f"checkpoint of size {await victim.first_checkpoint(first)}"}


async def edit_checkpoint(victim: Victim) -> Where:
    """Another root under the old signature."""
    stored = await _checkpoint(victim)
    await victim.change(_SET_NOTE, stored.size, _with_other_root(stored.note, stored.parsed().root))
    return {"source": f"checkpoint of size {stored.size}"}


async def sign_checkpoint_with_another_key(victim: Victim) -> Where:
    """Another root under another signature."""
    stored = await _checkpoint(victim)
    origin = stored.parsed().origin
    key = SigningKey(origin, secrets.token_bytes(_HASH_BYTES))
    note = sign_checkpoint(Checkpoint(origin, stored.size, _OTHER_ROOT), key).encode()
    await victim.change(_SET_NOTE, stored.size, note)
    return {"source": f"checkpoint of size {stored.size}"}


async def edit_anchor(victim: Victim) -> Where:
    """Another root in the file, under the old signature."""
    path = victim.target.anchors.path_of(victim.site)
    stored = await _checkpoint(victim)
    path.write_bytes(_with_other_root(path.read_bytes(), stored.parsed().root))
    return {"source": f"{victim.anchor_source} of size {stored.size}"}


async def edit_tile(victim: Victim) -> Where:
    """The hash of one event, so that proofs of it fail."""
    index, place = divmod(victim.place - 1, TILE_HASHES_MAX)
    hashes = (await victim.found(_TILE, "tiles", index))["hashes"]
    start = place * _HASH_BYTES
    await victim.change(_SET_TILE, index, hashes[:start] + _OTHER_ROOT + hashes[start + _HASH_BYTES :])
    return {"position": victim.place}


async def _rewritten(victim: Victim, first: int) -> Target:
    """All events from a position on are others, and signed with the stolen keys; where these are."""
    await victim.put(rewritten(await victim.events(first), range(first, victim.stages.size + 1)))
    thief = victim.stolen_keys()
    await victim.sign_again(thief)
    return thief


async def _checkpoint(victim: Victim) -> StoredCheckpoint:
    stored = await CheckpointStore(victim.owner, victim.site).of_size(victim.stages.middle)
    if stored is None:
        raise NotPossible("The site has no checkpoint of that size.")
    return stored


def _with_other_root(data: bytes, root: bytes) -> bytes:
    return data.replace(encode_hash(root).encode(), encode_hash(_OTHER_ROOT).encode())
