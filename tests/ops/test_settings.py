"""Settings of a site on the command line: checked, and each change an event with its actor."""

import asyncio
import json
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from ops.database import Address
from tests.ops.test_command_line import as_json, database_url, run, site_name

__all__ = ["database_url", "site_name"]


def shown(database_url: str, site_name: str) -> Any:
    return as_json(run("settings", "show", "--site", site_name, "--json", database_url=database_url))


async def bodies(address: Address, site_name: str) -> list[dict[str, Any]]:
    connection = await asyncpg.connect(**address.owner)
    rows = await connection.fetch(
        "SELECT body FROM ledger.event WHERE site = $1 AND stream = 'settings' ORDER BY version", site_name
    )
    await connection.close()
    return [msgspec.json.decode(row["body"]) for row in rows]


def test_a_site_starts_with_defaults(database_url: str, site_name: str) -> None:
    settings = shown(database_url, site_name)
    assert settings["manual_orders_enabled"] is True
    assert settings["order_number_start"] is None
    assert settings["time_zone"] == "UTC"


def test_values_are_json_or_plain_text(database_url: str, site_name: str) -> None:
    changed = run(
        *("settings", "set", "--site", site_name, "order_number_prefix=ORDER", "order_number_start=1000"),
        *("time_zone=Europe/Berlin", 'resend_reasons=["Lost","Broken"]'),
        database_url=database_url,
    )
    assert changed.exit_code == 0, changed.output
    settings = shown(database_url, site_name)
    assert (settings["order_number_prefix"], settings["order_number_start"]) == ("ORDER", 1000)
    assert settings["resend_reasons"] == ["Lost", "Broken"]
    assert settings["time_zone"] == "Europe/Berlin"


def test_a_file_sets_what_it_names(database_url: str, site_name: str, tmp_path: Path) -> None:
    file = tmp_path / "settings.json"
    file.write_text(json.dumps({"catalog": {"plan-a": {"is_shippable": False}}, "shippable_by_default": True}))
    assert run("settings", "load", "--site", site_name, str(file), database_url=database_url).exit_code == 0
    assert shown(database_url, site_name)["catalog"]["plan-a"]["is_shippable"] is False


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        ("nonsense=1", "nonsense"),
        ("order_number_start=0", "order_number_start"),
        ("order_number_start=1.5", "order_number_start"),
        ("time_zone=Mars/Base", "time_zone"),
        ("resend_reasons=Lost", "resend_reasons"),
        ("manual_orders_enabled=yes", "manual_orders_enabled"),
        ("order_number_prefix=" + "x" * 31, "order_number_prefix"),
    ],
)
def test_a_wrong_setting_is_named_and_changes_nothing(
    database_url: str, site_name: str, value: str, reason: str
) -> None:
    before = shown(database_url, site_name)
    refused = run("settings", "set", "--site", site_name, value, database_url=database_url)
    assert refused.exit_code != 0
    assert reason in str(refused.exception)
    assert shown(database_url, site_name) == before


def test_each_change_is_an_event_with_its_actor_and_no_change_is_none(
    database_url: str, site_name: str, address: Address
) -> None:
    for _ in range(2):
        done = run("settings", "set", "--site", site_name, 'resend_reasons=["Lost"]', database_url=database_url)
        assert done.exit_code == 0, done.output
    [event] = asyncio.run(bodies(address, site_name))
    assert event["type"] == "settings.changed"
    assert event["data"] == {"settings": {"resend_reasons": ["Lost"]}}
    assert event["metadata"]["actor_kind"] == "operator"
    assert event["metadata"]["actor"]
