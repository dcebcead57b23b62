"""Every error condition of the contract over real HTTP (chargebee/orders.md, section 7), one test for each."""

import pytest

from api.services import Services
from ledger.batch import Append, Outcome
from ledger.envelope import EventMapper, Metadata
from ledger.events import OrderFacts, OrderImported
from ledger.ids import Site, order_stream
from ledger.limits import COMMAND_ATTEMPTS_MAX, RESENDS_PER_ORDER_MAX
from ledger.order import evolve
from ledger.parts import LinkedCreditNote
from ledger.vocabulary import CreditNoteStatus, CreditNoteType, OrderStatus, OrderType, PriceType
from projections.order_row import order_row
from tests.api.requests import Client
from tests.contract.contract import CONTRACT
from tests.contract.http.conditions import CONDITIONS, TESTED, Condition, condition, condition_of
from tests.contract.http.conftest import ChangeSettings
from tests.contract.http.orders import cancelled, created, deleted, imported, resent, voided
from tests.contract.http.wire import CHANGING, Answer, get, post

NEEDED_TO_IMPORT = {
    "invoice_id": "inv_0001",
    "status": "queued",
    "created_at": "1517000000",
    "order_date": "1517000000",
    "shipping_date": "1517000000",
}
NEEDED = {
    "create": {"invoice_id": "inv_0001"},
    "import_order": NEEDED_TO_IMPORT,
    "cancel": {"cancellation_reason": "others"},
    "create_refundable_credit_note": {"credit_note[reason_code]": "other", "credit_note[total]": "1"},
}

WRONG_VALUES = [
    ("create", "note", "x" * 601),
    ("create", "status", "queued"),
    ("update", "shipped_at", "soon"),
    ("update", "status", "lost"),
    ("update", "order_line_items[sku][0]", "x" * 251),
    ("import_order", "status", "new"),
    ("import_order", "refundable_credits_issued", "-1"),
    ("cancel", "cancellation_reason", "boredom"),
    ("cancel", "credit_note[total]", "-100"),
    ("create_refundable_credit_note", "credit_note[total]", "1.50"),
    ("create_refundable_credit_note", "credit_note[reason_code]", "no reason"),
    ("reopen", "void_cancellation_credit_notes", "perhaps"),
    ("resend", "resend_reason", "x" * 101),
    ("resend", "order_line_items[fulfillment_quantity][0]", "-1"),
    ("list", "limit", "ten"),
    ("orders_for_invoice", "offset", "x" * 1001),
]


async def send(client: Client, operation: str, order_id: str = "", **params: str) -> Answer:
    """A request with all that the operation needs, and these parameters in place of it."""
    return await post(client, operation, {**NEEDED.get(operation, {}), **params}.items(), order_id)


@condition("order unknown or deleted", "every POST and GET by id")
async def test_an_order_that_is_unknown_or_deleted_is_not_found(client: Client, told: Condition) -> None:
    gone = (await deleted(client))["id"]
    for order_id in ("nobody", gone, "x" * 41, "\u00fc/\u00fc"):
        told(await get(client, "retrieve", resource_id=order_id))
        for operation in CHANGING:
            told(await send(client, operation, order_id))


@condition("a parameter too long, not a number, outside its enum, negative money", "every call")
async def test_a_value_that_its_parameter_does_not_take_is_refused(client: Client, told: Condition) -> None:
    order = await imported(client)
    line = {"order_line_items[id][0]": order["order_line_items"][0]["id"]}
    for operation, param, value in WRONG_VALUES:
        if operation in {"list", "orders_for_invoice"}:
            answer = await get(client, operation, [(param, value)], "inv_0001")
        else:
            others = line if param.startswith("order_line_items") else {}
            answer = await send(client, operation, order["id"], **others, **{param: value})
        told(answer, param)


@condition("lost a race on the same order after internal retries", "every POST by id")
async def test_a_race_that_is_lost_again_and_again_is_a_lock_timeout(
    client: Client, told: Condition, services: Services, monkeypatch: pytest.MonkeyPatch
) -> None:
    order_id = (await cancelled(client))["id"]
    attempts: list[Append] = []

    async def lose(append: Append) -> Outcome:
        attempts.append(append)
        return Outcome.CONFLICT

    monkeypatch.setattr(services.appender, "append", lose)
    for operation, params in {
        "update": {"note": "x"},
        "assign_order_number": {},
        "create_refundable_credit_note": {},
        "reopen": {},
        "delete": {},
    }.items():
        answer = await send(client, operation, order_id, **params)
        told(answer)
        assert int(answer.headers["Retry-After"]) >= 1
        assert len(attempts) == COMMAND_ATTEMPTS_MAX
        attempts.clear()


