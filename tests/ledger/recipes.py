"""Random commands that do not know the ledger they will meet: each asks it for ids when its turn comes.

What is drawn never depends on what happened, so that a history that fails is found again and made smaller.
"""

from collections.abc import Callable
from typing import Any, Protocol

from hypothesis import strategies as st
from msgspec import UNSET

from ledger.commands import (
    AssignOrderNumber,
    CancelOrder,
    ChangeSettings,
    Command,
    CreateOrder,
    CreateRefundableCreditNote,
    CreateWebhookEndpoint,
    DeleteOrder,
    DeleteWebhookEndpoint,
    ImportOrder,
    LineResend,
    LineUpdate,
    MarkReady,
    ReconcileInvoice,
    RecordCreditNote,
    RecordGift,
    RecordInvoice,
    RecordSubscription,
    ReopenOrder,
    ResendOrder,
    UpdateOrder,
    UpdateWebhookEndpoint,
)
from ledger.events import OrderChanges
from ledger.parts import Address, AddressChanges, WebhookEndpoint
from ledger.vocabulary import (
    CURRENT_STATUSES,
    LEGACY_STATUSES,
    CancellationReason,
    CreditNoteReason,
    LineItemStatus,
    OrderStatus,
    ReadyDate,
)
from tests.ledger.given import COFFEE, GRINDER, imported, invoice, invoice_line, manual

TOTALS = {"inv_1": 13_000, "inv_2": 750, "inv_3": 10_001}


class Known(Protocol):
    """What a recipe may ask a ledger for. Any number will do: it is taken modulo what there is."""

    def order_id(self, pick: int) -> str:
        """Id of an order, sometimes of none."""

    def line_id(self, order_id: str, pick: int) -> str:
        """Id of a line of the order, sometimes of none."""


Recipe = Callable[[Known], Command]

UNKNOWN = 59
"""The pick of something that is not there."""

picks = st.integers(0, UNKNOWN)
texts = st.sampled_from([None, "a", "b \u00fc\U0001f600"])
times = st.sampled_from([0, 1_600_000_000, 1_700_000_000])
order_ids = st.sampled_from([None, None, "1", "2", "7", "x", "order-1"])
reasons = st.sampled_from([CancellationReason.OTHERS, CancellationReason.OTHERS, CancellationReason.INVOICE_VOIDED])
totals = st.sampled_from([0, 1, 333, 700, 5_000, 99_999])


