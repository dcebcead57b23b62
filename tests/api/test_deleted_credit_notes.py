"""``exclude_deleted_credit_notes``: lists without the credit notes that were deleted (orders.md, section 6: list)."""

from typing import Any

import pytest

from api.schemas.billing import read_credit_note
from api.services import Services
from ledger.commands import ReconcileInvoice
from ledger.envelope import Metadata
from ledger.handler import Caller
from ledger.ids import Site
from tests.api.requests import ORDERS, Client, import_order

INVOICE = "inv_0001"


@pytest.fixture
def caller(site: Site) -> Caller:
    """The ledger itself, which takes credit notes in."""
    metadata = Metadata(
        actor="system", actor_kind="system", source="system", request_id="r", correlation_id="r", causation_id="r"
    )
    return Caller(site=site, live=False, name="system", metadata=metadata)


async def order_with_notes(client: Client, *totals: int) -> tuple[str, list[str]]:
    """An order, and the ids of refundable credit notes that were made for it."""
    order_id = (await import_order(client))["id"]
    body: dict[str, Any] = {}
    for total in totals:
        form = {"credit_note[total]": total, "credit_note[reason_code]": "other"}
        answer = await client.post(f"{ORDERS}/{order_id}/create_refundable_credit_note", data=form)
        body = await answer.json()
        assert answer.status == 200, body
    return order_id, [note["id"] for note in body["order"]["linked_credit_notes"]]


async def become_known(services: Services, caller: Caller, note_id: str, **members: Any) -> None:
    """A state of a credit note comes in, and its order hears of it."""
    described = {"id": note_id, "type": "refundable", "status": "refund_due", "reference_invoice_id": INVOICE}
    await services.handler.handle(read_credit_note(described | members), caller)
    await services.handler.handle(ReconcileInvoice(invoice_id=INVOICE), caller)


async def notes(client: Client, order_id: str, **params: Any) -> list[tuple[str, str]]:
    """Ids and states of the notes that a list shows of an order."""
    answer = await client.get(ORDERS, params={"id[is]": order_id, **params})
    body = await answer.json()
    assert answer.status == 200, body
    (entry,) = body["list"]
    return [(note["id"], note["status"]) for note in entry["order"].get("linked_credit_notes", [])]


async def test_a_list_leaves_deleted_notes_out_where_it_is_asked_to(
    client: Client, services: Services, caller: Caller
) -> None:
    order_id, (deleted, voided, kept) = await order_with_notes(client, 10, 20, 30)
    await become_known(services, caller, deleted, deleted=True)
    await become_known(services, caller, voided, status="voided")
    all_of_them = [(deleted, "voided"), (voided, "voided"), (kept, "refund_due")]
    assert await notes(client, order_id) == all_of_them
    assert await notes(client, order_id, exclude_deleted_credit_notes="false") == all_of_them
    assert await notes(client, order_id, exclude_deleted_credit_notes="true") == all_of_them[1:]


async def test_an_order_is_the_same_but_for_its_deleted_notes(
    client: Client, services: Services, caller: Caller
) -> None:
    order_id, (note_id,) = await order_with_notes(client, 10)
    await become_known(services, caller, note_id, deleted=True)
    whole = (await (await client.get(ORDERS, params={"id[is]": order_id})).json())["list"][0]["order"]
    params = {"id[is]": order_id, "exclude_deleted_credit_notes": "true"}
    shown = (await (await client.get(ORDERS, params=params)).json())["list"][0]["order"]
    assert whole.pop("linked_credit_notes")[0]["id"] == note_id
    assert shown == whole
    assert shown["refundable_credits_issued"] == 0


async def test_a_list_of_the_past_leaves_out_what_was_deleted_then(
    client: Client, services: Services, caller: Caller
) -> None:
    order_id, (first, second) = await order_with_notes(client, 10, 20)
    await become_known(services, caller, first, deleted=True)
    position = await services.store.head_position(caller.site)
    assert position is not None
    await become_known(services, caller, second, deleted=True)
    params = {"exclude_deleted_credit_notes": "true", "include_deleted": "false"}
    assert await notes(client, order_id, **params) == []
    then = {"as_of[position]": str(position)}
    assert await notes(client, order_id, **params, **then) == [(second, "refund_due")]
    assert await notes(client, order_id, **then) == [(first, "voided"), (second, "refund_due")]