@condition("required parameter missing or blank", "create", "import_order")
@pytest.mark.parametrize("operation", ["create", "import_order"])
async def test_a_required_parameter_that_is_missing_or_blank_is_refused(
    client: Client, told: Condition, operation: str
) -> None:
    for param in NEEDED[operation]:
        others = [pair for pair in NEEDED[operation].items() if pair[0] != param]
        for pairs in (others, [*others, (param, "")], [*others, (param, "  ")]):
            body = told(await post(client, operation, pairs), param)
            assert body["error_code"] == "param_required"


@condition("invoice unknown", "create", "import_order")
async def test_an_unknown_invoice_is_not_found(client: Client, told: Condition) -> None:
    for operation in ("create", "import_order"):
        answer = await send(client, operation, invoice_id="INV_0001")
        told(answer, "invoice_id")


@condition("id taken", "create", "import_order")
async def test_an_id_that_is_taken_is_a_duplicate_also_when_its_order_is_deleted(
    client: Client, told: Condition
) -> None:
    taken = [(await created(client, id="mine"))["id"], (await imported(client))["id"], (await deleted(client))["id"]]
    for order_id in taken:
        for operation in ("create", "import_order"):
            told(await send(client, operation, id=order_id), "id")


@condition("manual orders switched off on the site", "create")
async def test_a_manual_order_is_refused_where_they_are_switched_off(
    client: Client, told: Condition, change_settings: ChangeSettings
) -> None:
    await change_settings(manual_orders_enabled=False)
    told(await send(client, "create"))
    assert (await send(client, "import_order")).order["order_type"] == "system_generated"
    await change_settings(manual_orders_enabled=True)
    assert (await send(client, "create")).order["order_type"] == "manual"


@condition("document_number taken", "import_order")
async def test_a_document_number_that_is_taken_is_a_duplicate(client: Client, told: Condition) -> None:
    given = (await imported(client, document_number="A-7"))["document_number"]
    assigned = (await send(client, "assign_order_number", (await created(client))["id"])).order["document_number"]
    for number in (given, assigned):
        answer = await send(client, "import_order", document_number=number)
        told(answer, "document_number")


@condition("document_number at or above the configured series", "import_order")
async def test_a_document_number_of_the_series_is_refused(
    client: Client, told: Condition, change_settings: ChangeSettings
) -> None:
    await change_settings(order_number_prefix="ORDER", order_number_start=1000)
    for number in ("ORDER1000", "ORDER1001", "ORDER99999999999999999999"):
        answer = await send(client, "import_order", document_number=number)
        told(answer, "document_number")
    assert (await imported(client, document_number="ORDER999"))["document_number"] == "ORDER999"
    assert (await imported(client, document_number="1000"))["document_number"] == "1000"


@condition("subscription_id or customer_id differs from the invoice", "import_order")
async def test_another_owner_than_the_invoices_is_refused(client: Client, told: Condition) -> None:
    for param in ("subscription_id", "customer_id"):
        answer = await send(client, "import_order", **{param: "somebody_else"})
        told(answer, param)
    assert (await imported(client, subscription_id="sub_ada", customer_id="cust_ada"))["customer_id"] == "cust_ada"


@condition("refundable_credits_issued above the paid amount", "import_order")
async def test_more_credits_than_were_paid_are_refused(client: Client, told: Condition) -> None:
    for invoice_id, paid in (("inv_0001", 10900), ("inv_0006", 0), ("inv_0009", 0)):
        params = {"invoice_id": invoice_id, "refundable_credits_issued": str(paid + 1)}
        answer = await send(client, "import_order", **params)
        told(answer, "refundable_credits_issued")
    assert (await imported(client, refundable_credits_issued="10900"))["refundable_credits"] == 0


@condition("status change not in the transition table, or on a cancelled order", "update")
async def test_a_status_that_may_not_follow_is_refused(client: Client, told: Condition) -> None:
    told(await send(client, "update", (await imported(client))["id"], status="returned"))
    told(await send(client, "update", (await imported(client, status="returned"))["id"], status="queued"))
    told(await send(client, "update", (await voided(client))["id"], status="new"))
    gone = (await cancelled(client))["id"]
    for params in ({"status": "queued"}, {"shipping_date": "1"}, {"order_date": "1"}, {"shipped_at": "1"}):
        told(await send(client, "update", gone, **params))


