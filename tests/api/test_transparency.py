"""Checkpoints, tiles and proofs over HTTP: what is handed out verifies, and only who may see bodies gets them."""

import subprocess
import sys
from io import StringIO
from pathlib import Path
from typing import Any

import msgspec
import pytest

from api.services import Services
from ledger.ids import Site, system_clock_ms
from ledger.merkle import auditor
from ledger.merkle.checkpoint import decode_hash, open_checkpoint
from ledger.merkle.keys import parse_verifier_key
from ledger.merkle.proof import verify_consistency, verify_inclusion
from ledger.merkle.proof_file import StreamProof, decode_proof
from ledger.merkle.tiles import Tile, partial_tiles
from ledger.merkle.tree import root_of_leaves
from ledger.merkle.verify_proof import check_proof
from ledger.sites import KeyKind
from ops.invoice_loading import load_file
from tests.api.requests import ORDERS, Client, basic, create, import_order, refused
from tests.ledger.transparency.given import OPERATOR, Signer, grow

LEDGER = "/api/v2/ledger"


async def text(client: Client, path: str, **query: Any) -> bytes:
    """A file that is answered."""
    response = await client.get(path, params=query)
    body = await response.read()
    assert response.status == 200, body
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    return body


async def document(client: Client, path: str, **query: Any) -> Any:
    """A JSON document that is answered."""
    response = await client.get(path, params=query)
    body = await response.json()
    assert response.status == 200, body
    return body


@pytest.fixture
async def order_id(client: Client, signer: Signer) -> str:
    """An order with a few events, all of them signed."""
    order = await import_order(client, "inv_0002")
    for status in ("shipped", "delivered"):
        assert (await client.post(f"{ORDERS}/{order['id']}", data={"status": status})).status == 200
    await create(client)
    await signer.sign()
    return str(order["id"])


async def test_the_checkpoint_is_the_note_that_was_signed(client: Client, signer: Signer, order_id: str) -> None:
    keys = await document(client, f"{LEDGER}/keys")
    assert keys["origin"] == f"{OPERATOR}/{signer.site}"
    verifiers = [parse_verifier_key(key["verifier_key"]) for key in keys["keys"]]
    response = await client.get(f"{LEDGER}/checkpoint")
    assert response.headers["Content-Type"].startswith("text/plain")
    opened = open_checkpoint(await response.read(), origin=keys["origin"], keys=verifiers)
    assert opened.checkpoint.size == await signer.sign()
    older = opened.checkpoint.size
    await create(client)
    await signer.sign()
    assert await text(client, f"{LEDGER}/checkpoint", size=older) == opened.note.encode()
    assert await text(client, f"{LEDGER}/checkpoint") != opened.note.encode()


async def test_an_older_key_stays_published_with_the_sizes_that_it_is_right_for(
    client: Client, signer: Signer, order_id: str
) -> None:
    [old] = (await document(client, f"{LEDGER}/keys"))["keys"]
    size = await signer.sign()
    signer.keys.rotate(signer.site, 0)
    signer.keys.retire(signer.site, old["verifier_key"].split("+")[1], 0)
    found = (await document(client, f"{LEDGER}/keys"))["keys"]
    assert found[0] == {**old, "until_size": size}
    assert found[1]["from_size"] == size
    assert "until_size" not in found[1]


async def test_tiles_are_those_of_the_tree(client: Client, signer: Signer, order_id: str) -> None:
    await grow(signer.pool, signer.site, 300)
    size = await signer.sign()
    note = open_checkpoint(
        await text(client, f"{LEDGER}/checkpoint"),
        origin=f"{OPERATOR}/{signer.site}",
        keys=signer.keys.keys(signer.site).verifiers,
    )
    full = Tile(0, 0)
    [partial, _] = partial_tiles(size)
    hashes = b"".join([await text(client, f"{LEDGER}/{tile.path}") for tile in (full, partial)])
    leaves = [hashes[place : place + 32] for place in range(0, len(hashes), 32)]
    assert (len(leaves), root_of_leaves(leaves)) == (size, note.checkpoint.root)
    response = await client.get(f"{LEDGER}/{full.path}")
    assert response.headers["Content-Type"] == "application/octet-stream"
    assert "immutable" in response.headers["Cache-Control"]
    assert await text(client, f"{LEDGER}/tile/0/000.p/7") == hashes[: 7 * 32]


