"""``order-ledger history``, ``show`` and ``diff``: what a person reads, and what a terminal is spared."""

import asyncio
import json
import os
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ledger.appender import Appender
from ledger.commands import CancelOrder, ChangeSettings, Command, CreateOrder, DeleteOrder, ResendOrder, UpdateOrder
from ledger.errors import ParamWrongValue, ResourceNotFound
from ledger.events import OrderChanges
from ledger.handler import Caller, CommandHandler
from ledger.ids import Site
from ledger.store import Store
from ledger.vocabulary import CancellationReason, OrderStatus
from ops.cli.main import app
from ops.database import Address, service_pool
from projections.order_row import order_row
from projections.visible_text import is_visible
from tests.conftest import new_site
from tests.ledger.given import METADATA, imported, invoice

runner = CliRunner()
HOSTILE = "<script>[bold]\u202egnp.exe\x1b[31mred\x1b]0;title\x07\r\n\x9b2Jend"

HISTORY: tuple[Command, ...] = (
    invoice(),
    imported("1"),
    UpdateOrder(order_id="1", changes=OrderChanges(note=HOSTILE)),
    CancelOrder(
        order_id="1",
        cancellation_reason=CancellationReason.PRODUCT_UNSATISFACTORY,
        credit_note_total=100,
        cancelled_at=1767700000,
    ),
    CreateOrder(invoice_id="inv_1", id="other"),
)


class Shop:
    """A site with a history, and the commands on it."""

    def __init__(self, address: Address) -> None:
        self._address = address
        login = address.owner
        self._url = f"postgresql://{login['user']}@/{login['database']}?host={login['host']}&port={login['port']}"
        self.site = self._run(self._new())

    def happen(self, *commands: Command) -> None:
        """Let things happen."""
        self._run(self._happen(self.site, commands))

    def try_(self, *arguments: str) -> Result:
        """Run a command as somebody types it."""
        return runner.invoke(app, [*arguments, "--site", self.site, "--database-url", self._url])

    def read(self, *arguments: str) -> str:
        """What a command prints that has to go well."""
        result = self.try_(*arguments)
        assert result.exit_code == 0, result.exception
        return result.stdout

    def data(self, *arguments: str) -> Any:
        """The JSON that a command prints."""
        return json.loads(self.read(*arguments, "--json"))

    def refused(self, *arguments: str) -> str:
        """Why a command is refused."""
        result = self.try_(*arguments)
        assert isinstance(result.exception, (ParamWrongValue, ResourceNotFound)), result.exception
        return result.exception.message

    async def _new(self) -> Site:
        async with service_pool(self._address) as pool:
            site = await new_site(pool)
        await self._happen(site, HISTORY)
        return site

    async def _happen(self, site: Site, commands: tuple[Command, ...]) -> None:
        async with service_pool(self._address) as pool:
            appender = Appender(pool)
            handler = CommandHandler(Store(pool), appender, row_of=order_row)
            for command in commands:
                await handler.handle(command, Caller(site=site, live=False, name="k", metadata=METADATA))
            await appender.close()

    def _run(self, work: Any) -> Any:
        return asyncio.run(work)


@pytest.fixture
def shop(address: Address) -> Shop:
    return Shop(address)


def test_a_history_is_a_timeline_that_can_be_read(shop: Shop) -> None:
    text = shop.read("history", "1")
    assert "Imported for invoice inv_1: queued, 2 lines, total 130.00 USD" in text
    assert "Cancelled: product unsatisfactory, credit note 1.00 USD" in text
    assert "full_access_key_v1 (api key) through api, request req_1" in text
    assert "happened at 2026-01-06 11:46:40 UTC" in text
    lines = [" ".join(line.split()) for line in text.splitlines()]
    assert "status queued → cancelled" in lines
    assert "refundable_credits_issued 0.00 USD → 1.00 USD" in lines
    assert "cancelled_at 2026-01-06 11:46:40 UTC" in lines
    assert any(
        line.startswith("linked_credit_notes[TEST-CN-1] id ") and "status refund due, amount 1.00 USD" in line
        for line in lines
    )


def test_a_history_is_narrowed_turned_and_cut(shop: Shop) -> None:
    def versions(*options: str) -> list[int]:
        return [change["version"] for change in shop.data("history", "1", *options)]

    assert versions() == [1, 2, 3]
    assert versions("--desc") == [3, 2, 1]
    assert versions("--desc", "--limit", "2") == [3, 2]
    assert versions("--type", "order.updated", "--type", "order.cancelled") == [2, 3]
    assert versions("--actor", "full_access_key_v1", "--source", "api") == [1, 2, 3]
    assert versions("--actor", "nobody") == []
    assert "Nothing of this" in shop.read("history", "1", "--source", "portal")
    assert shop.try_("history", "1", "--type", "order.eaten").exit_code == 2


def test_json_of_a_history_is_what_the_api_answers(shop: Shop) -> None:
    change = shop.data("history", "1", "--limit", "1")[0]
    assert (change["object"], change["type"], change["request"]) == ("change", "order.imported", {"id": "req_1"})
    assert {"path": "status", "after": "queued"} in change["changes"]


