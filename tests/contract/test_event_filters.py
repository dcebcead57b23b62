"""Every parameter and filter of the list of events, as the contract has them (chargebee/events.md, section 2)."""

from itertools import product

import pytest

from api.parameters import Bracket
from api.schemas.events import LIST_EVENTS
from ledger.errors import ParamRequired, ParamWrongValue
from projections.chargebee_events.query import EventQuery
from projections.listing import Filter, Operator
from tests.contract.contract import CONTRACT, OPERATIONS, UTC

LIST = CONTRACT["list_filters"]["events"]
FILTERS = LIST["filters"]
DECLARED = {found.name: found for found in LIST_EVENTS.parameters}
EVERY_FILTER = [(name, operator) for name, found in FILTERS.items() for operator in found["operators"]]
NOT_LISTED = [pair for pair in product(FILTERS, [*Operator, "like", ""]) if pair not in EVERY_FILTER]
VALUES = {
    "id": "ev_1",
    "webhook_status": "failed",
    "event_type": "gift_claimed",
    "source": "system",
    "occurred_at": "1517000000",
}


def read(*pairs: tuple[str, str]) -> EventQuery:
    return LIST_EVENTS.read(list(pairs), zone=UTC).query


def test_the_schema_declares_the_parameters_of_the_contract() -> None:
    flat = {name for name, found in DECLARED.items() if found.bracket is Bracket.FLAT}
    assert flat == {found["name"] for found in OPERATIONS["events.list"]["params"]}
    for found in OPERATIONS["events.list"]["params"]:
        declared = DECLARED[found["name"]]
        assert (declared.type, declared.required) == (found["type"], found["required"])
        assert declared.max_length == found.get("max_length")
        if "max" in found:
            assert (declared.minimum, declared.maximum) == (found["min"], found["max"])
    wire = {spelling for found in FILTERS.values() for spelling in found["wire"]}
    sorts = {f"sort_by[{direction}]" for direction in LIST["sort_by"]["orders"]}
    assert set(DECLARED) - flat == wire | sorts
    assert list(DECLARED["sort_by[asc]"].choices) == LIST["sort_by"]["attributes"]


@pytest.mark.parametrize(("name", "operator"), EVERY_FILTER)
def test_a_filter_is_declared_as_in_the_contract_and_read(name: str, operator: str) -> None:
    declared, wanted = DECLARED[f"{name}[{operator}]"], FILTERS[name].get("enum", ())
    choices = CONTRACT["event_types"]["all"] if isinstance(wanted, str) else wanted
    assert declared.type == FILTERS[name]["type"]
    assert sorted(declared.choices) == sorted(choices)
    value = VALUES[name]
    text = {"in": f'["{value}"]', "not_in": f"['{value}']", "between": f"[{value},{value}]"}.get(operator, value)
    (found,) = read((f"{name}[{operator}]", text)).filters
    assert (found.field, found.operator) == (name, operator)
    assert len(found.values) == (2 if operator in {"between", "on"} else 1)


@pytest.mark.parametrize(("name", "operator"), NOT_LISTED)
def test_an_operator_that_its_field_does_not_have_is_refused(name: str, operator: str) -> None:
    with pytest.raises(ParamWrongValue) as refusal:
        read((f"{name}[{operator}]", VALUES[name]))
    assert refusal.value.param == f"{name}[{operator}]"


@pytest.mark.parametrize(("name", "operator"), EVERY_FILTER)
def test_a_filter_without_a_value_is_refused_as_blank(name: str, operator: str) -> None:
    with pytest.raises(ParamRequired):
        read((f"{name}[{operator}]", ""))


@pytest.mark.parametrize("name", ["webhook_status", "event_type", "source"])
def test_names_are_read_in_any_letter_case_and_in_ascii_alone(name: str) -> None:
    value = VALUES[name]
    for spelling in (value, value.upper(), value.title()):
        assert read((f"{name}[is]", spelling)).filters == (Filter(name, Operator.IS, (value,)),)
    for wrong in (f"{value} ", f" {value}", value.replace("s", "\u017f").replace("i", "\u0131"), "0"):
        with pytest.raises(ParamWrongValue):
            read((f"{name}[is]", wrong))


def test_the_older_bounds_include_their_seconds() -> None:
    assert read(("start_time", "7"), ("end_time", "9")).filters == (
        Filter("occurred_at", Operator.AFTER, (6,)),
        Filter("occurred_at", Operator.BEFORE, (10,)),
    )
    assert read(("start_time", ""), ("end_time", "")).filters == ()


def test_the_latest_come_first_unless_said_otherwise_and_ten_to_a_page() -> None:
    assert (read().descending, read().limit) == (True, 10)
    assert read(("sort_by[asc]", "occurred_at")).descending is False
    assert read(("sort_by[desc]", "occurred_at")).descending is True


def test_a_field_that_is_not_filtered_by_is_ignored() -> None:
    assert read(("user[is]", "x"), ("start_time[x]", "1")).filters == ()
