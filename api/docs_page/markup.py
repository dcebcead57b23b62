"""HTML as a tree: whatever stands in it is text until ElementTree writes it out, escaped."""

import re
from xml.etree import ElementTree

Element = ElementTree.Element
Inside = Element | str | None

_code = re.compile(r"`([^`]*)`")
_strong = re.compile(r"\*\*([^*]*)\*\*")


def element(name: str, /, *inside: Inside, **attributes: str) -> Element:
    """An element with these texts and elements in it; None is nothing. ``class_`` is the attribute ``class``."""
    made = Element(name, {key.rstrip("_").replace("_", "-"): value for key, value in attributes.items()})
    for each in inside:
        _append(made, each)
    return made


def prose(text: str) -> list[Element]:
    """Paragraphs of a description, where backticks mark code and double asterisks mark what stands out."""
    return [element("p", *inline(paragraph)) for paragraph in text.split("\n\n") if paragraph]


def inline(text: str) -> list[Inside]:
    """One paragraph."""
    pieces: list[Inside] = []
    for place, piece in enumerate(_code.split(text)):
        pieces += [element("code", piece)] if place % 2 else _emphasised(piece)
    return pieces


def written(page: Element) -> str:
    """The page as it is sent."""
    return "<!doctype html>\n" + ElementTree.tostring(page, encoding="unicode", method="html")


def _emphasised(text: str) -> list[Inside]:
    pieces = enumerate(_strong.split(text))
    return [element("strong", piece) if place % 2 else piece for place, piece in pieces]


def _append(parent: Element, inside: Inside) -> None:
    if isinstance(inside, Element):
        parent.append(inside)
    elif inside and len(parent):
        parent[-1].tail = (parent[-1].tail or "") + inside
    elif inside:
        parent.text = (parent.text or "") + inside
