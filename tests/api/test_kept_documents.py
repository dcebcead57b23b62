"""Documents of past versions that are kept: copies of what was answered, checked, made good, and never in the way."""

from typing import Any

import asyncpg
import msgspec
import pytest

from api.services import Services
from ledger.consumer import catch_up
from ledger.errors import RecordUnreadable
from ledger.ids import Site
from projections.history.moments import AtPosition, AtTime, AtVersion, Moment
from projections.listing import OrderQuery
from projections.past import documents, kept_documents, retrieval
from projections.past.consumer import OrderVersions
from projections.past.rebuild import VersionsRebuild
from tests.api.requests import ORDERS, Client, create


@pytest.fixture
async def answered(client: Client, pool: asyncpg.Pool, site: Site) -> list[bytes]:
    """What was answered after each of four versions of the order ``o``, which the index has all."""
    await create(client, id="o")
    found = []
    for note in (None, "second", "third", "fourth"):
        if note:
            assert (await client.post(f"{ORDERS}/o", data={"note": note})).status == 200
        found.append(await pool.fetchval("SELECT document FROM ledger.order_view WHERE site = $1 AND id = 'o'", site))
        await catch_up(pool, OrderVersions(), site)
    return found


async def kept(pool: asyncpg.Pool, site: Site) -> dict[tuple[str, int], bytes]:
    rows = await pool.fetch("SELECT id, version, document FROM ledger.order_version_document WHERE site = $1", site)
    return {(row["id"], row["version"]): row["document"] for row in rows}


def of_order(answered: list[bytes]) -> dict[tuple[str, int], bytes]:
    return {("o", version): document for version, document in enumerate(answered, 1)}


async def shown(services: Services, site: Site, version: int) -> bytes:
    return (await services.past_orders.retrieve(site, "o", AtVersion(version=version))).document


async def listed(services: Services, pool: asyncpg.Pool, site: Site, version: int) -> bytes:
    position = await pool.fetchval(
        "SELECT position FROM ledger.event WHERE site = $1 AND stream = 'order-o' AND version = $2", site, version
    )
    [document] = (await services.past_lists.page(site, OrderQuery(), AtPosition(position=position))).documents
    return document


async def test_what_was_answered_is_kept(pool: asyncpg.Pool, site: Site, answered: list[bytes]) -> None:
    assert await kept(pool, site) == of_order(answered)