@pytest.mark.parametrize(
    "path",
    ["0/001", "0/000.p/256", "0/000.p/0", "0/000", "0/0", "00/000", "9/000", "x", "0/000.p/99", "entries/000", ""],
)
async def test_a_tile_that_is_not_there_is_not_found(client: Client, order_id: str, path: str) -> None:
    await refused(await client.get(f"{LEDGER}/tile/{path}"), 404, "resource_not_found")


async def test_inclusion_and_consistency_verify(client: Client, signer: Signer, order_id: str) -> None:
    size = await signer.sign()
    await create(client)
    newer = await signer.sign()
    keys = signer.keys.keys(signer.site)
    for position in (1, size, newer):
        found = (await document(client, f"{LEDGER}/proofs/inclusion", position=position))["inclusion"]
        opened = open_checkpoint(found["checkpoint"]["note"].encode(), origin=keys.origin, keys=keys.verifiers)
        proof = [decode_hash(each) for each in found["hashes"]]
        leaf, root = decode_hash(found["leaf"]), opened.checkpoint.root
        assert found["leaf_index"] == position - 1
        assert verify_inclusion(leaf, position - 1, newer, proof, root)
        assert not verify_inclusion(leaf, position, newer, proof, root)
    found = (await document(client, f"{LEDGER}/proofs/consistency", **{"from": size}))["consistency"]
    roots = [
        open_checkpoint(found[side]["note"].encode(), origin=keys.origin, keys=keys.verifiers).checkpoint.root
        for side in ("from", "to")
    ]
    proof = [decode_hash(each) for each in found["hashes"]]
    assert verify_consistency(size, roots[0], newer, roots[1], proof)
    assert not verify_consistency(size, roots[1], newer, roots[0], proof)


async def test_a_proof_file_of_an_order_verifies_here_and_for_the_auditor_and_no_altered_one_does(
    client: Client, signer: Signer, order_id: str, tmp_path: Path
) -> None:
    keys = signer.keys.keys(signer.site)
    data = await text(client, f"{ORDERS}/{order_id}/proof")
    proof = decode_proof(data)
    assert isinstance(proof, StreamProof)
    assert len(proof.events) == 3
    assert check_proof(proof, site=signer.site, origin=keys.origin, keys=keys.verifiers) is None
    assert audited(tmp_path, data, str(keys.verifiers[0])) == 0
    altered = data.replace(b"extra ey", b"extra eu", 1)
    assert audited(tmp_path, altered, str(keys.verifiers[0])) == 2
    lines = data.split(b"\n")
    starts = [place for place, line in enumerate(lines) if line.startswith(b"extra ")]
    without_second = b"\n".join(lines[: starts[1]] + lines[starts[2] :])
    assert audited(tmp_path, without_second, str(keys.verifiers[0])) == 2


async def test_a_proof_file_of_an_event_is_found_by_position_and_by_id(
    client: Client, signer: Signer, order_id: str, tmp_path: Path
) -> None:
    by_position = await text(client, f"{LEDGER}/proofs/event", position=1)
    event_id = await signer.pool.fetchval(
        "SELECT event_id FROM ledger.event WHERE site = $1 AND position = 1", signer.site
    )
    assert await text(client, f"{LEDGER}/proofs/event", event_id=event_id) == by_position
    assert audited(tmp_path, by_position, str(signer.keys.keys(signer.site).verifiers[0])) == 0


def audited(folder: Path, data: bytes, key: str) -> int:
    """Exit status of the auditor's program."""
    file = folder / "a.tlog-proof"
    file.write_bytes(data)
    command = [sys.executable, str(auditor.__file__), "proof", str(file), "--key", key]
    return subprocess.run(command, capture_output=True, check=False).returncode


async def test_a_deleted_order_can_be_proven(client: Client, signer: Signer, order_id: str) -> None:
    assert (await client.post(f"{ORDERS}/{order_id}/delete")).status == 200
    await signer.sign()
    proof = decode_proof(await text(client, f"{ORDERS}/{order_id}/proof"))
    assert isinstance(proof, StreamProof)
    assert len(proof.events) == 4


