"""Text of users, made safe to show: what would steer a terminal or turn the reading direction is spelled out."""

import unicodedata

# Controls, formats (direction overrides among them), surrogates, private and unassigned; line and paragraph ends.
_SPELLED_OUT = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp"})


def visible(text: str, length_max: int | None = None) -> str:
    r"""The text with every character that is none for the eye as its escape: ``\x1b``, ``\u202e``, ``\n``.

    Args:
        length_max: characters of the text that are shown; a longer one ends in an ellipsis.
    """
    is_cut = length_max is not None and len(text) > length_max
    shown = text[:length_max] if is_cut else text
    if not shown.isprintable():
        shown = "".join(map(_spelled, shown))
    return f"{shown}…" if is_cut else shown


def is_visible(char: str) -> bool:
    """Whether a character shows as itself and does nothing else."""
    return char.isprintable() or unicodedata.category(char) not in _SPELLED_OUT


def _spelled(char: str) -> str:
    return char if is_visible(char) else char.encode("unicode_escape").decode("ascii")
