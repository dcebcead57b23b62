"""Every filter of the list of orders, in every spelling that clients send (chargebee/conventions.md, section 8)."""

from itertools import product
from typing import Any
from urllib.parse import quote, quote_plus

import pytest

from api.forms import read_query
from api.parameters import Bracket
from ledger.errors import ParamRequired, ParamWrongValue
from ledger.limits import FILTER_VALUES_MAX
from projections.listing import Filter, Operator, Sort
from tests.contract.contract import CONTRACT, FILTERS, SCHEMAS, read

LIST_SPELLINGS: list[str] = CONTRACT["filter_list_encodings_to_accept"]
OF_TYPE = {"string": "inv_1", "enum": None, "boolean": "true", "timestamp": "1517000000"}
DECLARED = {found.name: found for found in SCHEMAS["list"].parameters if found.bracket is Bracket.FILTER}
EVERY_FILTER = [(name, operator) for name, found in FILTERS.items() for operator in found["operators"]]
NOT_LISTED = [pair for pair in product(FILTERS, [*Operator, "like", ""]) if pair not in EVERY_FILTER]


def _filters(*pairs: tuple[str, str]) -> tuple[Filter, ...]:
    filters: tuple[Filter, ...] = read("list", list(pairs)).query.filters
    return filters


def _value(name: str) -> str:
    return OF_TYPE[FILTERS[name]["type"]] or FILTERS[name]["enum"][0]


def _refused(pairs: list[tuple[str, str]], param: str, operation: str = "list") -> ParamWrongValue:
    with pytest.raises(ParamWrongValue) as refusal:
        read(operation, pairs)
    assert refusal.value.param == param
    return refusal.value


def test_the_schema_declares_the_filters_and_sorts_of_the_contract() -> None:
    sort = CONTRACT["list_filters"]["orders"]["sort_by"]
    wire = {spelling for found in FILTERS.values() for spelling in found["wire"]}
    ours = {"as_of[time]", "as_of[position]"}
    assert set(DECLARED) - ours == wire | {f"sort_by[{direction}]" for direction in sort["orders"]}
    assert list(DECLARED["sort_by[asc]"].choices) == sort["attributes"]


@pytest.mark.parametrize(("name", "operator"), EVERY_FILTER)
def test_a_filter_is_declared_as_in_the_contract_and_read(name: str, operator: str) -> None:
    declared = DECLARED[f"{name}[{operator}]"]
    assert declared.type == FILTERS[name]["type"]
    assert sorted(declared.choices) == sorted(FILTERS[name].get("enum", ()))
    value = _value(name)
    text = {"in": f'["{value}"]', "not_in": f"['{value}']", "between": f"[{value},{value}]"}.get(operator, value)
    (found,) = _filters((f"{name}[{operator}]", text))
    assert (found.field, found.operator) == (name, operator)
    assert len(found.values) == (2 if operator in {"between", "on"} else 1)


@pytest.mark.parametrize(("name", "operator"), NOT_LISTED)
def test_an_operator_that_its_field_does_not_have_is_refused(name: str, operator: str) -> None:
    _refused([(f"{name}[{operator}]", _value(name))], f"{name}[{operator}]")


@pytest.mark.parametrize(("name", "operator"), EVERY_FILTER)
def test_a_filter_without_a_value_is_refused_as_blank(name: str, operator: str) -> None:
    assert isinstance(_refused([(f"{name}[{operator}]", "")], f"{name}[{operator}]"), ParamRequired)


@pytest.mark.parametrize("name", FILTERS)
def test_a_filter_without_an_operator_is_refused(name: str) -> None:
    _refused([(name, "x")], name)


def test_an_endless_operator_is_cut_in_the_error() -> None:
    assert len(_refused([(f"status[{'x' * 5000}]", "queued")], f"status[{'x' * 193}").message) < 500


def test_a_field_that_is_not_filtered_by_is_ignored() -> None:
    assert _filters(("customer_id[is]", "x"), ("planet[in]", "not a list")) == ()


@pytest.mark.parametrize("spelling", [text for text in LIST_SPELLINGS if "queued" in text])
def test_a_list_of_statuses_is_read_in_every_spelling(spelling: str) -> None:
    assert _filters(("status[in]", spelling)) == (Filter("status", Operator.IN, ("queued", "shipped")),)


@pytest.mark.parametrize("spelling", [text for text in LIST_SPELLINGS if "1517" in text])
def test_a_pair_of_times_is_read_in_every_spelling(spelling: str) -> None:
    assert _filters(("created_at[between]", spelling)) == (
        Filter("created_at", Operator.BETWEEN, (1517000000, 1518000000)),
    )