@condition("legacy-only status on an order that is not manual", "update")
async def test_a_status_of_manual_orders_is_refused_for_others(client: Client, told: Condition) -> None:
    original, again = await resent(client)
    for order_id in ((await imported(client))["id"], again["id"], original["id"]):
        for status in ("new", "processing", "complete", "VOIDED"):
            answer = await send(client, "update", order_id, status=status)
            told(answer, "status")


@condition("cancellation_reason or cancelled_at while the order is not and does not become cancelled", "update")
async def test_what_belongs_to_a_cancellation_is_refused_without_one(client: Client, told: Condition) -> None:
    for order in (await created(client), await imported(client)):
        for param, value in (("cancellation_reason", "others"), ("cancelled_at", "1517000000")):
            told(await send(client, "update", order["id"], **{param: value}), param)
            told(await send(client, "update", order["id"], status="delivered", **{param: value}), param)


@condition("line entry without id", "update")
async def test_a_line_entry_without_an_id_is_refused_on_its_id(client: Client, told: Condition) -> None:
    order = await imported(client)
    line = {"order_line_items[id][0]": order["order_line_items"][0]["id"]}
    for entry in (
        {"order_line_items[status][3]": "shipped"},
        {"order_line_items[sku][3]": "A", "order_line_items[id][3]": ""},
        {**line, "order_line_items[sku][3]": "A"},
    ):
        answer = await send(client, "update", order["id"], **entry)
        told(answer, "order_line_items[id][3]")


@condition("line id not of this order", "update", "resend")
async def test_a_line_of_another_order_is_not_found(client: Client, told: Condition) -> None:
    order, other = await imported(client), await imported(client)
    for operation in ("update", "resend"):
        for line in (other["order_line_items"][0]["id"], "nobody"):
            form = {"order_line_items[id][1]": order["order_line_items"][0]["id"], "order_line_items[id][2]": line}
            answer = await send(client, operation, order["id"], **form)
            told(answer, "order_line_items[id][2]")


@condition("country not an ISO code", "update", "import_order")
async def test_a_country_that_is_no_iso_code_is_refused(client: Client, told: Condition) -> None:
    order_id = (await created(client))["id"]
    for country in ("Germany", "USA", "ZZ", "49"):
        for root in ("shipping_address", "billing_address"):
            param = f"{root}[country]"
            told(await send(client, "import_order", **{param: country}), param)
        param = "shipping_address[country]"
        told(await send(client, "update", order_id, **{param: country}), param)


@condition("cancellation_reason missing", "cancel")
async def test_a_cancellation_without_a_reason_is_refused(client: Client, told: Condition) -> None:
    order_id = (await imported(client))["id"]
    for pairs in ([], [("cancellation_reason", "")], [("comment", "no reason")]):
        answer = await post(client, "cancel", pairs, order_id)
        body = told(answer, "cancellation_reason")
        assert body["error_code"] == "param_required"


@condition("order cancelled or voided already", "cancel")
async def test_what_is_cancelled_or_voided_cannot_be_cancelled(client: Client, told: Condition) -> None:
    for order in (await cancelled(client), await voided(client), (await resent(client))[0]):
        answer = await send(client, "cancel", order["id"])
        told(answer)


@condition("total above refundable_credits", "cancel", "create_refundable_credit_note")
async def test_more_credit_than_is_refundable_is_refused(client: Client, told: Condition) -> None:
    order = await imported(client)
    above = {"credit_note[total]": str(order["refundable_credits"] + 1)}
    for operation in ("create_refundable_credit_note", "cancel"):
        told(await send(client, operation, order["id"], **above), "credit_note[total]")
    # What one order of the invoice was credited is gone for the other.
    other = await imported(client)
    most = {"credit_note[total]": str(order["refundable_credits"])}
    assert (await send(client, "create_refundable_credit_note", order["id"], **most)).order["refundable_credits"] == 0
    for operation in ("create_refundable_credit_note", "cancel"):
        answer = await send(client, operation, other["id"], **{"credit_note[total]": "1"})
        told(answer, "credit_note[total]")
    manual = await created(client)
    told(await send(client, "cancel", manual["id"], **{"credit_note[total]": "1"}), "credit_note[total]")


