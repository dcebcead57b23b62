"""Offsets are opaque, are no JSON, and belong to one list of one site."""

import base64
import json
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from api.offsets import read_offset, write_offset
from ledger.errors import ParamWrongValue
from ledger.ids import Site
from ledger.limits import OFFSET_LENGTH_MAX
from projections.listing import Filter, Operator, OrderQuery, PageStart, Sort

SITE = Site("acme-test")
QUERY = OrderQuery(
    filters=(Filter("status", Operator.IN, ("queued", "shipped")), Filter("paid_on", Operator.BETWEEN, (1, 2))),
    sort=Sort("updated_at"),
)
START = PageStart(1517000000, "__test__KyVnHhSBWlm1j2m7")
OFFSET = write_offset(START, query=QUERY, site=SITE)

IDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
STARTS = st.builds(PageStart, st.integers(-(2**53), 2**53), IDS)


def _refused(offset: str, query: OrderQuery = QUERY, site: Site = SITE) -> None:
    with pytest.raises(ParamWrongValue) as refusal:
        read_offset(offset, query=query, site=site)
    assert refusal.value.param == "offset"


@settings(deadline=None)
@given(STARTS)
def test_an_offset_leads_back_to_where_the_page_ended(start: PageStart) -> None:
    assert read_offset(write_offset(start, query=QUERY, site=SITE), query=QUERY, site=SITE) == start


@settings(deadline=None)
@given(STARTS)
def test_an_offset_is_url_safe_and_no_json_reader_takes_it(start: PageStart) -> None:
    offset = write_offset(start, query=QUERY, site=SITE)
    assert offset.isascii()
    assert offset.replace("-", "").replace("_", "").isalnum()
    with pytest.raises(ValueError, match="Expecting value"):
        json.loads(offset)
    with pytest.raises(ValueError, match="could not convert"):
        float(offset)


def test_the_longest_id_stays_within_the_length_of_an_offset() -> None:
    longest = write_offset(PageStart(2**53, "\U0001f600" * 40), query=QUERY, site=SITE)
    assert len(longest) <= 240 < OFFSET_LENGTH_MAX


def test_an_offset_holds_for_other_limits_and_the_same_filters_in_another_order() -> None:
    for query in (
        replace(QUERY, limit=100),
        replace(QUERY, exclude_deleted_credit_notes=True),
        replace(QUERY, filters=QUERY.filters[::-1]),
        replace(QUERY, start=START),
    ):
        assert read_offset(OFFSET, query=query, site=SITE) == START


@pytest.mark.parametrize(
    "query",
    [
        replace(QUERY, filters=()),
        replace(QUERY, filters=QUERY.filters[:1]),
        replace(QUERY, filters=(Filter("status", Operator.NOT_IN, ("queued", "shipped")), QUERY.filters[1])),
        replace(QUERY, filters=(Filter("status", Operator.IN, ("queued",)), QUERY.filters[1])),
        replace(QUERY, sort=Sort("created_at")),
        replace(QUERY, sort=Sort("updated_at", descending=True)),
        replace(QUERY, include_deleted=True),
    ],
)
def test_an_offset_of_another_list_is_refused(query: OrderQuery) -> None:
    _refused(OFFSET, query=query)


def test_an_offset_of_another_site_is_refused() -> None:
    _refused(OFFSET, site=Site("acme"))


@pytest.mark.parametrize(
    "offset",
    [
        "",
        "p1",
        "p2" + OFFSET[2:],
        OFFSET[2:],
        OFFSET[:-1],
        OFFSET[:10],
        OFFSET + "=",
        OFFSET + "A",
        OFFSET + "\n",
        OFFSET.replace("p1", "p1+", 1),
        "p1" + "A" * OFFSET_LENGTH_MAX,
        '["1612890918000","22000006"]',
        "1612890918000",
        "p1\u00fc",
        "p1\ud800",
        "p1" + base64.urlsafe_b64encode(b"\0" * 16 + b"\xff").decode().rstrip("="),
    ],
)
def test_what_is_no_offset_is_refused(offset: str) -> None:
    _refused(offset)


@settings(deadline=None)
@given(
    st.text()
    | st.text("p1ABC-_=").map("p1{}".format)
    | st.binary().map(lambda raw: "p1" + base64.b64encode(raw).decode())
)
def test_any_text_is_refused(offset: str) -> None:
    _refused(offset)
