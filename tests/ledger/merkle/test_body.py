"""What verifiers accept as a body, and as the event behind another (ledger/merkle/body.py)."""

from typing import Any

import msgspec
import pytest
import rfc8785
from hypothesis import strategies as st

from ledger.envelope import RecordedEvent
from ledger.limits import INTEGER_MAX
from ledger.merkle.body import Predecessor, RememberedStreams, UnreadableBody, read_body, succession_fault
from ledger.merkle.faults import LinkBreaks, StandsBefore, TimeGoesBack, VersionBreaks
from ledger.merkle.limits import EVENT_BODY_BYTES_MAX
from tests.ledger.laws import for_all
from tests.ledger.merkle.given import canonical, log_of
from tests.ledger.random_events import plain_values

EVENT = msgspec.json.decode(log_of(1)[0].body) | {"stream": "order-1", "data": {}}  # in ASCII
LEAF = bytes(range(32))
BEFORE = Predecessor(position=4, version=2, recorded_at=1_000, leaf=LEAF)


def body(**members: Any) -> bytes:
    return canonical(EVENT | members)


@for_all(data=st.dictionaries(st.text(st.characters(max_codepoint=127), max_size=10), plain_values, max_size=4))
def test_a_canonical_body_is_read(data: dict[str, Any]) -> None:
    written = rfc8785.dumps(EVENT | {"data": data})
    assert read_body(written).site == "acme"


def test_the_bodies_of_a_log_are_read() -> None:
    for event in log_of(12):
        found = read_body(event.body)
        assert (found.stream, found.version, found.recorded_at) == (event.stream, event.version, event.recorded_at)


@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\xff",
        b"\xef\xbb\xbf" + body(),
        b" " + body(),
        body() + b"\n",
        body().replace(b'":', b'": ', 1),
        body().replace(b"acme", b"\\u0061cme"),
        body()[:-1] + b',"site":"acme"}',
        b'{"site":"other",' + body()[1:],
        body()[:-1],
        body(data={"a": 1}).replace(b'"a":1', b'"a":01'),
        body(data={"a": 0}).replace(b'"a":0', b'"a":-0'),
        body(data={"a": 1}).replace(b'"a":1', b'"a":1.0'),
        body(data={"a": 1}).replace(b'"a":1', b'"a":1e2'),
        body(data={"a": 1}).replace(b'"a":1', b'"a":NaN'),
        body(data={"a": 1.5}),
        body(data={"a": INTEGER_MAX + 1}),
        body(data={"a": -INTEGER_MAX - 1}),
        body(data={"a": 10**30}),
        body(data={"ü": 1}),
        body(data={"a": "x"}).replace(b'"x"', b'"\\ud800"'),
        b"[" * 100_000,
        body(data={"a": []}).replace(b"[]", b"[" * 5_000 + b"]" * 5_000),
    ],
)
def test_a_body_in_another_form_is_refused(text: bytes) -> None:
    with pytest.raises(UnreadableBody):
        read_body(text)


@pytest.mark.parametrize(
    "members",
    [
        {"site": None},
        {"version": 0},
        {"version": "1"},
        {"version": True},
        {"schema": 0},
        {"recorded_at": "now"},
        {"previous": "abc"},
        {"previous": "AB" * 32},
        {"metadata": None},
        {"data": []},
    ],
)
def test_a_body_without_the_members_of_an_event_is_refused(members: dict[str, Any]) -> None:
    with pytest.raises(UnreadableBody):
        read_body(body(**members))


@pytest.mark.parametrize("value", [b"null", b"[]", b"{}", b"1", b'"text"'])
def test_other_json_is_no_event(value: bytes) -> None:
    with pytest.raises(UnreadableBody):
        read_body(value)


@pytest.mark.parametrize("value", [INTEGER_MAX, -INTEGER_MAX, 9_999_999_999_999_99, "9" * 40, "ü"])
def test_long_numbers_within_the_bound_and_text_of_digits_are_read(value: object) -> None:
    assert read_body(body(data={"a": value}))


def test_a_body_is_bounded() -> None:
    with pytest.raises(UnreadableBody, match="bytes"):
        read_body(body(data={"a": "x" * EVENT_BODY_BYTES_MAX}))


@for_all(data=st.binary(max_size=100) | st.text(max_size=100).map(lambda text: text.encode(errors="replace")))
def test_random_bytes_are_no_event(data: bytes) -> None:
    with pytest.raises(UnreadableBody):
        read_body(data)


# Succession


def event(**members: Any) -> Any:
    known = {"version": 3, "previous": LEAF.hex(), "recorded_at": 1_001}
    return read_body(body(stream="order-1", **(known | members)))


def first(**members: Any) -> Any:
    return event(**({"version": 1, "previous": None} | members))


def test_the_next_version_with_the_right_link_and_a_later_time_follows() -> None:
    assert succession_fault(5, event(), BEFORE) is None


def test_the_first_version_follows_nothing() -> None:
    assert succession_fault(5, first(), None) is None


def test_another_version_does_not_follow() -> None:
    assert succession_fault(5, event(version=4), BEFORE) == VersionBreaks(5, "order-1", 3, 4)
    assert succession_fault(5, event(version=2), BEFORE) == VersionBreaks(5, "order-1", 3, 2)
    assert succession_fault(5, first(), BEFORE) == VersionBreaks(5, "order-1", 3, 1)
    assert succession_fault(5, event(), None) == VersionBreaks(5, "order-1", 1, 3)


def test_another_link_does_not_follow() -> None:
    other = bytes(32).hex()
    assert succession_fault(5, event(previous=other), BEFORE) == LinkBreaks(5, "order-1", other, LEAF.hex())
    assert succession_fault(5, event(previous=None), BEFORE) == LinkBreaks(5, "order-1", None, LEAF.hex())
    assert succession_fault(5, first(previous=other), None) == LinkBreaks(5, "order-1", other, None)


def test_an_event_does_not_follow_one_that_stands_behind_it() -> None:
    assert succession_fault(4, event(), BEFORE) == StandsBefore(4, "order-1", 3, 4)


@pytest.mark.parametrize("time_ms", [1_000, 999])
def test_an_event_does_not_follow_one_that_was_recorded_later(time_ms: int) -> None:
    assert succession_fault(5, event(recorded_at=time_ms), BEFORE) == TimeGoesBack(5, "order-1", 1_000, time_ms)


def test_the_last_event_of_each_stream_is_remembered() -> None:
    streams, last = RememberedStreams(), dict[str, RecordedEvent]()
    for each in log_of(12):
        before = streams.predecessor(each)
        assert (before.leaf if before else None) == (last[each.stream].leaf if each.stream in last else None)
        last[each.stream] = each
