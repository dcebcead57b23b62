"""What bracketed names mean, in every spelling that clients use and in those that nobody should."""

import pytest

from api.nesting import Nested, Shape, nest
from ledger.errors import ParamWrongValue
from ledger.limits import PARAMETER_INDEX_MAX

SHAPE = Shape(
    flat=frozenset({"note"}),
    groups=frozenset({"address"}),
    lists={"lines": frozenset({"id", "sku"})},
    values=frozenset({"events"}),
)


def _nested(form: str) -> Nested:
    pairs = [field.partition("=") for field in form.split("&")]
    return nest([(name, value) for name, _, value in pairs], SHAPE)


@pytest.mark.parametrize(
    ("form", "data"),
    [
        ("note=1", {"note": "1"}),
        ("note=1&note=2", {"note": "2"}),
        ("note=1&note=", {"note": ""}),
        ("address[city]=x&address[zip]=1", {"address": {"city": "x", "zip": "1"}}),
        ("address[city]=x&address[city]=y", {"address": {"city": "y"}}),
        ("address=", {}),
        ("lines=", {}),
        ("note[x]=1", {}),
        ("note[]=1", {}),
        ("unknown=1&unknown[a]=2&unknown[a][b][c][d][e]=3&unknown[=4", {}),
        ("lines[colour][0]=red", {}),
        ("lines[colour]=red", {}),
    ],
)
def test_flat_names_and_groups(form: str, data: Nested) -> None:
    assert _nested(form) == data


@pytest.mark.parametrize(
    ("form", "lines"),
    [
        ("lines[id][0]=a&lines[sku][0]=x", {0: {"id": "a", "sku": "x"}}),
        ("lines[id][7]=a&lines[id][3]=b&lines[sku][7]=x", {3: {"id": "b"}, 7: {"id": "a", "sku": "x"}}),
        ("lines[id][0]=a&lines[id][0]=b", {0: {"id": "b"}}),
        ("lines[id][00]=a&lines[sku][0]=x", {0: {"id": "a", "sku": "x"}}),
        ("lines[id][]=a&lines[id][]=b&lines[sku][]=x", {0: {"id": "a", "sku": "x"}, 1: {"id": "b"}}),
        ("lines[id]=a&lines[id]=b&lines[sku]=x", {0: {"id": "a", "sku": "x"}, 1: {"id": "b"}}),
        ("lines[id][]=a&lines[id]=b", {0: {"id": "a"}, 1: {"id": "b"}}),
        ("lines[id][]=a&lines[sku][0]=x", {0: {"id": "a", "sku": "x"}}),
    ],
)
def test_lists_in_every_spelling(form: str, lines: Nested) -> None:
    assert _nested(form) == {"lines": lines}


@pytest.mark.parametrize(
    "form",
    [
        "lines[id][0]=a&lines[sku][0]=x&lines[id][]=b&lines[sku][]=y",
        "lines[id][]=b&lines[sku][]=y&lines[id][0]=a&lines[sku][0]=x",
        "lines[id]=b&lines[id][0]=a&lines[sku]=y&lines[sku][0]=x",
    ],
)
def test_in_mixed_spellings_no_value_overwrites_another(form: str) -> None:
    assert _nested(form) == {"lines": {0: {"id": "a", "sku": "x"}, 1: {"id": "b", "sku": "y"}}}


def test_entries_are_in_the_order_of_their_indexes() -> None:
    lines = _nested("lines[id][9]=a&lines[id][0]=b&lines[id][5]=c")["lines"]
    assert list(lines) == [0, 5, 9]


@pytest.mark.parametrize("form", ["events[0]=a&events[1]=b", "events[1]=b&events[0]=a", "events[]=a&events=b"])
def test_lists_of_plain_values(form: str) -> None:
    assert _nested(form) == {"events": {0: "a", 1: "b"}}


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("address", "members"),
        ("lines", "members"),
        ("address[city][x]", "too many brackets"),
        ("address[a][b][c][d][e][f]", "too many brackets"),
        ("lines[0][id]", "index behind the member, as in lines[id][0]"),
        ("lines[0]", "index behind the member"),
        ("lines[][id]", "index behind the member"),
        ("lines[]", "index behind the member"),
        ("lines[id][0][x]", "too many brackets"),
        ("lines[id][x]", "number"),
        ("lines[id][-1]", "number"),
        ("lines[id][1.0]", "number"),
        ("lines[id][\u0661]", "number"),
        ("lines[id][ 1]", "number"),
        (f"lines[id][{PARAMETER_INDEX_MAX + 1}]", "above"),
        ("lines[id][" + "9" * 100_000 + "]", "above"),
        ("events[0][0]", "too many brackets"),
        ("events[a]", "number"),
        ("address[city", "do not match"),
        ("address[city]x", "do not match"),
        ("address[ci]ty]", "do not match"),
        ("lines[id]0]", "do not match"),
        ("lines[id][0", "do not match"),
        ("address" + "[" * 100_000, "do not match"),
        ("lines" + "[id]" * 50_000, "too many brackets"),
    ],
)
def test_a_known_name_in_a_wrong_spelling_is_refused_by_name(name: str, reason: str) -> None:
    with pytest.raises(ParamWrongValue, match=reason.replace("[", r"\[")) as refusal:
        nest([(name, "x")], SHAPE)
    assert refusal.value.param == name[:200]


@pytest.mark.parametrize("name", ["note", "address[city]", "lines[id][0]", "lines[id][]", "events[0]"])
def test_a_nul_character_is_refused_where_it_would_be_stored(name: str) -> None:
    with pytest.raises(ParamWrongValue) as refusal:
        nest([(name, "a\0b")], SHAPE)
    assert refusal.value.param == name
    assert nest([("unknown", "\0"), ("unknown[\0]", "\0")], SHAPE) == {}


def test_the_largest_index_is_taken() -> None:
    assert _nested(f"lines[id][{PARAMETER_INDEX_MAX}]=a") == {"lines": {PARAMETER_INDEX_MAX: {"id": "a"}}}
