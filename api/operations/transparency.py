"""What is proven of a site's log: checkpoints, the keys that sign them, tiles, and proofs.

Checkpoints and tiles stand where C2SP's tlog-tiles looks for them below ``/api/v2/ledger``. They are hashes and tell
nothing of an order, so every caller of the site may have them. A proof file holds bodies: one of an order is for who
may see the order, and one of any event is refused to callers that are restricted to a business entity.
"""

import msgspec
from aiohttp import web

from api.call import Call
from api.rendering import single
from api.responses import json_response, raw_response
from api.routing import Route
from api.schemas.transparency import CHECKPOINT, CONSISTENCY, EVENT_PROOF, INCLUSION
from ledger.errors import AuthorizationFailed, ResourceNotFound
from ledger.ids import order_stream
from ledger.merkle.checkpoint import encode_hash
from ledger.merkle.tiles import MalformedTile, decode_tile, parse_tile_path
from ledger.merkle.tree import HASH_BYTES
from ledger.transparency.checkpoint_store import StoredCheckpoint
from ledger.transparency.proofs import NotCoveredYet
from ledger.transparency.signing_keys import SigningKeysUnusable

TEXT = "text/plain;charset=utf-8"
OCTETS = "application/octet-stream"

_FOR_EVER = {"Cache-Control": "private, max-age=31536000, immutable"}
_encode = msgspec.json.Encoder().encode


async def checkpoint(call: Call, _: str) -> web.Response:
    """GET /ledger/checkpoint: the signed note, byte for byte."""
    found = await call.services.proofs.checkpoint(call.site, CHECKPOINT.read(call.query()))
    return raw_response(found.note, TEXT)


async def keys(call: Call, _: str) -> web.Response:
    """GET /ledger/keys: all verifier keys that the log ever had, the first one first."""
    try:
        found = call.services.proofs.keys(call.site)
    except SigningKeysUnusable:
        raise NotCoveredYet from None
    listed = [
        {"verifier_key": str(key.verifier), "from_size": key.from_size}
        | ({} if key.until_size is None else {"until_size": key.until_size})
        for key in found.keys
    ]
    return json_response(200, _encode({"origin": found.origin, "keys": listed}))


async def tile(call: Call, path: str) -> web.Response:
    """GET /ledger/tile/{id}: the hashes of a tile, by its path in tlog-tiles. What is full never changes."""
    try:
        wanted = parse_tile_path(f"tile/{path}")
        hashes = await call.services.proofs.tile(call.site, wanted.level, wanted.index)
        decode_tile(wanted, hashes or b"")
    except MalformedTile:
        raise ResourceNotFound from None
    assert hashes is not None
    return raw_response(hashes[: wanted.width * HASH_BYTES], OCTETS, headers=_FOR_EVER)


async def inclusion(call: Call, _: str) -> web.Response:
    """GET /ledger/proofs/inclusion"""
    wanted = INCLUSION.read(call.query())
    found = await call.services.proofs.inclusion(call.site, wanted.position, wanted.size)
    proof = {
        "position": found.position,
        "leaf_index": found.position - 1,
        "leaf": encode_hash(found.leaf),
        "hashes": [encode_hash(each) for each in found.proof],
        "checkpoint": _told(found.checkpoint),
    }
    return json_response(200, single("inclusion", _encode(proof)))


async def consistency(call: Call, _: str) -> web.Response:
    """GET /ledger/proofs/consistency"""
    wanted = CONSISTENCY.read(call.query())
    found = await call.services.proofs.consistency(call.site, wanted.older, wanted.newer)
    proof = {
        "hashes": [encode_hash(each) for each in found.proof],
        "from": _told(found.older),
        "to": _told(found.newer),
    }
    return json_response(200, single("consistency", _encode(proof)))


async def event_proof(call: Call, _: str) -> web.Response:
    """GET /ledger/proofs/event: the proof file of any event of the site."""
    wanted = EVENT_PROOF.read(call.query())
    if call.origin.business_entity_id:
        raise AuthorizationFailed("Sorry, a proof of any event is not for callers of one business entity")
    found = await call.services.proofs.event(call.site, position=wanted.position, event_id=wanted.event_id)
    return raw_response(found, TEXT)


async def order_proof(call: Call, order_id: str) -> web.Response:
    """GET /orders/{id}/proof: the proof file of an order's history, also of a deleted order."""
    await call.services.history.require(call.site, order_id, call.origin.business_entity_id)
    return raw_response(await call.services.proofs.stream(call.site, order_stream(order_id)), TEXT)


ROUTES: tuple[Route, ...] = (
    Route("order_proof", "GET", "/orders/{id}/proof", order_proof),
    Route("checkpoint", "GET", "/ledger/checkpoint", checkpoint, CHECKPOINT),
    Route("log_keys", "GET", "/ledger/keys", keys),
    Route("tile", "GET", "/ledger/tile/{id}", tile),
    Route("inclusion_proof", "GET", "/ledger/proofs/inclusion", inclusion, INCLUSION),
    Route("consistency_proof", "GET", "/ledger/proofs/consistency", consistency, CONSISTENCY),
    Route("event_proof", "GET", "/ledger/proofs/event", event_proof, EVENT_PROOF),
)


def _told(stored: StoredCheckpoint) -> dict[str, object]:
    return {"size": stored.size, "note": stored.note.decode()}