@pytest.mark.parametrize("spelling", LIST_SPELLINGS)
@pytest.mark.parametrize("escape", [quote, quote_plus, str])
def test_a_list_is_read_from_a_query_however_it_is_escaped(spelling: str, escape: Any) -> None:
    name = "status[in]" if "queued" in spelling else "paid_on[between]"
    query = f"{escape(name)}={escape(spelling)}"
    assert read("list", read_query(query)) == read("list", [(name, spelling)])


def test_statuses_are_read_in_any_letter_case_and_once() -> None:
    assert _filters(("status[not_in]", "[\"QUEUED\",queued,'Shipped']"))[0].values == ("queued", "shipped")


def test_ids_are_taken_as_they_are() -> None:
    ids = ["A,b", "[x]", 'q"uote', "it's", "\u00fc\U0001f600", " blank ", "back\\slash"]
    assert _filters(("id[in]", repr(ids)))[0].values == tuple(ids)


@pytest.mark.parametrize(
    ("param", "text"),
    [
        ("status[in]", "queued"),
        ("status[in]", "queued,shipped"),
        ("status[in]", "["),
        ("status[in]", "[]"),
        ("status[in]", "[queued"),
        ("status[in]", "[queued,]"),
        ("status[in]", '["queued" "shipped"]'),
        ("status[in]", "[unheard_of]"),
        ("status[is]", "unheard_of"),
        ("status[is]", "[queued]"),
        ("id[in]", '{"a":1}'),
        ("is_resent[is]", "maybe"),
        ("created_at[after]", "yesterday"),
        ("created_at[after]", "1517000000000"),
        ("created_at[on]", "[1,2]"),
        ("created_at[between]", "[1]"),
        ("created_at[between]", "[1,2,3]"),
        ("created_at[between]", "[2,1]"),
        ("created_at[between]", "[1.0,2.0]"),
        ("created_at[between]", "1,2"),
        ("sort_by[asc]", "id"),
        ("sort_by[up]", "created_at"),
        ("limit", "0"),
        ("limit", "101"),
        ("limit", "ten"),
        ("offset", "x" * 1001),
    ],
)
def test_a_value_that_cannot_be_read_is_refused_by_name(param: str, text: str) -> None:
    _refused([(param, text)], param)


def test_the_number_of_values_is_bounded() -> None:
    numbers = [f'"{number}"' for number in range(FILTER_VALUES_MAX + 1)]
    assert len(_filters(("id[in]", f"[{','.join(numbers[:-1])}]"))[0].values) == FILTER_VALUES_MAX
    _refused([("id[in]", f"[{','.join(numbers)}]")], "id[in]")


def test_a_pair_of_equal_times_is_one_second() -> None:
    assert _filters(("paid_on[between]", "[7,7]"))[0].values == (7, 7)


def test_sorting_is_by_creation_unless_said_otherwise() -> None:
    assert read("list", []).query.sort == Sort("created_at", descending=False)
    assert read("list", [("sort_by[desc]", "updated_at")]).query.sort == Sort("updated_at", descending=True)


def test_two_sorts_contradict_each_other() -> None:
    _refused([("sort_by[asc]", "created_at"), ("sort_by[desc]", "updated_at")], "sort_by[desc]")


def test_filters_of_one_list_are_all_kept() -> None:
    found = _filters(
        ("updated_at[after]", "1"), ("updated_at[before]", "9"), ("status[is]", "NEW"), ("id[starts_with]", "a")
    )
    assert found == (
        Filter("id", Operator.STARTS_WITH, ("a",)),
        Filter("status", Operator.IS, ("new",)),
        Filter("updated_at", Operator.AFTER, (1,)),
        Filter("updated_at", Operator.BEFORE, (9,)),
    )


def test_a_page_has_ten_orders_and_no_deleted_ones_unless_said_otherwise() -> None:
    query = read("list", [("limit", ""), ("include_deleted", ""), ("offset", "")]).query
    assert (query.limit, query.include_deleted, query.exclude_deleted_credit_notes, query.start) == (
        10,
        False,
        False,
        None,
    )
    query = read(
        "list", [("limit", "100"), ("include_deleted", "True"), ("exclude_deleted_credit_notes", "TRUE")]
    ).query
    assert (query.limit, query.include_deleted, query.exclude_deleted_credit_notes) == (100, True, True)


def test_orders_of_an_invoice_come_latest_first_and_take_no_filters() -> None:
    request = read("orders_for_invoice", [("limit", "3"), ("status[is]", "new"), ("sort_by[asc]", "id")])
    assert request.query.filters == (Filter("invoice_id", Operator.IS, ("inv_1",)),)
    assert request.query.sort == Sort("created_at", descending=True)
    assert request.query.limit == 3
    _refused([("limit", "0")], "limit", operation="orders_for_invoice")
