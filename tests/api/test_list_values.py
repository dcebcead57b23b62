"""Lists in one parameter, in every spelling (chargebee/conventions.md, section 8)."""

import contextlib
import json

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from marshmallow import ValidationError

from api.schemas.list_values import read_list
from ledger.limits import FILTER_VALUES_MAX

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"))
LISTS = st.lists(TEXTS, min_size=1, max_size=20)


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ('["a","b"]', ("a", "b")),
        ('["a", "b"]', ("a", "b")),
        ("['a', 'b']", ("a", "b")),
        ("[a,b]", ("a", "b")),
        ("[a, b ]", ("a", "b")),
        ("  [ a ]  ", ("a",)),
        ("[1,2]", ("1", "2")),
        ('[1,"2"]', ("1", "2")),
        ("['a', b, \"c\"]", ("a", "b", "c")),
        ("[\"it's\", 'b']", ("it's", "b")),
        (r"['it\'s \"x\"']", ('it\'s "x"',)),
        ("['a,b', '[c]']", ("a,b", "[c]")),
        ("[it's]", ("it's",)),
        ("[a b]", ("a b",)),
        ("[a]b]", ("a]b",)),
        ('[""]', ("",)),
        (r'["\u00fc\ud83d\ude00\n\/"]', ("\u00fc\U0001f600\n/",)),
        (r"['\xfc\U0001f600\t\\']", ("\u00fc\U0001f600\t\\",)),
        ("[\u00fc]", ("\u00fc",)),
        ("['\ufeffa']", ("\ufeffa",)),
    ],
)
def test_a_list_is_read(text: str, values: tuple[str, ...]) -> None:
    assert read_list(text) == values


@pytest.mark.parametrize(
    "text",
    [
        "",
        "a",
        "a,b",
        "[",
        "]",
        "[]",
        "[ ]",
        "[,]",
        "[a,]",
        "[,a]",
        "[a,,b]",
        "(a)",
        '["a"',
        '["a]',
        '["a" "b"]',
        '["a"b]',
        "[['a']]",
        '[{"a":1}]',
        r'["\ud800"]',
        r'["\u0000"]',
        r"['\x00']",
        r"['\U00110000']",
        r"['\q']",
        r"['\u12']",
        "['a\\']",
    ],
)
def test_what_is_no_list_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        read_list(text)


@settings(deadline=None)
@given(LISTS)
@example(["'\"\\", "\x85\u2028\u200b", "\U0001f600"])
def test_what_json_and_python_write_is_read_back(values: list[str]) -> None:
    assert read_list(json.dumps(values)) == tuple(values)
    assert read_list(json.dumps(values, ensure_ascii=False)) == tuple(values)
    assert read_list(repr(values)) == tuple(values)


@settings(deadline=None)
@given(st.text() | TEXTS.map("[{}]".format) | st.text("[]'\"\\,ux0 a").map("[{}]".format))
def test_any_text_is_a_list_or_refused(text: str) -> None:
    with contextlib.suppress(ValidationError):
        assert read_list(text)


@pytest.mark.parametrize(
    "text", ["[" + "," * 8000, "[" + "'" * 8001 + "]", "[" + '"\\' * 4000 + "]", "[" + " " * 8000 + "]"]
)
def test_hostile_lists_are_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        read_list(text)


def test_the_number_of_values_is_bounded() -> None:
    assert len(read_list(f"[{','.join('a' * FILTER_VALUES_MAX)}]")) == FILTER_VALUES_MAX
    with pytest.raises(ValidationError):
        read_list(f"[{','.join('a' * (FILTER_VALUES_MAX + 1))}]")
