"""Documents that are made from the one before are the ones that are made alone."""

from hypothesis import strategies as st
from msgspec.structs import replace

from ledger.order import Order
from projections.history.document_shape import LISTS, plain_document
from projections.history.successive_documents import SuccessiveDocuments
from tests.ledger.laws import for_all
from tests.projections.random_orders import orders


@st.composite
def lives(draw: st.DrawFn) -> list[Order]:
    """States of which each shares some lists with the one before, and one that comes again."""
    states = [draw(orders)]
    for _ in range(draw(st.integers(1, 3))):
        shared = draw(st.lists(st.sampled_from([*LISTS, "order_line_items", "price_type"]), unique=True))
        fresh = draw(orders)
        states.append(replace(fresh, **{name: getattr(states[-1], name) for name in shared}))
    return [*states, states[draw(st.integers(0, len(states) - 1))]]


@for_all(lives())
def test_a_document_is_the_same_whatever_was_made_before(states: list[Order]) -> None:
    documents = SuccessiveDocuments()
    for order in states:
        assert documents.of(order) == plain_document(order)
    # What was given away before is not touched by what came later.
    assert [documents.of(order) for order in states[-2:]] == [plain_document(order) for order in states[-2:]]


@for_all(orders, st.text(max_size=5))
def test_lists_that_two_states_share_are_written_out_once(order: Order, note: str) -> None:
    documents = SuccessiveDocuments()
    first, second = documents.of(order), documents.of(replace(order, note=note))
    for name in LISTS:
        assert first.get(name) is second.get(name)
