"""Text of users on a terminal: nothing but what the eye sees."""

import pytest
from hypothesis import strategies as st

from projections.visible_text import is_visible, visible
from tests.ledger.laws import for_all


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain", "plain"),
        ("", ""),
        ("日本語 الطلب عربي ü 😀", "日本語 الطلب عربي ü 😀"),
        ("a\u3000b\xa0c", "a\u3000b\xa0c"),
        ("\x1b[31mred\x1b]0;title\x07", "\\x1b[31mred\\x1b]0;title\\x07"),
        ("\x9b2J", "\\x9b2J"),
        ("\u202egnp.exe", "\\u202egnp.exe"),
        ("a\r\nb\tc\x7f", "a\\r\\nb\\tc\\x7f"),
        ("\u2028\ufeff\ud800\U000e0001", "\\u2028\\ufeff\\ud800\\U000e0001"),
        ("<script>&amp;", "<script>&amp;"),
    ],
)
def test_what_is_not_for_the_eye_is_spelled_out(text: str, shown: str) -> None:
    assert visible(text) == shown


@for_all(st.text(st.characters()), st.integers(0, 20))
def test_a_text_is_bounded_and_holds_nothing_that_steers(text: str, length: int) -> None:
    shown = visible(text, length)
    assert all(map(is_visible, shown))
    assert not any(ord(char) < 32 or 0x7F <= ord(char) < 0xA0 for char in shown)
    assert shown.endswith("…") == (len(text) > length) or text[:length].endswith("…")
    assert len(shown) <= 10 * length + 1
