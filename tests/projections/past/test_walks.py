"""How far a walk goes on: by what it has seen so far."""

import pytest

from ledger.limits import INTEGER_MAX
from projections.past.walks import Seen


@pytest.mark.parametrize(
    ("seen", "rows"),
    [
        (Seen(), 101),
        (Seen(100, 100), 1),
        (Seen(100, 101), 0),
        (Seen(121, 40), 185),
        (Seen(400, 1), 40_000),
        (Seen(400, 0), INTEGER_MAX),
    ],
)
def test_a_page_of_a_hundred_takes_as_many_more_rows_as_were_wanted_so_far(seen: Seen, rows: int) -> None:
    assert seen.rows_until_full(100) == rows