async def test_before_anything_is_signed_nothing_is_found(client: Client) -> None:
    order = await create(client)
    for path in ("checkpoint", "proofs/inclusion?position=1", "proofs/event?position=1", "tile/0/000.p/1"):
        await refused(await client.get(f"{LEDGER}/{path}"), 404, "resource_not_found")
    await refused(await client.get(f"{ORDERS}/{order['id']}/proof"), 404, "resource_not_found")
    assert (await document(client, f"{LEDGER}/keys"))["keys"] == []


async def test_an_event_that_no_checkpoint_covers_yet_is_not_found(
    client: Client, order_id: str, signer: Signer
) -> None:
    size = await signer.sign()
    new = await create(client)
    for path in (f"proofs/inclusion?position={size + 1}", f"proofs/event?position={size + 1}"):
        body = await refused(await client.get(f"{LEDGER}/{path}"), 404, "resource_not_found")
        assert "No checkpoint covers this yet" in body["message"]
    await refused(await client.get(f"{ORDERS}/{new['id']}/proof"), 404, "resource_not_found")


@pytest.mark.parametrize(
    ("path", "status", "code", "param"),
    [
        ("checkpoint?size=1000000", 404, "resource_not_found", "size"),
        ("checkpoint?size=0", 400, "param_wrong_value", "size"),
        ("proofs/inclusion", 400, "param_wrong_value", "position"),
        ("proofs/inclusion?position=1&size=999999", 404, "resource_not_found", "size"),
        ("proofs/inclusion?position=999999", 404, "resource_not_found", None),
        ("proofs/consistency", 400, "param_wrong_value", "from"),
        ("proofs/consistency?from=999999", 404, "resource_not_found", "from"),
        ("proofs/event", 400, "invalid_request", None),
        ("proofs/event?position=1&event_id=x", 400, "invalid_request", None),
        ("proofs/event?event_id=nobody", 404, "resource_not_found", None),
    ],
)
async def test_what_is_asked_wrongly_is_told(
    client: Client, order_id: str, path: str, status: int, code: str, param: str | None
) -> None:
    await refused(await client.get(f"{LEDGER}/{path}"), status, code, param)


async def test_a_caller_of_one_business_entity_gets_no_bodies_of_others(
    client: Client, signer: Signer, site: Site
) -> None:
    for entity in ("be_1", "be_2"):
        invoice = {"id": f"inv_{entity}", "status": "paid", "currency_code": "USD", "line_items": []}
        lines = StringIO(msgspec.json.encode(invoice | {"business_entity_id": entity}).decode())
        assert (await load_file(signer.pool, site, lines)).loaded == 1
    theirs = await create(client, invoice_id="inv_be_2")
    mine = await create(client, invoice_id="inv_be_1")
    await signer.sign()
    restricted = {"chargebee-business-entity-id": "be_1"}
    answer = await client.get(f"{LEDGER}/proofs/event?position=1", headers=restricted)
    await refused(answer, 403, "api_authorization_failed")
    answer = await client.get(f"{ORDERS}/{theirs['id']}/proof", headers=restricted)
    await refused(answer, 404, "resource_not_found")
    for path in (f"{ORDERS}/{mine['id']}/proof", f"{LEDGER}/checkpoint", f"{LEDGER}/tile/0/000.p/1"):
        assert (await client.get(path, headers=restricted)).status == 200


async def test_a_read_only_key_may_ask_for_proofs_and_nobody_without_a_key(
    client: Client, services: Services, site: Site, order_id: str
) -> None:
    key = await services.sites.create_key(site, "reader", KeyKind.READ_ONLY, system_clock_ms())
    for path in (
        f"{LEDGER}/checkpoint",
        f"{LEDGER}/keys",
        f"{LEDGER}/proofs/event?position=1",
        f"{ORDERS}/{order_id}/proof",
    ):
        assert (await client.get(path, headers=basic(key))).status == 200
        assert (await client.get(path, headers=basic("nobody"))).status == 401


async def test_a_proof_from_an_edited_tile_is_not_handed_out(
    client: Client, signer: Signer, order_id: str, owner: Any
) -> None:
    await owner.execute(
        "UPDATE ledger.tile SET hashes = overlay(hashes PLACING sha256('other') FROM 33) WHERE site = $1",
        signer.site,
    )
    for path in (f"{LEDGER}/proofs/event?position=1", f"{LEDGER}/proofs/inclusion?position=1"):
        body = await refused(await client.get(path), 500, "internal_error")
        assert "does not verify" in body["message"]