def _maybe(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.just(UNSET) | st.just(UNSET) | strategy


def _rarely(strategy: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.one_of(*[st.just(UNSET)] * 9, strategy)


def _described(invoice_id: str, version: int) -> RecordInvoice:
    """An invoice of which more gets paid the newer it is, so that what was credited stays within its payments."""
    lines = {
        "inv_1": [COFFEE, GRINDER],
        "inv_2": [invoice_line("li_1", 700, quantity=3), invoice_line("li_2", 50, entity_type="adhoc")],
        "inv_3": [invoice_line("li_1", 5_000), invoice_line("li_2", 5_000), invoice_line("li_3", 1)],
    }[invoice_id]
    total = TOTALS[invoice_id]
    return invoice(
        invoice_id,
        resource_version=version,
        status="paid" if version >= PAID_SINCE else "payment_due",
        line_items=lines,
        total=total,
        amount_paid=total if version >= PAID_SINCE else total * version // PAID_SINCE,
    )


PAID_SINCE = 4
FIRST_INVOICES = (_described("inv_1", PAID_SINCE), _described("inv_2", 1))
FIRST_ORDERS = (
    imported("1", "inv_1"),
    imported("2", "inv_1", status=OrderStatus.DELIVERED),
    imported(None, "inv_2", refundable_credits_issued=3),
    manual("m", "inv_1"),
)


def _recorded(invoice_id: str, version: int) -> Recipe:
    return lambda _: _described(invoice_id, version)


def always(command: Command) -> Recipe:
    """The command itself, whatever the ledger holds."""
    return lambda _: command


def _imported(members: dict[str, Any]) -> Recipe:
    return lambda _: ImportOrder(**members)


def _created(members: dict[str, Any]) -> Recipe:
    return lambda _: CreateOrder(**members)


def _settings(members: dict[str, Any]) -> Recipe:
    return lambda _: ChangeSettings(settings=members)


def _updated(
    order: int, changes: OrderChanges, address: AddressChanges | None, lines: list[tuple[int, dict[str, Any]]]
) -> Recipe:
    def recipe(known: Known) -> Command:
        order_id = known.order_id(order)
        entries = tuple(
            LineUpdate(index=index, id=known.line_id(order_id, pick), **members)
            for index, (pick, members) in enumerate(lines)
        )
        return UpdateOrder(order_id=order_id, changes=changes, shipping_address=address, order_line_items=entries)

    return recipe


def _resent(order: int, reason: str | None, lines: list[tuple[int, int | None]]) -> Recipe:
    def recipe(known: Known) -> Command:
        order_id = known.order_id(order)
        entries = tuple(
            LineResend(index=index, id=known.line_id(order_id, pick), fulfillment_quantity=quantity)
            for index, (pick, quantity) in enumerate(lines)
        )
        return ResendOrder(order_id=order_id, resend_reason=reason, order_line_items=entries)

    return recipe


def _on_order(order: int, kind: Callable[..., Command], members: dict[str, Any]) -> Recipe:
    return lambda known: kind(order_id=known.order_id(order), **members)


def _on_orders(kind: Callable[..., Command], **members: st.SearchStrategy[Any]) -> st.SearchStrategy[Recipe]:
    return st.builds(_on_order, picks, st.just(kind), st.fixed_dictionaries(members))


invoice_ids = st.sampled_from([*TOTALS, *TOTALS, "unknown"])

record_invoices = st.builds(_recorded, st.sampled_from(sorted(TOTALS)), st.sampled_from([1, 2, 3, 4, 5]))
change_settings = st.builds(
    _settings,
    st.fixed_dictionaries(
        {},
        optional={
            "order_number_prefix": st.sampled_from(["", "A"]),
            "order_number_start": st.sampled_from([None, 3]),
            "include_non_shippable": st.booleans(),
            "resend_reasons": st.sampled_from([[], ["a"]]),
            "manual_orders_enabled": st.sampled_from([True, True, True, False]),
        },
    ),
)
creates = st.builds(
    _created,
    st.fixed_dictionaries(
        {"id": order_ids, "invoice_id": invoice_ids, "status": st.sampled_from(sorted(LEGACY_STATUSES)), "note": texts}
    ),
)
imports = st.builds(
    _imported,
    st.fixed_dictionaries(
        {
            "id": order_ids,
            "invoice_id": invoice_ids,
            "status": st.sampled_from([OrderStatus.QUEUED, *sorted(CURRENT_STATUSES)]),
            "created_at": times,
            "order_date": times,
            "shipping_date": times,
            "document_number": st.sampled_from([None, None, None, "1", "2", "A1", "A9"]),
            "refundable_credits_issued": st.sampled_from([0, 0, 0, 100, 99_999]),
            "shipping_address": st.none() | st.builds(Address, city=texts, country=st.sampled_from([None, "DE"])),
        }
    ),
)
updates = st.builds(
    _updated,
    picks,
    st.builds(
        OrderChanges,
        status=_maybe(st.sampled_from(sorted(CURRENT_STATUSES))) | _rarely(st.sampled_from(OrderStatus)),
        note=_maybe(texts),
        shipped_at=_maybe(st.none() | times),
        cancellation_reason=_rarely(st.none() | reasons),
        shipping_date=_maybe(times),
    ),
    st.none() | st.builds(AddressChanges, city=_maybe(texts), state_code=_maybe(st.sampled_from(["CA", "ZZ", None]))),
    st.lists(
        st.tuples(
            picks,
            st.fixed_dictionaries({}, optional={"status": st.sampled_from(LineItemStatus), "sku": texts}),
        ),
        max_size=3,
    ),
)
cancels = _on_orders(CancelOrder, cancellation_reason=reasons, credit_note_total=totals, customer_notes=texts)
credit_notes = _on_orders(
    CreateRefundableCreditNote, reason_code=st.sampled_from(CreditNoteReason), total=totals, comment=texts
)
reopens = _on_orders(ReopenOrder, void_cancellation_credit_notes=st.booleans())
numbers = _on_orders(AssignOrderNumber)
deletes = _on_orders(DeleteOrder)
resends = st.builds(_resent, picks, texts, st.lists(st.tuples(picks, st.sampled_from([None, 0, 1, 2, 9])), max_size=2))


def _adjustment(invoice_id: str, *, total: int) -> RecordCreditNote:
    """A credit note that somebody else made; an adjustment, which takes no refundable credits."""
    described = {"id": "CN-9", "type": "adjustment", "status": "adjusted", "total": total}
    return RecordCreditNote(
        credit_note_id="CN-9", invoice_id=invoice_id, description=described | {"reference_invoice_id": invoice_id}
    )


moves = st.builds(
    _updated,
    picks,
    st.builds(OrderChanges, status=st.sampled_from(sorted(CURRENT_STATUSES))),
    st.none(),
    st.just(list[tuple[int, dict[str, Any]]]()),
)

EVERYTHING: tuple[Recipe, ...] = (
    always(CreateOrder(invoice_id="inv_1")),
    always(CreateOrder(invoice_id="inv_1", id="1")),
    always(ChangeSettings(settings={"order_number_prefix": "A"})),
    always(AssignOrderNumber(order_id="1")),
    always(UpdateOrder(order_id="1", changes=OrderChanges(note="new"))),
    always(UpdateOrder(order_id="1", changes=OrderChanges(status=OrderStatus.DELIVERED))),
    always(UpdateOrder(order_id="1", changes=OrderChanges(status=OrderStatus.RETURNED))),
    always(CreateRefundableCreditNote(order_id="1", reason_code=CreditNoteReason.WAIVER, total=5)),
    always(
        CancelOrder(order_id="1", cancellation_reason=CancellationReason.OTHERS, credit_note_total=7),
    ),
    always(ReopenOrder(order_id="1", void_cancellation_credit_notes=True)),
    always(ReopenOrder(order_id="1")),
    _resent(0, "lost", [(0, 1)]),
    always(ResendOrder(order_id="1")),
    always(DeleteOrder(order_id="1")),
    _recorded("inv_2", PAID_SINCE),
    always(imported("due", "inv_1")),
    always(MarkReady(order_id="due", date=ReadyDate.ORDER_DATE)),
    always(MarkReady(order_id="due", date=ReadyDate.SHIPPING_DATE)),
    always(ChangeSettings(settings={"order_generation_enabled": True})),
    _recorded("inv_3", PAID_SINCE),
    always(ReconcileInvoice(invoice_id="inv_3")),
    always(_adjustment("inv_3", total=3)),
    always(ReconcileInvoice(invoice_id="inv_3")),
    always(RecordSubscription(subscription_id="sub_2", description={"id": "sub_2", "status": "active"})),
    always(
        RecordGift(
            invoice_id="inv_3",
            description={"id": "gift_1", "status": "unclaimed", "gifter": {"invoice_id": "inv_3"}},
        )
    ),
    always(CreateWebhookEndpoint(endpoint=WebhookEndpoint(id="whv2_1", name="shop", url="https://shop.example/"))),
    always(UpdateWebhookEndpoint(endpoint_id="whv2_1", changes={"disabled": True})),
    always(DeleteWebhookEndpoint(endpoint_id="whv2_1")),
)
"""Every event and some refusals, for a ledger that begins with the first invoices and orders."""

births = st.one_of(creates, imports, imports, record_invoices, change_settings)
actions = st.one_of(moves, cancels, reopens, credit_notes, numbers, resends, deletes)
anything = st.one_of(births, updates, actions)


@st.composite
def cancelled_and_reopened(draw: st.DrawFn) -> tuple[Recipe, Recipe]:
    """The same order, cancelled with a little credit and taken up again."""
    order = draw(picks)
    members = {"cancellation_reason": CancellationReason.OTHERS, "credit_note_total": draw(st.integers(0, 3))}
    voiding = {"void_cancellation_credit_notes": draw(st.booleans())}
    return _on_order(order, CancelOrder, members), _on_order(order, ReopenOrder, voiding)
