"""Proof files: C2SP tlog-proof for an event, its like for a stream, and what is wrong with altered ones."""

import base64
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from hypothesis import strategies as st

from ledger.envelope import leaf_hash
from ledger.ids import Site
from ledger.merkle import proof_file
from ledger.merkle.checkpoint import Checkpoint
from ledger.merkle.faults import (
    ColumnDiffers,
    Forks,
    GoesBack,
    KeyUnknown,
    LinkBreaks,
    NotCanonical,
    NoteMalformed,
    OriginDiffers,
    ProofFails,
    SignatureBad,
    StandsBefore,
    VersionBreaks,
)
from ledger.merkle.limits import EVENT_BODY_BYTES_MAX, PROOF_FILE_EVENTS_MAX
from ledger.merkle.proof import prove_consistency
from ledger.merkle.proof_file import (
    EventProof,
    MalformedProof,
    ProvenEvent,
    StreamProof,
    decode_proof,
    encode_proof,
)
from ledger.merkle.tree import EMPTY_ROOT
from ledger.merkle.verify_proof import check_growth, check_proof
from tests.ledger.laws import for_all
from tests.ledger.merkle.given import (
    KEY,
    ORIGIN,
    SITE,
    THIEF,
    checkpoint_of,
    edited,
    event_proof,
    history,
    leaves_of,
    log_of,
    nodes_of,
    proven,
    recorded,
    renumbered,
    signed,
    stream_proof,
)

LOG = log_of(12)
STREAM = LOG[0].stream
EVENT_PROOF = event_proof(LOG, 5)
STREAM_PROOF = stream_proof(LOG, STREAM)

proven_events = st.builds(
    ProvenEvent,
    st.binary(min_size=1, max_size=100),
    st.integers(0, 2**63 - 2),
    st.lists(st.binary(min_size=32, max_size=32), max_size=63).map(tuple),
)
proofs = st.builds(EventProof, proven_events, st.binary(max_size=50)) | st.builds(
    StreamProof, st.lists(proven_events, min_size=1, max_size=4).map(tuple), st.binary(max_size=50)
)


def fault_of(proof: EventProof | StreamProof) -> object:
    return check_proof(proof, site=SITE, origin=ORIGIN, keys=[KEY.verifier])


# Form


def test_the_proof_of_an_event_is_a_c2sp_tlog_proof() -> None:
    lines = encode_proof(EVENT_PROOF).decode().split("\n")
    assert lines[0] == "c2sp.org/tlog-proof@v1"
    assert lines[1] == "extra " + base64.b64encode(LOG[4].body).decode()
    assert lines[2] == "index 4"
    assert [base64.b64decode(line) for line in lines[3:7]] == list(EVENT_PROOF.event.proof)
    assert lines[7] == ""
    assert "\n".join(lines[8:]).encode() == signed(LOG)


def test_the_proof_of_a_stream_repeats_the_same_lines() -> None:
    text = encode_proof(STREAM_PROOF).decode()
    assert text.startswith("order-ledger/stream-proof@v1\nextra ")
    assert [int(line[6:]) for line in text.split("\n") if line.startswith("index ")] == [0, 3, 6, 9]
    assert text.endswith("\n\n" + signed(LOG).decode())


@for_all(proof=proofs)
def test_a_proof_is_read_back_as_it_was_written(proof: EventProof | StreamProof) -> None:
    assert decode_proof(encode_proof(proof)) == proof


def test_a_tree_of_one_leaf_needs_no_hashes() -> None:
    proof = event_proof(LOG[:1], 1)
    assert proof.event.proof == ()
    assert decode_proof(encode_proof(proof)) == proof
    assert fault_of(proof) is None