def test_an_order_is_shown_as_it_is_and_as_it_was(shop: Shop) -> None:
    now = shop.read("show", "1")
    assert "Order 1: version 3, position " in now
    shown = [" ".join(line.split()) for line in now.splitlines()]
    assert "status cancelled" in shown
    assert "cancellation_reason product unsatisfactory" in shown
    assert "total 130.00 USD" in shown
    assert "shipping_address.city Walnut" in shown
    assert "linked_credit_notes[TEST-CN-1].amount 1.00 USD" in shown
    first = shop.data("show", "1", "--at", "1")
    assert (first["status"], first.get("note")) == ("queued", None)
    assert shop.data("show", "1")["note"] == HOSTILE
    place = shop.data("history", "1")[1]
    assert shop.data("show", "1", "--at", f"#{place['position']}")["status"] == "queued"
    assert shop.data("show", "1", "--at", _now())["status"] == "cancelled"


def _now() -> str:
    return datetime.now(UTC).isoformat()


def test_a_date_means_its_end_in_the_zone_of_the_site(shop: Shop) -> None:
    shop.happen(ChangeSettings(settings={"time_zone": "Pacific/Kiritimati"}))
    ahead = datetime.now(UTC) + timedelta(hours=14)
    assert shop.data("show", "1", "--at", ahead.date().isoformat())["status"] == "cancelled"
    yesterday = (ahead - timedelta(days=1)).date().isoformat()
    assert "did not exist yet at " in shop.refused("show", "1", "--at", yesterday)
    tomorrow = (ahead + timedelta(days=1)).date().isoformat()
    assert "is in the future" in shop.refused("show", "1", "--at", tomorrow)


@pytest.mark.parametrize(
    "moment", ["0", "-1", "#0", "#", "v3", "", "2026-02-30", "2026-01-05T09:30:00", "9" * 17, "\x1b[2J", "٣"]
)
def test_what_is_no_moment_is_refused_with_what_is_one(shop: Shop, moment: str) -> None:
    message = shop.refused("show", "1", f"--at={moment}")
    assert "is no moment" in message
    assert "RFC 3339" in message
    assert all(map(is_visible, message))


def test_moments_that_are_not_there_are_told(shop: Shop) -> None:
    assert shop.refused("show", "1", "--at", "4") == "is beyond the last version of the order, 3"
    assert "is beyond the last position of the log" in shop.refused("show", "1", "--at", "#99")
    assert "did not exist yet at position 1:" in shop.refused("show", "1", "--at", "#1")
    assert "couldn't find" in shop.refused("show", "nobody")
    assert "couldn't find" in shop.refused("history", "nobody")


def test_two_states_are_compared(shop: Shop) -> None:
    last = shop.data("diff", "1")
    assert (last["from"]["version"], last["to"]["version"]) == (2, 3)
    assert {"path": "status", "before": "queued", "after": "cancelled"} in last["changes"]
    whole = shop.data("diff", "1", "1")
    assert (whole["from"]["version"], whole["to"]["version"]) == (1, 3)
    assert shop.data("diff", "1", "3", "1")["to"]["version"] == 1
    text = shop.read("diff", "1", "2", "3")
    shown = [" ".join(line.split()) for line in text.splitlines()]
    assert "status queued cancelled" in shown
    assert "refundable_credits_issued 0.00 USD 1.00 USD" in shown
    assert shown[0].startswith("from order 1, version 2, position ")
    assert "There is no difference." in shop.read("diff", "1", "2", "2")
    assert shop.read("diff", "other").startswith("from nothing")


def test_an_order_is_compared_with_the_one_that_resends_it(shop: Shop) -> None:
    shop.happen(imported("2"), ResendOrder(order_id="2", resend_reason="Lost"))
    found = shop.data("diff", "2", "--with", "3")
    assert (found["from"]["order_id"], found["to"]["order_id"]) == ("2", "3")
    assert {"path": "original_order_id", "after": "2"} in found["changes"]
    assert "couldn't find" in shop.refused("diff", "2", "--with", "nobody")


def test_a_deleted_order_has_its_past(shop: Shop) -> None:
    shop.happen(imported("2"), DeleteOrder(order_id="2"))
    assert shop.data("show", "2")["deleted"] is True
    assert shop.data("history", "2")[-1]["sentence"] == "Deleted"


def test_no_text_of_users_reaches_the_terminal_raw(shop: Shop) -> None:
    hostile_id = "id\x1b[31m\u202e"
    shop.happen(CreateOrder(invoice_id="inv_1", id=hostile_id, note=HOSTILE, status=OrderStatus.NEW))
    for arguments in (("history", "1"), ("show", "1"), ("diff", "1", "1"), ("diff", "1", "--with", hostile_id)):
        for more in ((), ("--json",)):
            printed = shop.read(*arguments, *more)
            assert all(char == "\n" or is_visible(char) for char in printed), arguments
    for arguments in (("history", hostile_id), ("show", hostile_id), ("diff", hostile_id)):
        assert all(char == "\n" or is_visible(char) for char in shop.read(*arguments))
    shown = shop.read("show", "1")
    # Nothing is taken for markup, and nothing is lost.
    assert "<script>[bold]" in shown
    assert "\\x1b[31mred" in shown
    assert shop.data("show", hostile_id)["note"] == HOSTILE


def test_a_command_for_an_unknown_site_says_so(shop: Shop) -> None:
    shop.site = Site(f"no-{os.urandom(4).hex()}")
    for arguments in (("history", "1"), ("show", "1"), ("diff", "1")):
        assert shop.refused(*arguments) == f"There is no site {shop.site}."
