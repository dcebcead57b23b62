"""The lines of an export (ledger/merkle/export_line.py)."""

import json

import pytest
from hypothesis import strategies as st

from ledger.ids import Position
from ledger.merkle.export_line import MalformedLine, decode_export_line, encode_export_line
from tests.ledger.laws import for_all
from tests.ledger.merkle.given import log_of


def test_a_line_is_a_position_and_the_exact_body_as_text() -> None:
    for event in log_of(5):
        line = encode_export_line(event.position, event.body)
        members = json.loads(line)
        assert members == {"position": event.position, "body": event.body.decode()}
        assert line.endswith(b"}\n")
        assert line.count(b"\n") == 1
        assert decode_export_line(line) == (event.position, event.body)


@for_all(position=st.integers(1, 2**63 - 1), body=st.text(st.characters(exclude_categories=["Cs"]), max_size=50))
def test_a_line_is_read_back_as_it_was_written(position: int, body: str) -> None:
    line = encode_export_line(Position(position), body.encode())
    assert decode_export_line(line) == (position, body.encode())


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"{}",
        b"[]",
        b'{"position":1}',
        b'{"body":""}',
        b'{"position":"1","body":""}',
        b'{"position":1,"body":{}}',
        b'{"position":1,"body":"","leaf":""}',
        b'{"position":1,"body":"\xff"}',
        b'{"position":1,"body":""}x',
    ],
)
def test_what_is_no_line_is_refused(line: bytes) -> None:
    with pytest.raises(MalformedLine):
        decode_export_line(line)