@condition("credit_note[reason_code] or credit_note[total] missing", "create_refundable_credit_note")
async def test_a_credit_note_without_reason_or_total_is_refused(client: Client, told: Condition) -> None:
    order_id = (await imported(client))["id"]
    operation = "create_refundable_credit_note"
    reason, total = ("credit_note[reason_code]", "other"), ("credit_note[total]", "1")
    told(await post(client, operation, [], order_id), reason[0])
    told(await post(client, operation, [("credit_note", "")], order_id), reason[0])
    told(await post(client, operation, [total], order_id), reason[0])
    told(await post(client, operation, [total, (reason[0], "")], order_id), reason[0])
    told(await post(client, operation, [reason], order_id), total[0])
    told(await post(client, operation, [reason, (total[0], "")], order_id), total[0])


@condition("total is 0", "create_refundable_credit_note")
async def test_a_credit_note_over_nothing_is_refused(client: Client, told: Condition) -> None:
    order_id = (await imported(client))["id"]
    for zero in ("0", "000"):
        answer = await send(client, "create_refundable_credit_note", order_id, **{"credit_note[total]": zero})
        told(answer, "credit_note[total]")


@condition("order without amounts or not paid", "create_refundable_credit_note")
async def test_what_has_no_amounts_or_is_not_paid_cannot_be_credited(client: Client, told: Condition) -> None:
    for order in (await created(client), await imported(client, "inv_0006")):
        answer = await send(client, "create_refundable_credit_note", order["id"])
        told(answer)


@condition("order not cancelled", "reopen")
async def test_what_is_not_cancelled_cannot_be_reopened(client: Client, told: Condition) -> None:
    delivered = await imported(client, status="delivered")
    for order in (await created(client), await imported(client), delivered, await voided(client)):
        told(await send(client, "reopen", order["id"]))


@condition("cancelled for invoice_voided, invoice_written_off or order_resent", "reopen")
async def test_what_was_cancelled_for_good_cannot_be_reopened(client: Client, told: Condition) -> None:
    for reason in ("invoice_voided", "INVOICE_WRITTEN_OFF", "order_resent"):
        order_id = (await imported(client))["id"]
        assert (await send(client, "cancel", order_id, cancellation_reason=reason)).status == 200
        told(await send(client, "reopen", order_id))
    told(await send(client, "reopen", (await resent(client))[0]["id"]))


@condition("order not imported", "delete")
async def test_what_was_not_imported_cannot_be_deleted(client: Client, told: Condition) -> None:
    for order in (await created(client), (await resent(client))[1]):
        told(await send(client, "delete", order["id"]))


@condition("a linked refundable credit note is refunded", "delete")
async def test_what_was_refunded_cannot_be_deleted(
    client: Client, told: Condition, services: Services, site: Site
) -> None:
    await _append_an_order_with_a_credit_note(services, site, "refunded", CreditNoteStatus.REFUNDED)
    answer = await send(client, "delete", "refunded")
    told(answer)
    await _append_an_order_with_a_credit_note(services, site, "due", CreditNoteStatus.REFUND_DUE)
    assert (await send(client, "delete", "due")).order["deleted"] is True


@condition("order cancelled, voided, fully resent, or without line items", "resend")
async def test_what_has_nothing_to_send_cannot_be_resent(client: Client, told: Condition) -> None:
    without_lines = await imported(client, "inv_0010")
    original, _ = await resent(client)
    for order in (await cancelled(client), await voided(client), original, await created(client), without_lines):
        told(await send(client, "resend", order["id"]))


@condition("five resends made already", "resend")
async def test_the_sixth_resend_is_refused(client: Client, told: Condition) -> None:
    assert CONTRACT["limits"]["resends_per_order"] == RESENDS_PER_ORDER_MAX == 5
    order = await imported(client)
    part = {
        "order_line_items[id][0]": order["order_line_items"][0]["id"],
        "order_line_items[fulfillment_quantity][0]": "1",
    }
    for _ in range(5):
        assert (await send(client, "resend", order["id"], **part)).status == 200
    for params in (part, {}):
        answer = await send(client, "resend", order["id"], **params)
        told(answer)


