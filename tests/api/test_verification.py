"""GET /ledger/verification: what the last verification of the site said, as the console shows it."""

import fcntl
from collections.abc import Awaitable, Callable
from dataclasses import replace
from io import StringIO
from pathlib import Path
from typing import Any

import asyncpg
import jsonschema_rs
import msgspec
import pytest
from aiohttp.test_utils import TestClient

from api.app import create_app
from api.services import Services
from api.verification import VerificationReport
from ledger.ids import Site, system_clock_ms
from ledger.sites import KeyKind, Sites
from ops.invoice_loading import load_file
from ops.serving.verification_runs import ConsoleVerifications
from tests.api.description import DOCUMENT
from tests.api.requests import Client, basic, refused
from tests.conftest import new_site

VERIFICATION = "/api/v2/ledger/verification"


async def verification(client: Client, headers: dict[str, str] | None = None) -> dict[str, Any]:
    answer = await client.get(VERIFICATION, headers=headers)
    told: dict[str, Any] = await answer.json()
    assert answer.status == 200, told
    jsonschema_rs.validate({**DOCUMENT, "$ref": "#/components/schemas/VerificationAnswer"}, told)
    found: dict[str, Any] = told["verification"]
    return found


@pytest.fixture
async def served(
    aiohttp_client: Callable[..., Awaitable[TestClient[Any, Any]]], services: Services, key: str, tmp_path: Path
) -> Client:
    """A service that keeps the files of verifications in the folder of the test."""
    runs = ConsoleVerifications(tmp_path, {})
    return await aiohttp_client(create_app(replace(services, verifications=runs)), headers=basic(key))


def keep(folder: Path, site: Site, exit_status: int, text: str = "all sound") -> None:
    """Write a report as a run writes it."""
    report = VerificationReport(started_at=1000, finished_at=2500, exit_status=exit_status, text=text)
    (folder / f"verify-{site}.json").write_bytes(msgspec.json.encode(report))


async def test_where_none_was_run_there_is_no_report(served: Client, client: Client) -> None:
    nothing = {"is_running": False, "object": "verification"}
    assert await verification(served) == nothing
    # This one is served by nobody who runs any.
    assert await verification(client) == nothing


@pytest.mark.parametrize(("exit_status", "verdict"), [(0, "sound"), (2, "fault"), (1, "failed"), (-9, "failed")])
async def test_it_tells_the_last_report_in_words(
    served: Client, site: Site, tmp_path: Path, exit_status: int, verdict: str
) -> None:
    keep(tmp_path, site, exit_status, text="position 7: <b>\n")
    assert (await verification(served))["last"] == {
        "verdict": verdict,
        "started_at_ms": 1000,
        "finished_at_ms": 2500,
        "text": "position 7: <b>\n",
    }


async def test_it_tells_that_one_is_running_beside_the_report_before(
    served: Client, site: Site, tmp_path: Path
) -> None:
    keep(tmp_path, site, 0)
    with (tmp_path / f"verify-{site}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        found = await verification(served)
    assert found["is_running"] is True
    assert found["last"]["verdict"] == "sound"
    assert (await verification(served))["is_running"] is False


async def test_it_is_of_ones_own_site_and_not_for_a_part_of_it(
    served: Client, pool: asyncpg.Pool, site: Site, tmp_path: Path
) -> None:
    keep(tmp_path, site, 0)
    reader = await Sites(pool).create_key(site, "reader", KeyKind.READ_ONLY, system_clock_ms())
    assert await verification(served, basic(reader)) == await verification(served)
    key = await Sites(pool).create_key(await new_site(pool), "k", KeyKind.FULL, system_clock_ms())
    assert "last" not in await verification(served, basic(key))
    invoice = {"id": "inv_be", "status": "paid", "currency_code": "USD", "line_items": [], "business_entity_id": "be_1"}
    assert (await load_file(pool, site, StringIO(msgspec.json.encode(invoice).decode()))).loaded == 1
    restricted = await served.get(VERIFICATION, headers={"chargebee-business-entity-id": "be_1"})
    await refused(restricted, 403, "api_authorization_failed")
