"""Times as they are asked for."""

import pytest
from hypothesis import strategies as st

from projections.history.moments import AtTime, instant_text, read_instant_ms
from tests.ledger.laws import for_all


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("1970-01-01T00:00:00Z", 0),
        ("1970-01-01t00:00:00.001z", 1),
        ("1970-01-01T01:00:00+01:00", 0),
        ("1970-01-01T00:00:00.9999999999Z", 999),
        ("1969-12-31T23:59:59.999Z", -1),
        ("1969-12-31T23:59:59.9999Z", -1),
        ("2026-01-05T09:30:00.250+01:00", 1767601800250),
        ("0001-01-01T00:00:00+14:00", -62135647200000),
        ("9999-12-31T23:59:59-14:00", 253402351199000),
    ],
)
def test_a_text_of_rfc_3339_is_a_millisecond(text: str, expected: int) -> None:
    assert read_instant_ms(text) == expected
    assert AtTime.instant(text) == AtTime(since_ms=expected, until_ms=expected)


@pytest.mark.parametrize(
    "text",
    [
        "",
        "now",
        "2026-01-05",
        "2026-01-05T09:30Z",
        "2026-01-05T09:30:00",
        "2026-01-05 09:30:00Z",
        "20260105T093000Z",
        "2026-W02-1T09:30:00Z",
        "2026-02-30T00:00:00Z",
        "2026-01-05T24:00:00Z",
        "2026-01-05T09:30:60Z",
        "2026-01-05T09:30:00.Z",
        "2026-01-05T09:30:00+0100",
        "2026-01-05T09:30:00+25:00",
        "\u0662026-01-05T09:30:00Z",
        "2026-01-05T09:30:00Z\n",
        "0000-01-01T00:00:00Z",
    ],
)
def test_any_other_text_is_no_time(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        read_instant_ms(text)


@for_all(st.integers(-62135596800000, 253402300799999))
def test_a_millisecond_as_text_reads_the_same(time_ms: int) -> None:
    assert read_instant_ms(instant_text(time_ms)) == time_ms


def test_a_second_is_there_to_its_end() -> None:
    assert AtTime.second(7) == AtTime(since_ms=7000, until_ms=7999)
    assert instant_text(10**18) == f"{10**18} ms"
