"""Moments as parameters: whatever is sent, a moment is read or one parameter is named; never another, never none."""

from typing import Any

import pytest
from hypothesis import strategies as st

from api.forms import read_query
from api.schemas.history import ORDER_DIFF, ORDER_HISTORY, RETRIEVE_ORDER
from api.schemas.operation import OperationSchema
from ledger.errors import InvalidRequest, ParamWrongValue
from projections.history.moments import AtPosition, AtTime, AtVersion
from projections.history.order_states import Side
from tests.contract.contract import UTC
from tests.ledger.laws import for_all

NAMES = ["version", "time", "position", "order_id", "", "0", "x]", "[", "VERSION"]
values = st.text(max_size=30) | st.integers(-5, 2**60).map(str) | st.datetimes(timezones=st.timezones()).map(str)


@pytest.mark.parametrize(
    ("query", "moment"),
    [
        ("", None),
        ("as_of=", None),
        ("other[version]=1", None),
        ("as_of[version]=007", AtVersion(version=7, param="as_of[version]")),
        ("as_of[position]=1", AtPosition(position=1, param="as_of[position]")),
        ("as_of[time]=1", AtTime(since_ms=1000, until_ms=1999, param="as_of[time]")),
        ("as_of%5Btime%5D=1970-01-01T00:00:01%2B00:00", AtTime(since_ms=1000, until_ms=1000, param="as_of[time]")),
    ],
)
def test_a_moment_is_read_with_the_name_of_its_parameter(query: str, moment: object) -> None:
    assert RETRIEVE_ORDER.read(read_query(query)) == moment


def test_sides_of_a_diff_are_this_order_unless_told_otherwise() -> None:
    sides = ORDER_DIFF.read([], order_id="o")
    assert (sides.before, sides.after) == (Side("o"), Side("o"))
    sides = ORDER_DIFF.read([("to[order_id]", "p"), ("from[version]", "2"), ("to[position]", "3")], order_id="o")
    assert sides.before == Side("o", AtVersion(version=2, param="from[version]"))
    assert sides.after == Side("p", AtPosition(position=3, param="to[position]"))


@pytest.mark.parametrize(
    ("schema", "given_by_caller"),
    [(RETRIEVE_ORDER, {}), (ORDER_DIFF, {"order_id": "o"}), (ORDER_HISTORY, {"zone": UTC})],
    ids=["retrieve", "diff", "history"],
)
@for_all(
    pairs=st.lists(
        st.tuples(st.sampled_from(["as_of", "from", "to", "path", "version"]), st.sampled_from(NAMES), values)
    )
)
def test_whatever_is_sent_is_read_or_refused_by_name(
    schema: OperationSchema[Any], given_by_caller: dict[str, Any], pairs: list[tuple[str, str, str]]
) -> None:
    sent = [(f"{root}[{member}]", value) for root, member, value in pairs]
    refused = refusal(schema, sent, given_by_caller)
    if refused is not None:
        assert isinstance(refused, ParamWrongValue)
        assert refused.param is not None
        assert refused.param.partition("[")[0] in {root for root, _, _ in pairs}


def refusal(
    schema: OperationSchema[Any], sent: list[tuple[str, str]], given_by_caller: dict[str, Any]
) -> InvalidRequest | None:
    """Why it is refused; any other exception is a fault."""
    try:
        schema.read(sent, **given_by_caller)
    except InvalidRequest as refused:
        return refused
    return None
