"""An order's whole life against a server that was started as a user starts it."""

import shutil
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest
from chargebee import Chargebee, api_error

from ledger.ids import system_clock_ms
from ledger.sites import KeyKind, Sites
from ops.cli.options import run_with_pool
from ops.invoice_loading import load_file
from ops.target import Target
from tests.acceptance.raw_orders import RawOrders
from tests.acceptance.sdk_orders import SdkOrders, sdk_client
from tests.acceptance.steps import play
from tests.conftest import new_site
from tests.serving import Server, running_server


@pytest.fixture(scope="module")
def used_server(prepared_data_dir: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """For tests that do not mind what others leave in it."""
    with running_server(shutil.copytree(prepared_data_dir, tmp_path_factory.mktemp("used") / "data")) as server:
        yield server


@pytest.fixture
def own_key(used_server: Server, sample_invoices: dict[str, dict[str, Any]]) -> str:
    """The key of a site with the sample invoices and without an order."""
    lines = "\n".join(msgspec.json.encode(invoice).decode() for invoice in sample_invoices.values())

    async def make(pool: asyncpg.Pool) -> str:
        site = await new_site(pool)
        assert (await load_file(pool, site, StringIO(lines))).refused == []
        return await Sites(pool).create_key(site, "full_access_key_v1", KeyKind.FULL, system_clock_ms())

    return run_with_pool(Target(used_server.data_dir), make)


def sdk(server: Server) -> Chargebee:
    assert server.key
    return sdk_client(server.url, server.key)


def test_an_order_lives_its_life_over_raw_http(used_server: Server, own_key: str) -> None:
    play(RawOrders(used_server.url, own_key))


def test_an_order_lives_its_life_through_the_official_sdk(used_server: Server, own_key: str) -> None:
    play(SdkOrders(sdk_client(used_server.url, own_key)))


def test_the_official_sdk_turns_refusals_into_its_own_exceptions(used_server: Server) -> None:
    orders = sdk(used_server).Order
    with pytest.raises(api_error.InvalidRequestError) as blank:
        orders.create({"invoice_id": ""})
    assert (blank.value.api_error_code, blank.value.param) == ("param_wrong_value", ["invoice_id"]) or (
        blank.value.json_obj["param"] == "invoice_id"
    )
    with pytest.raises(api_error.InvalidRequestError) as unknown:
        orders.retrieve("nobody")
    assert unknown.value.http_status_code == 404
    with pytest.raises(api_error.APIError) as stranger:
        sdk_client(used_server.url, "wrong").Order.retrieve("1")
    assert stranger.value.http_status_code == 401


def test_an_idempotent_sdk_call_runs_once(used_server: Server) -> None:
    orders = sdk(used_server).Order
    headers = {"chargebee-idempotency-key": "the-one"}
    first: Any = orders.create({"invoice_id": "inv_0001"}, headers)
    second: Any = orders.create({"invoice_id": "inv_0001"}, headers)
    assert first.order.id == second.order.id
    assert (first.is_idempotency_replayed, second.is_idempotency_replayed) == (False, True)


def test_a_service_starts_from_nothing_and_the_data_are_there_after_a_restart(tmp_state_dir: Path) -> None:
    with running_server(tmp_state_dir) as server:
        key = server.key or ""
        created = RawOrders(server.url, key).create({"invoice_id": "inv_0001", "note": "stay"})
    with running_server(tmp_state_dir) as server:
        assert server.key == key
        assert RawOrders(server.url, key).retrieve(created["id"]) == created