async def test_it_is_shown_at_every_moment_without_folding(
    services: Services, pool: asyncpg.Pool, site: Site, answered: list[bytes], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr(documents, "_folded")
    monkeypatch.delattr(services.history.__class__, "_folded")
    rows = await pool.fetch(
        "SELECT version, position, recorded_at FROM ledger.event WHERE site = $1 AND stream = 'order-o'", site
    )
    assert len(rows) == len(answered)
    for row in rows:
        at_ms = row["recorded_at"]
        moments: list[Moment] = [
            AtVersion(version=row["version"]),
            AtPosition(position=row["position"]),
            AtTime(since_ms=at_ms, until_ms=at_ms),
        ]
        for moment in moments:
            found = await services.past_orders.retrieve(site, "o", moment)
            assert found.document == answered[row["version"] - 1]
            place = (row["version"], row["position"], at_ms // 1000)
            assert (found.as_of.version, found.as_of.position, found.as_of.recorded_at) == place
        assert await listed(services, pool, site, row["version"]) == answered[row["version"] - 1]


async def test_without_any_the_same_is_shown(
    services: Services, pool: asyncpg.Pool, site: Site, answered: list[bytes]
) -> None:
    await pool.execute("DELETE FROM ledger.order_version_document WHERE site = $1", site)
    for version, document in enumerate(answered, 1):
        assert await shown(services, site, version) == document
        assert await listed(services, pool, site, version) == document


async def test_a_retrieve_shows_none_that_the_log_does_not_vouch_for(
    services: Services, owner: asyncpg.Connection, site: Site, answered: list[bytes]
) -> None:
    for table in ("order_version_document", "order_view"):
        await owner.execute(f"UPDATE ledger.{table} SET document = '{{}}' WHERE site = $1 AND id = 'o'", site)
    for version, document in enumerate(answered, 1):
        assert await shown(services, site, version) == document


@pytest.mark.usefixtures("answered")
@pytest.mark.parametrize("body", [b"\xff", b"{}", b"[]"])
async def test_a_record_that_cannot_be_read_is_not_covered_up(
    services: Services, owner: asyncpg.Connection, site: Site, body: bytes
) -> None:
    await owner.execute("UPDATE ledger.event SET body = $2 WHERE site = $1 AND stream = 'order-o'", site, body)
    for version in (1, 2, 4):
        with pytest.raises(RecordUnreadable):
            await shown(services, site, version)


@pytest.mark.parametrize("body", [None, b"\xff", b"{}", b'{"document":1}'])
async def test_what_was_written_into_the_view_does_not_get_into_the_past(
    client: Client, pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site, body: bytes | None
) -> None:
    """The event has the digest of what was answered; where it has none, nobody can say what that was."""
    await create(client, id="o")
    await create(client, id="other")
    await owner.execute("UPDATE ledger.order_view SET document = '{}' WHERE site = $1 AND id = 'o'", site)
    if body is not None:
        await owner.execute("UPDATE ledger.event SET body = $2 WHERE site = $1 AND stream = 'order-o'", site, body)
    await catch_up(pool, OrderVersions(), site)
    assert (await kept(pool, site)).keys() == {("other", 1)}


async def test_large_ones_are_folded(
    client: Client, services: Services, pool: asyncpg.Pool, site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept_documents, "PAST_DOCUMENT_BYTES_MAX", 600)
    await create(client, id="o")
    assert (await client.post(f"{ORDERS}/o", data={"note": "x" * 300})).status == 200
    assert (await client.post(f"{ORDERS}/o", data={"note": "short"})).status == 200
    await catch_up(pool, OrderVersions(), site)
    report = await VersionsRebuild(pool, site).run()
    assert (await kept(pool, site)).keys() == {("o", 1), ("o", 3)}
    assert (report.is_true, report.without_document) == (True, 1)
    assert msgspec.json.decode(await listed(services, pool, site, 2))["note"] == "x" * 300


async def test_a_version_that_was_replaced_before_the_index_came_has_none_until_a_rebuild(
    client: Client, services: Services, pool: asyncpg.Pool, site: Site
) -> None:
    await create(client, id="o")
    assert (await client.post(f"{ORDERS}/o", data={"note": "newer"})).status == 200
    await catch_up(pool, OrderVersions(), site)
    assert (await kept(pool, site)).keys() == {("o", 2)}
    before = await listed(services, pool, site, 1)
    checked = await VersionsRebuild(pool, site, check_only=True).run()
    assert (checked.is_true, checked.without_document) == (True, 1)
    assert (await kept(pool, site)).keys() == {("o", 2)}, "a check changes nothing"
    await VersionsRebuild(pool, site).run_for("o")
    assert (await kept(pool, site))["o", 1] == before
    assert (await VersionsRebuild(pool, site).run()).without_document == 0


DAMAGES = {
    "another document": "UPDATE ledger.order_version_document SET document = '{}' WHERE site = $1 AND version = 2",
    "of another order": "UPDATE ledger.order_version_document SET id = 'p' WHERE site = $1 AND version = 2",
    "of a version that is not there": "UPDATE ledger.order_version_document SET version = 9 "
    "WHERE site = $1 AND version = 2",
}


@pytest.mark.parametrize("damage", DAMAGES)
async def test_wrong_ones_are_found_and_put_right(
    pool: asyncpg.Pool, owner: asyncpg.Connection, site: Site, answered: list[bytes], damage: str
) -> None:
    await owner.execute(DAMAGES[damage], site)
    assert not (await VersionsRebuild(pool, site, check_only=True).run()).is_true
    assert await kept(pool, site) != of_order(answered)
    await VersionsRebuild(pool, site).run()
    assert await kept(pool, site) == of_order(answered)
    assert (await VersionsRebuild(pool, site, check_only=True).run()).is_true


def test_only_what_has_the_hash_of_the_record_counts_as_answered() -> None:
    row: dict[str, Any] = {"body": b'{"document":"ab"}', "document": b"{}"}
    assert not retrieval._is_answered(row)
    assert not retrieval._is_answered(row | {"body": b"{}"})
    assert not retrieval._is_answered(row | {"document": None})