BODY_LINE = "extra e30="


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n\n",
        "c2sp.org/tlog-proof@v1\n",
        "c2sp.org/tlog-proof@v1\n\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex 0",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\n\n",
        "c2sp.org/tlog-proof@v1\nindex 0\n\n",  # legal there, but our events come with their bodies
        f"c2sp.org/tlog-proof@v1\nindex 0\n{BODY_LINE}\n\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex 00\n\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex -1\n\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex\n\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex  0\n\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex x\n\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex {2**63 - 1}\n\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex {'9' * 5000}\n\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex 0\nindex 0\n\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex 0\nAAAA\n\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex 0\n!!!!\n\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex 0\n" + "A" * 43 + "=\n" * 64 + "\n\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex 0\n" + ("A" * 43 + "=\n") * 64 + "\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex 0\n{BODY_LINE}\nindex 1\n\n",
        "c2sp.org/tlog-proof@v1\nextra \nindex 0\n\n",
        "c2sp.org/tlog-proof@v1\nextra e30\nindex 0\n\n",
        "c2sp.org/tlog-proof@v1\nextra\nindex 0\n\n",
        f"c2sp.org/tlog-proof@v2\n{BODY_LINE}\nindex 0\n\n",
        f"C2SP.org/tlog-proof@v1\n{BODY_LINE}\nindex 0\n\n",
        f"c2sp.org/tlog-proof@v1\r\n{BODY_LINE}\r\nindex 0\r\n\r\n",
        f"c2sp.org/tlog-proof@v1\n{BODY_LINE}\nindex \u0660\n\n",
        "order-ledger/stream-proof@v1\n\n",
        "order-ledger/stream-proof@v1",
        f"order-ledger/stream-proof@v1\nindex 0\n{BODY_LINE}\n\n",
    ],
)
def test_what_is_no_proof_is_refused(text: str) -> None:
    with pytest.raises(MalformedProof):
        decode_proof(text.encode())


@for_all(
    data=st.binary(max_size=100)
    | st.from_regex(rb"(c2sp\.org/tlog-proof@v1|order-ledger/stream-proof@v1)\n[a-z0-9 =\n]{0,40}", fullmatch=True)
)
def test_random_bytes_are_a_proof_or_refused(data: bytes) -> None:
    try:
        proof = decode_proof(data)
    except MalformedProof:
        return
    assert encode_proof(proof) == data


def test_a_proof_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(MalformedProof):
        StreamProof((STREAM_PROOF.events[0],) * (PROOF_FILE_EVENTS_MAX + 1), b"")
    with pytest.raises(MalformedProof):
        StreamProof((), b"")
    with pytest.raises(MalformedProof):
        ProvenEvent(bytes(EVENT_BODY_BYTES_MAX + 1), 0, ())
    good = encode_proof(STREAM_PROOF)
    monkeypatch.setattr(proof_file, "PROOF_FILE_BYTES_MAX", len(good) - 1)
    with pytest.raises(MalformedProof, match="at most"):
        encode_proof(STREAM_PROOF)
    with pytest.raises(MalformedProof, match="at most"):
        decode_proof(good)


# Checks


def test_the_proof_of_every_event_is_without_fault() -> None:
    for size in range(1, 13):
        for position in range(1, size + 1):
            proof = event_proof(LOG[:size], position)
            assert fault_of(decode_proof(encode_proof(proof))) is None
            assert proof.event.position == position


def test_the_proof_of_every_stream_is_without_fault() -> None:
    for stream in {event.stream for event in LOG}:
        assert fault_of(decode_proof(encode_proof(stream_proof(LOG, stream)))) is None


@pytest.mark.parametrize(
    "altered",
    [
        lambda event: replace(event, body=edited(LOG[4], data={}).body),
        lambda event: replace(event, body=event.body + b" "),
        lambda event: replace(event, index=5),
        lambda event: replace(event, index=500),
        lambda event: replace(event, proof=event.proof[:-1]),
        lambda event: replace(event, proof=(*event.proof, EMPTY_ROOT)),
        lambda event: replace(event, proof=(EMPTY_ROOT, *event.proof[1:])),
    ],
)
def test_an_altered_proof_is_named(altered: Callable[[ProvenEvent], ProvenEvent]) -> None:
    event = altered(EVENT_PROOF.event)
    assert fault_of(replace(EVENT_PROOF, event=event)) == ProofFails(event.position, 12)


