"""What differs between a row of the view and the log is told in plain values."""

from ledger.vocabulary import OrderStatus
from projections.rebuild.comparison import RowDifference
from projections.rebuild.folding import COLUMNS


def test_a_changed_column_is_told_as_the_database_has_it() -> None:
    shown = dict.fromkeys(COLUMNS, "x") | {"status": "cancelled", "document": b"{}"}
    truth = shown | {"status": OrderStatus.DELIVERED}
    [change] = RowDifference("first", tuple(shown.values()), tuple(truth.values())).changes
    assert (change.path, repr(change.before), repr(change.after)) == ("column.status", "'cancelled'", "'delivered'")
