"""The verifier of a whole log names the first fault of every kind (ledger/merkle/verify.py)."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import msgspec
import pytest
from hypothesis import strategies as st

from ledger.envelope import RecordedEvent, leaf_hash
from ledger.merkle import verify
from ledger.merkle.body import RememberedStreams
from ledger.merkle.checkpoint import Checkpoint, sign_checkpoint
from ledger.merkle.faults import (
    AheadOfLog,
    ColumnDiffers,
    Fault,
    GoesBack,
    KeyUnknown,
    LeafDiffers,
    LinkBreaks,
    NotCanonical,
    NoteMalformed,
    OriginDiffers,
    PositionBreaks,
    RootDiffers,
    SignatureBad,
    TileDiffers,
    TimeGoesBack,
    VersionBreaks,
)
from ledger.merkle.tiles import Tile, TileBuilder
from ledger.merkle.tree import EMPTY_ROOT, CompactRange
from ledger.merkle.verify import LogVerifier, Report, tile_fault
from tests.ledger.laws import for_all
from tests.ledger.merkle.given import (
    KEY,
    NEXT_KEY,
    ORIGIN,
    SITE,
    THIEF,
    Happened,
    checkpoint_of,
    compact_range_of,
    defined_root,
    edited,
    history,
    leaves_of,
    log_of,
    recorded,
    renumbered,
    signed,
)

LOG = log_of(12)
KEYS = [KEY.verifier]
Log = list[RecordedEvent]


def verified(log: Iterable[RecordedEvent], checkpoints: Sequence[bytes] = (), anchors: Sequence[bytes] = ()) -> Report:
    """The report on a log that is read in one go."""
    verifier, streams = LogVerifier(SITE, origin=ORIGIN, keys=KEYS), RememberedStreams()
    for note in checkpoints:
        verifier.expect(note)
    for note in anchors:
        verifier.expect(note, source="anchor", is_anchor=True)
    for event in log:
        verifier.add(event, streams.predecessor(event))
    return verifier.finish()


def fault_of(log: Iterable[RecordedEvent], *checkpoints: bytes) -> Fault | None:
    return verified(log, checkpoints).fault


def with_row(log: Log, position: int, **columns: Any) -> Log:
    """The log with other columns in one row."""
    row = msgspec.structs.replace(log[position - 1], **columns)
    return [*log[: position - 1], row, *log[position:]]


def with_body(log: Log, position: int, body: bytes) -> Log:
    return with_row(log, position, body=body, leaf=leaf_hash(body))


# Sound logs


def test_a_sound_log_is_without_fault() -> None:
    report = verified(LOG, [signed(LOG[:5]), signed(LOG)], [signed(LOG[:7])])
    assert report == Report(
        site=SITE,
        size=12,
        root=defined_root(leaves_of(LOG)),
        checkpoints=2,
        checkpointed=12,
        anchors=1,
        anchored=7,
        fault=None,
    )


def test_events_that_no_anchor_covers_are_reported() -> None:
    assert verified(LOG, [signed(LOG)], [signed(LOG[:7])]).unanchored == range(8, 13)
    assert verified(LOG, [signed(LOG)]).unanchored == range(1, 13)
    assert not verified(LOG, anchors=[signed(LOG)]).unanchored


def test_an_empty_log_is_without_fault() -> None:
    report = verified([], [signed([])])
    assert (report.size, report.root, report.checkpoints, report.fault) == (0, EMPTY_ROOT, 1, None)


@for_all(streams=st.lists(st.sampled_from("abc"), max_size=20), data=st.data())
def test_a_random_log_and_its_checkpoints_are_without_fault(streams: list[str], data: st.DataObject) -> None:
    log = recorded(Happened(f"order-{stream}", "note") for stream in streams)
    sizes = data.draw(st.lists(st.integers(0, len(log)), max_size=3))
    report = verified(log, [signed(log[:size]) for size in sizes])
    assert (report.fault, report.checkpointed) == (None, max(sizes, default=0))


def test_checkpoints_by_the_old_and_the_new_key_are_without_fault() -> None:
    verifier, streams = LogVerifier(SITE, origin=ORIGIN, keys=[KEY.verifier, NEXT_KEY.verifier]), RememberedStreams()
    for note in (signed(LOG[:4]), signed(LOG[:6], KEY, NEXT_KEY), signed(LOG[:8], NEXT_KEY)):
        verifier.expect(note)
    for event in LOG:
        verifier.add(event, streams.predecessor(event))
    assert (verifier.finish().fault, verifier.finish().checkpointed) == (None, 8)


def test_checkpoints_may_be_handed_over_page_by_page() -> None:
    verifier, streams = LogVerifier(SITE, origin=ORIGIN, keys=KEYS), RememberedStreams()
    for start in range(0, 12, 4):
        for size in (start, start + 2, start + 4):
            assert verifier.expect(signed(LOG[:size])) is None
        for event in LOG[start : start + 4]:
            assert verifier.add(event, streams.predecessor(event)) is None
    assert verifier.finish().checkpoints == 9


def test_what_was_verified_before_need_not_be_read_again() -> None:
    streams = RememberedStreams()
    for event in LOG[:5]:
        streams.predecessor(event)
    right_edge = compact_range_of(leaves_of(LOG[:5]))
    verifier = LogVerifier(SITE, origin=ORIGIN, keys=KEYS, tree=CompactRange(5, right_edge.hashes))
    verifier.expect(signed(LOG))
    for event in LOG[5:]:
        verifier.add(event, streams.predecessor(event))
    assert (verifier.finish().fault, verifier.finish().size) == (None, 12)


# Every kind of fault


def test_an_edited_body_is_named() -> None:
    body = LOG[4].body.replace(b"change 4", b"change 5")
    assert fault_of(with_row(LOG, 5, body=body)) == LeafDiffers(5, LOG[4].leaf, leaf_hash(body))


def test_an_edited_leaf_is_named() -> None:
    assert fault_of(with_row(LOG, 5, leaf=EMPTY_ROOT)) == LeafDiffers(5, EMPTY_ROOT, LOG[4].leaf)


@pytest.mark.parametrize(
    ("column", "value"),
    [("stream", "order-9"), ("version", 9), ("type", "order.deleted"), ("recorded_at", 9), ("event_id", "ev_9")],
)
def test_an_edited_column_is_named(column: str, value: str | int) -> None:
    row = with_row(LOG, 5, **{column: value})
    assert fault_of(row) == ColumnDiffers(5, column, value, getattr(LOG[4], column))


def test_an_event_of_another_site_is_named() -> None:
    assert fault_of(with_body(LOG, 5, edited(LOG[4], site="other").body)) == ColumnDiffers(5, "site", SITE, "other")


def test_a_body_that_is_not_canonical_is_named() -> None:
    fault = fault_of(with_body(LOG, 5, LOG[4].body + b"\n"))
    assert isinstance(fault, NotCanonical)
    assert fault.position == 5


def test_a_deleted_event_is_named() -> None:
    assert fault_of(LOG[:4] + LOG[5:]) == PositionBreaks(5, 6)


def test_an_event_that_comes_again_is_named() -> None:
    assert fault_of(LOG[:5] + LOG[4:]) == PositionBreaks(6, 5)


def test_a_log_that_does_not_begin_at_its_beginning_is_named() -> None:
    assert fault_of(LOG[3:]) == PositionBreaks(1, 4)


def test_a_deleted_event_whose_gap_was_closed_is_named() -> None:
    assert fault_of(renumbered(LOG[:4] + LOG[5:])) == VersionBreaks(7, LOG[4].stream, 2, 3)


def test_reordered_events_are_named() -> None:
    swapped = renumbered([*LOG[:4], LOG[7], *LOG[5:7], LOG[4], *LOG[8:]])
    assert fault_of(swapped) == VersionBreaks(5, LOG[4].stream, 2, 3)


def test_a_version_that_comes_again_is_named() -> None:
    assert fault_of(renumbered([*LOG, LOG[4]])) == VersionBreaks(13, LOG[4].stream, 5, 2)


def test_an_edited_event_with_its_leaf_is_named_by_the_link_of_the_next_one() -> None:
    other = edited(LOG[4], data={"note": "other"})
    assert fault_of([*LOG[:4], other, *LOG[5:]]) == LinkBreaks(8, LOG[4].stream, LOG[4].leaf.hex(), other.leaf.hex())


def test_an_edited_last_event_of_its_stream_is_named_by_the_checkpoint() -> None:
    other = [*LOG[:11], edited(LOG[11], data={"note": "other"})]
    assert fault_of(other) is None
    roots = (checkpoint_of(log).root for log in (other, LOG))
    assert fault_of(other, signed(LOG)) == RootDiffers("checkpoint", 12, *roots)


def test_an_event_before_the_one_before_it_in_time_is_named() -> None:
    body = edited(LOG[4], recorded_at=LOG[1].recorded_at)
    assert fault_of([*LOG[:4], body]) == TimeGoesBack(5, LOG[1].stream, LOG[1].recorded_at, LOG[1].recorded_at)


def test_a_log_whose_end_was_cut_off_is_named() -> None:
    assert fault_of(LOG[:8], signed(LOG[:5]), signed(LOG)) == AheadOfLog("checkpoint", 12, 8)


def test_a_rewritten_log_with_new_checkpoints_of_the_stolen_key_is_named_by_an_anchor() -> None:
    other = recorded([*history(4), Happened("order-9", "other"), *history(12)[5:]])
    assert fault_of(other, signed(other)) is None
    report = verified(other, [signed(other)], [signed(LOG[:4]), signed(LOG[:7])])
    assert isinstance(report.fault, RootDiffers)
    assert (report.fault.source, report.fault.size, report.anchored) == ("anchor", 7, 4)


def test_a_checkpoint_by_an_unknown_key_is_named() -> None:
    assert fault_of(LOG, signed(LOG, THIEF)) == KeyUnknown("checkpoint")


def test_a_changed_checkpoint_is_named() -> None:
    assert fault_of(LOG, signed(LOG).replace(b"\n12\n", b"\n11\n")) == SignatureBad("checkpoint", KEY.name)


def test_a_checkpoint_of_another_log_is_named() -> None:
    other = checkpoint_of(LOG, "ledger.example/other")
    thief = type(KEY)(other.origin, KEY.private_key)
    assert fault_of(LOG, sign_checkpoint(other, thief).encode()) == OriginDiffers("checkpoint", ORIGIN, other.origin)


def test_a_checkpoint_that_cannot_be_read_is_named() -> None:
    fault = fault_of(LOG, b"garbage")
    assert isinstance(fault, NoteMalformed)
    assert fault.source == "checkpoint"


def test_a_checkpoint_that_goes_back_is_named() -> None:
    verifier, streams = LogVerifier(SITE, origin=ORIGIN, keys=KEYS), RememberedStreams()
    for event in LOG[:5]:
        verifier.add(event, streams.predecessor(event))
    assert verifier.expect(signed(LOG[:4])) == GoesBack("checkpoint", 4, 5)


def test_two_checkpoints_of_one_size_with_different_roots_are_named() -> None:
    fork = sign_checkpoint(Checkpoint(ORIGIN, 5, EMPTY_ROOT), KEY).encode()
    assert fault_of(LOG, signed(LOG[:5]), fork) == RootDiffers("checkpoint", 5, checkpoint_of(LOG[:5]).root, EMPTY_ROOT)


def test_the_first_fault_stays_the_first() -> None:
    verifier, streams = LogVerifier(SITE, origin=ORIGIN, keys=KEYS), RememberedStreams()
    first = verifier.add(LOG[3], streams.predecessor(LOG[3]))
    assert first == verifier.fault == PositionBreaks(1, 4)
    assert verifier.add(LOG[0], None) == verifier.expect(b"garbage") == verifier.finish().fault == first


def test_checkpoints_that_wait_are_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(verify, "CHECKPOINTS_WAITING_MAX", 2)
    verifier = LogVerifier(SITE, origin=ORIGIN, keys=KEYS)
    verifier.expect(signed(LOG[:1]))
    verifier.expect(signed(LOG[:2]))
    with pytest.raises(ValueError, match="wait"):
        verifier.expect(signed(LOG[:3]))


# No tampering goes unnamed


def drop(log: Log, place: int) -> Log:
    return renumbered(log[:place] + log[place + 1 :])


def repeat(log: Log, place: int) -> Log:
    return renumbered(log[: place + 1] + log[place:])


def swap(log: Log, place: int) -> Log:
    other = (place + 1) % len(log)
    first, second = sorted((place, other))
    return renumbered([*log[:first], log[second], *log[first + 1 : second], log[first], *log[second + 1 :]])


def insert(log: Log, place: int) -> Log:
    new = recorded([Happened("order-new", "inserted")])[0]
    return renumbered([*log[:place], new, *log[place:]])


def edit(log: Log, place: int) -> Log:
    return [*log[:place], edited(log[place], data={"note": "edited"}), *log[place + 1 :]]


def cut_off(log: Log, place: int) -> Log:
    return log[:place]


def rewrite(log: Log, place: int) -> Log:
    events = [Happened(event.stream, msgspec.json.decode(event.body)["data"]["note"]) for event in log]
    return recorded([*events[:place], Happened(events[place].stream, "rewritten"), *events[place + 1 :]])


@pytest.mark.parametrize("tampered", [drop, repeat, swap, insert, edit, cut_off, rewrite])
@for_all(count=st.integers(2, 20), orders=st.integers(1, 4), data=st.data(), examples=30)
def test_no_tampering_with_a_checkpointed_log_goes_unnamed(
    tampered: Callable[[Log, int], Log], count: int, orders: int, data: st.DataObject
) -> None:
    log = log_of(count, orders)
    place = data.draw(st.integers(0, count - 1))
    assert fault_of(tampered(log, place), signed(log)) is not None


@for_all(place=st.integers(0, 11), data=st.data())
def test_no_flipped_bit_goes_unnamed(place: int, data: st.DataObject) -> None:
    body = LOG[place].body
    bit = data.draw(st.integers(0, len(body) * 8 - 1))
    flipped = body[: bit // 8] + bytes([body[bit // 8] ^ 1 << bit % 8]) + body[bit // 8 + 1 :]
    fault = fault_of(with_row(LOG, place + 1, body=flipped))
    assert fault == LeafDiffers(place + 1, LOG[place].leaf, leaf_hash(flipped))
    assert fault_of(with_body(LOG, place + 1, flipped), signed(LOG)) is not None


# Tiles


def test_an_edited_tile_is_named() -> None:
    builder = TileBuilder()
    computed = dict(builder.extend(leaves_of(log_of(600)))) | dict(builder.partial())
    for tile, data in computed.items():
        assert tile_fault(tile, data, data) is None
        assert tile_fault(tile, data + EMPTY_ROOT, data) is None
        assert tile_fault(tile, data[:-1], data) is not None
        assert tile_fault(tile, b"", data) is not None
    wrong = computed[Tile(0, 1)][:-32] + EMPTY_ROOT
    assert tile_fault(Tile(0, 1), wrong, computed[Tile(0, 1)]) == TileDiffers("tile/0/001", 512)
    wrong = computed[Tile(1, 0, 2)][:32] + EMPTY_ROOT
    assert tile_fault(Tile(1, 0, 2), wrong, computed[Tile(1, 0, 2)]) == TileDiffers("tile/1/000.p/2", 257)
