"""Every fault has a kind, a sentence and a form in JSON (ledger/merkle/faults.py)."""

import json
from dataclasses import fields
from typing import Any, get_args

import pytest

from ledger.merkle import faults
from ledger.merkle.faults import Fault, as_document, kind_of

EXAMPLES: dict[Any, Any] = {int: 7, str: "text", bytes: bytes(32)}


def example(kind: Any) -> Fault:
    """A fault of a kind, with a value of its type for each member."""
    values = [next(value for of, value in EXAMPLES.items() if of in _types(member.type)) for member in fields(kind)]
    fault: Fault = kind(*values)
    return fault


def _types(annotation: Any) -> tuple[Any, ...]:
    return get_args(annotation) or (annotation,)


@pytest.mark.parametrize("kind", get_args(Fault), ids=lambda kind: kind.__name__)
def test_a_fault_says_what_is_wrong_in_a_sentence(kind: Any) -> None:
    fault = example(kind)
    assert fault.sentence[0].isupper()
    assert fault.sentence.endswith(".")
    assert "{" not in fault.sentence
    assert "b'" not in fault.sentence


@pytest.mark.parametrize("kind", get_args(Fault), ids=lambda kind: kind.__name__)
def test_a_fault_can_be_written_as_json(kind: Any) -> None:
    document = as_document(example(kind))
    assert json.loads(json.dumps(document)) == document
    assert document["kind"] == kind_of(example(kind))
    assert set(document) == {"kind", "sentence"} | {member.name for member in fields(kind)}


def test_the_set_is_closed_and_listed_in_the_module() -> None:
    names = {kind.__name__ for kind in get_args(Fault)}
    defined = {name for name, value in vars(faults).items() if hasattr(value, "sentence") and not name.startswith("_")}
    assert names == defined
    assert all(name in (faults.__doc__ or "") for name in names)


def test_kinds_are_words_of_a_machine() -> None:
    assert kind_of(faults.AheadOfLog("anchor", 2, 1)) == "ahead_of_log"


def test_sentences_name_what_is_missing_and_what_comes_again() -> None:
    assert faults.PositionBreaks(5, 6).sentence == "Event 5 is missing: event 6 stands in its place."
    assert faults.PositionBreaks(6, 5).sentence == "Event 5 comes again where event 6 should stand."
    assert "version 2 of order-1 comes again" in faults.VersionBreaks(9, "order-1", 3, 2).sentence
    assert "names none" in faults.LinkBreaks(2, "order-1", None, "ab").sentence
