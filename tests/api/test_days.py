"""``on``: the calendar day of a second in the site's time zone, also where the clock jumps."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.schemas.filters import day_of
from api.schemas.listing import LIST_ORDERS
from projections.listing import Filter, Operator

ZONES = ["UTC", "Europe/Berlin", "America/Sao_Paulo", "America/Havana", "Asia/Beirut", "Pacific/Apia", "Asia/Kathmandu"]


def _second(text: str, zone: str) -> int:
    return int(datetime.fromisoformat(text).replace(tzinfo=ZoneInfo(zone)).timestamp())


@pytest.mark.parametrize(
    ("noon", "zone", "hours"),
    [
        ("2024-05-01T12:00", "Europe/Berlin", 24),
        ("2024-03-31T12:00", "Europe/Berlin", 23),
        ("2024-10-27T12:00", "Europe/Berlin", 25),
        ("2018-11-04T12:00", "America/Sao_Paulo", 23),  # there is no midnight: the clock jumps from 0 to 1
        ("2018-02-17T12:00", "America/Sao_Paulo", 25),  # the hour before midnight comes twice
        ("2023-11-05T12:00", "America/Havana", 25),  # midnight comes twice
        ("2011-12-29T12:00", "Pacific/Apia", 24),  # the day after it was left out
        ("2024-05-01T12:00", "Asia/Kathmandu", 24),
    ],
)
def test_a_day_has_the_hours_that_its_zone_gives_it(noon: str, zone: str, hours: int) -> None:
    first, last = day_of(_second(noon, zone), ZoneInfo(zone))
    assert last - first + 1 == hours * 3600


def test_a_day_is_that_of_the_zone_not_of_utc() -> None:
    second = _second("2024-05-01T23:30", "America/Sao_Paulo")
    assert day_of(second, ZoneInfo("America/Sao_Paulo")) == (
        _second("2024-05-01T00:00", "America/Sao_Paulo"),
        _second("2024-05-01T23:59:59", "America/Sao_Paulo"),
    )


@settings(deadline=None)
@given(st.integers(0, 9_999_999_999), st.sampled_from(ZONES))
def test_a_second_lies_in_its_day_and_so_do_both_ends(second: int, name: str) -> None:
    zone = ZoneInfo(name)
    first, last = day_of(second, zone)
    assert first <= second <= last
    assert day_of(first, zone) == day_of(last, zone) == (first, last)
    assert day_of(last + 1, zone)[0] == last + 1
    assert day_of(max(first - 1, 0), zone)[1] == first - 1 or first <= 0


def test_a_filter_on_a_day_holds_its_first_and_last_second() -> None:
    noon = _second("2024-03-31T12:00", "Europe/Berlin")
    request = LIST_ORDERS.read([("paid_on[on]", str(noon)), ("paid_on[after]", "1")], zone=ZoneInfo("Europe/Berlin"))
    assert request.query.filters == (
        Filter("paid_on", Operator.AFTER, (1,)),
        Filter("paid_on", Operator.ON, (_second("2024-03-31T00:00", "Europe/Berlin"), noon + 12 * 3600 - 1)),
    )