@condition("quantity above the line quantity, line named twice, nothing to send", "resend")
async def test_a_resend_of_what_is_not_there_is_refused(client: Client, told: Condition) -> None:
    order = await imported(client)
    first, second = (line["id"] for line in order["order_line_items"])
    ids = ("order_line_items[id][0]", "order_line_items[id][4]")
    quantities = ("order_line_items[fulfillment_quantity][0]", "order_line_items[fulfillment_quantity][4]")
    above = {ids[0]: first, quantities[0]: "2", ids[1]: second, quantities[1]: "2"}
    told(await send(client, "resend", order["id"], **above), quantities[1])
    twice = {ids[0]: first, quantities[0]: "1", ids[1]: first, quantities[1]: "1"}
    told(await send(client, "resend", order["id"], **twice), ids[1])
    nothing = {ids[0]: first, quantities[0]: "0", ids[1]: second, quantities[1]: "0"}
    told(await send(client, "resend", order["id"], **nothing), quantities[0])


@condition("reason not in the site list, or missing when mandatory", "resend")
async def test_a_resend_reason_that_the_site_does_not_have_is_refused(
    client: Client, told: Condition, change_settings: ChangeSettings
) -> None:
    order_id = (await imported(client))["id"]
    await change_settings(resend_reasons=["Lost", "Broken"], resend_reason_mandatory=True)
    for reason in ("lost", "LOST", "Lost ", "Stolen"):
        told(await send(client, "resend", order_id, resend_reason=reason), "resend_reason")
    for params in ({}, {"resend_reason": ""}):
        body = told(await send(client, "resend", order_id, **params), "resend_reason")
        assert body["error_code"] == "param_required"
    assert (await send(client, "resend", order_id, resend_reason="Lost")).order["resend_reason"] == "Lost"


@condition("invoice unknown", "orders_for_invoice")
async def test_orders_of_an_unknown_invoice_are_not_found(client: Client, told: Condition) -> None:
    for invoice_id in ("nobody", "INV_0001", "x" * 51, "\u00fc/\u00fc"):
        told(await get(client, "orders_for_invoice", resource_id=invoice_id))


@condition(
    "limit outside 1..100, bad offset, bad filter value or operator, bad sort attribute", "list", "orders_for_invoice"
)
async def test_a_list_that_is_asked_for_wrongly_is_refused(client: Client, told: Condition) -> None:
    paging = [("limit", "0"), ("limit", "101"), ("limit", "-1"), ("limit", "1.0"), ("offset", "p1"), ("offset", "[1]")]
    for param, value in paging:
        for operation in ("list", "orders_for_invoice"):
            told(await get(client, operation, [(param, value)], "inv_0001"), param)
    for param, value in [
        ("status[is]", "lost"),
        ("status[in]", "queued"),
        ("status[in]", "[queued"),
        ("status[like]", "queued"),
        ("subscription_id[in]", "[a]"),
        ("is_resent[is]", "1"),
        ("created_at[between]", "[1]"),
        ("created_at[after]", "yesterday"),
        ("created_at[is]", "1"),
        ("sort_by[asc]", "id"),
        ("sort_by[desc]", "note"),
        ("sort_by[up]", "created_at"),
    ]:
        told(await get(client, "list", [(param, value)]), param)


def test_every_condition_of_the_contract_has_a_test() -> None:
    missing = [row["condition"] for place, row in enumerate(CONDITIONS) if place not in TESTED]
    assert missing == []
    assert len(CONDITIONS) == 33


@pytest.fixture
def told(request: pytest.FixtureRequest) -> Condition:
    """What the contract says of the condition that the test is about."""
    return condition_of(request.function.__name__)


async def _append_an_order_with_a_credit_note(
    services: Services, site: Site, order_id: str, status: CreditNoteStatus
) -> None:
    """An imported order whose credit note was paid out, which no request can bring about."""
    note = LinkedCreditNote(id=f"CN-{order_id}", type=CreditNoteType.REFUNDABLE, status=status, amount=1)
    event = OrderImported(
        originator_id=order_stream(order_id),
        originator_version=1,
        timestamp=1517000000000,
        order=OrderFacts(
            invoice_id="inv_0001",
            status=OrderStatus.QUEUED,
            order_type=OrderType.SYSTEM_GENERATED,
            price_type=PriceType.TAX_EXCLUSIVE,
            created_at=1517000000,
            is_imported=True,
            linked_credit_notes=(note,),
        ),
    )
    metadata = Metadata(
        actor="system", actor_kind="system", source="system", request_id="r", correlation_id="r", causation_id="r"
    )
    sealed = EventMapper().seal(event, site=site, event_id=f"ev_{order_id}", previous=None, metadata=metadata)
    append = Append(site=site, events=(sealed,), rows=(order_row(evolve(None, event)),))
    assert await services.appender.append(append) is Outcome.APPENDED
