"""Every proof of a real log verifies, by our verifier and by the auditor's, and no altered one does."""

import random
from pathlib import Path

import pytest

from ledger.errors import ParamWrongValue, ResourceNotFound
from ledger.ids import StreamId
from ledger.limits import PROOF_PAGE_EVENTS
from ledger.merkle import auditor
from ledger.merkle.checkpoint import open_checkpoint
from ledger.merkle.proof import verify_consistency, verify_inclusion
from ledger.merkle.proof_file import MalformedProof, StreamProof, decode_proof
from ledger.merkle.verify_proof import check_proof
from ledger.transparency.proofs import NotCoveredYet, Proofs
from tests.ledger.transparency.given import Signer, grow

SIZES = (1, 2, 255, 256, 257, 700)
ALTERATIONS = 300


@pytest.fixture
async def signed(signer: Signer) -> Signer:
    """A log with a checkpoint at each of the sizes."""
    size = 0
    for each in SIZES:
        await grow(signer.pool, signer.site, each - size)
        await signer.sign()
        size = each
    return signer


def proofs_of(signer: Signer) -> Proofs:
    return Proofs(signer.pool, signer.keys)


async def test_every_event_is_proven_in_every_checkpoint_that_covers_it(signed: Signer) -> None:
    keys, proofs = signed.keys.keys(signed.site), proofs_of(signed)
    for size in SIZES:
        for position in sorted({1, 2, size // 2 + 1, size - 1, size} & set(range(1, size + 1))):
            found = await proofs.inclusion(signed.site, position, size)
            root = open_checkpoint(found.checkpoint.note, origin=keys.origin, keys=keys.verifiers).checkpoint.root
            assert verify_inclusion(found.leaf, position - 1, size, found.proof, root)
        with pytest.raises(ResourceNotFound):
            await proofs.inclusion(signed.site, size + 1, size)


async def test_every_checkpoint_continues_every_earlier_one(signed: Signer) -> None:
    keys, proofs = signed.keys.keys(signed.site), proofs_of(signed)
    for place, older in enumerate(SIZES):
        for newer in SIZES[place:]:
            found = await proofs.consistency(signed.site, older, newer)
            roots = [
                open_checkpoint(each.note, origin=keys.origin, keys=keys.verifiers).checkpoint.root
                for each in (found.older, found.newer)
            ]
            assert verify_consistency(older, roots[0], newer, roots[1], found.proof)
            if older < newer:
                with pytest.raises(ParamWrongValue):
                    await proofs.consistency(signed.site, newer, older)


async def test_a_stream_of_more_events_than_a_page_is_proven_whole(signed: Signer) -> None:
    keys = signed.keys.keys(signed.site)
    proof = decode_proof(await proofs_of(signed).stream(signed.site, StreamId("order-1ü")))
    assert isinstance(proof, StreamProof)
    assert len(proof.events) == 233 > 2 * PROOF_PAGE_EVENTS
    assert check_proof(proof, site=signed.site, origin=keys.origin, keys=keys.verifiers) is None


async def test_a_stream_is_proven_as_far_as_the_checkpoint_goes(signed: Signer) -> None:
    await grow(signed.pool, signed.site, 30)
    proof = decode_proof(await proofs_of(signed).stream(signed.site, StreamId("order-1ü")))
    assert isinstance(proof, StreamProof)
    assert max(event.position for event in proof.events) <= SIZES[-1]
    with pytest.raises(ResourceNotFound):
        await proofs_of(signed).stream(signed.site, StreamId("order-nobody"))


async def test_nothing_is_proven_before_it_is_signed(signer: Signer) -> None:
    await grow(signer.pool, signer.site, 3)
    with pytest.raises(NotCoveredYet):
        await proofs_of(signer).event(signer.site, position=1)


@pytest.mark.parametrize("kind", ["event", "stream"])
async def test_no_altered_proof_file_verifies(signed: Signer, tmp_path: Path, kind: str) -> None:
    """Bytes are changed, left out and put in at random places."""
    proofs = proofs_of(signed)
    if kind == "event":
        sound = await proofs.event(signed.site, position=257)
    else:
        await grow(signed.pool, signed.site, 2, orders=1000)
        await signed.sign()
        sound = await proofs.stream(signed.site, StreamId("order-700ü"))
    assert _verdicts(signed, tmp_path, sound) == (True, True)
    chance = random.Random(kind)
    for _ in range(ALTERATIONS):
        place = chance.randrange(len(sound))
        other = bytes([chance.choice([each for each in b"\n +/=09AZaz\xe2" if each != sound[place]])])
        altered = chance.choice(
            [
                sound[:place] + other + sound[place + 1 :],
                sound[:place] + sound[place + 1 :],
                sound[:place] + other + sound[place:],
            ]
        )
        if altered != sound:
            assert _verdicts(signed, tmp_path, altered) == (False, False), altered


def _verdicts(signer: Signer, folder: Path, data: bytes) -> tuple[bool, bool]:
    """What our verifier says, and what the auditor's says."""
    keys = signer.keys.keys(signer.site)
    try:
        ours = check_proof(decode_proof(data), site=signer.site, origin=keys.origin, keys=keys.verifiers) is None
    except MalformedProof:
        ours = False
    file = folder / "altered"
    file.write_bytes(data)
    try:
        auditor.audit_proof(file, [auditor.parse_key(str(key)) for key in keys.verifiers])
    except ValueError:
        return ours, False
    return ours, True