@for_all(data=st.data())
def test_no_flipped_bit_of_a_proof_file_goes_unnamed(data: st.DataObject) -> None:
    good = encode_proof(EVENT_PROOF)
    bit = data.draw(st.integers(0, len(good) * 8 - 1))
    bad = good[: bit // 8] + bytes([good[bit // 8] ^ 1 << bit % 8]) + good[bit // 8 + 1 :]
    try:
        proof = decode_proof(bad)
    except MalformedProof:
        return
    assert fault_of(proof) is not None


def test_a_checkpoint_that_is_not_to_be_believed_is_named() -> None:
    origin = Checkpoint("ledger.example/other", 12, EMPTY_ROOT)
    assert fault_of(replace(EVENT_PROOF, checkpoint=signed(LOG, THIEF))) == KeyUnknown("checkpoint")
    changed = signed(LOG).replace(b"\n12\n", b"\n13\n")
    assert fault_of(replace(EVENT_PROOF, checkpoint=changed)) == SignatureBad("checkpoint", ORIGIN)
    other = signed(LOG).replace(ORIGIN.encode(), origin.origin.encode(), 1)
    assert fault_of(replace(EVENT_PROOF, checkpoint=other)) == OriginDiffers("checkpoint", ORIGIN, origin.origin)
    assert isinstance(fault_of(replace(EVENT_PROOF, checkpoint=b"")), NoteMalformed)


def test_an_event_of_another_site_is_named() -> None:
    proof = event_proof(recorded(history(3), Site("other")), 2)
    assert fault_of(proof) == ColumnDiffers(2, "site", SITE, "other")


def test_a_body_that_is_no_event_is_named() -> None:
    body = LOG[0].body + b"\n"
    log = [msgspec.structs.replace(LOG[0], body=body, leaf=leaf_hash(body))]
    assert isinstance(fault_of(event_proof(log, 1)), NotCanonical)


def test_a_stream_that_lacks_an_event_is_named() -> None:
    first, second, third, fourth = STREAM_PROOF.events
    for events, fault in (
        ((second, third, fourth), VersionBreaks(4, STREAM, 1, 2)),
        ((first, third, fourth), VersionBreaks(7, STREAM, 2, 3)),
        ((first, second, fourth), VersionBreaks(10, STREAM, 3, 4)),
        ((first, second, second), VersionBreaks(4, STREAM, 3, 2)),
        ((first, third, second), VersionBreaks(7, STREAM, 2, 3)),
    ):
        assert fault_of(replace(STREAM_PROOF, events=events)) == fault


def test_a_stream_without_its_end_is_only_shown_as_far_as_it_goes() -> None:
    """No inclusion proof can show that nothing followed; the file says so, and an export up to the size tells."""
    assert fault_of(replace(STREAM_PROOF, events=STREAM_PROOF.events[:2])) is None


def test_events_of_two_streams_are_named() -> None:
    events = (STREAM_PROOF.events[0], proven(LOG, LOG[1]))
    assert fault_of(replace(STREAM_PROOF, events=events)) == ColumnDiffers(2, "stream", STREAM, LOG[1].stream)


def test_a_stream_with_a_forged_link_is_named() -> None:
    log = [*LOG[:3], edited(LOG[3], previous=EMPTY_ROOT.hex()), *LOG[4:]]
    fault = fault_of(stream_proof(log, STREAM))
    assert fault == LinkBreaks(4, STREAM, EMPTY_ROOT.hex(), LOG[0].leaf.hex())


def test_a_stream_whose_versions_stand_in_another_order_is_named() -> None:
    log = renumbered([LOG[3], *LOG[1:3], LOG[0]])
    events = (proven(log, log[3]), proven(log, log[0]))
    assert fault_of(StreamProof(events, signed(log))) == StandsBefore(1, STREAM, 2, 4)


# Growth


def test_a_checkpoint_that_continues_another_is_without_fault() -> None:
    for old in range(13):
        proof = prove_consistency(old, 12, nodes_of(leaves_of(LOG)))
        assert check_growth(checkpoint_of(LOG[:old]), checkpoint_of(LOG), proof) is None


def test_a_checkpoint_that_does_not_continue_another_is_named() -> None:
    old, new = checkpoint_of(LOG[:5]), checkpoint_of(LOG)
    proof = prove_consistency(5, 12, nodes_of(leaves_of(LOG)))
    fork = checkpoint_of([*LOG[:4], edited(LOG[4], data={})])
    assert check_growth(fork, new, proof) == Forks("checkpoint", 12, 5)
    assert check_growth(old, new, proof[:-1]) == Forks("checkpoint", 12, 5)
    assert check_growth(old, fork, []) == Forks("checkpoint", 5, 5)
    assert check_growth(new, old, proof) == GoesBack("checkpoint", 5, 12)
    other = replace(new, origin="other")
    assert check_growth(old, other, proof, source="anchor") == OriginDiffers("anchor", ORIGIN, "other")
