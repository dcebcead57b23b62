"""Settings of a site on the command line: checked, and each change an event with its actor."""

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import pytest

from ledger.settings import CatalogItem, SiteSettings
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


def test_how_orders_are_generated_is_set_like_everything_else(
    database_url: str, site_name: str, tmp_path: Path
) -> None:
    chosen: dict[str, Any] = {
        "order_generation_enabled": True,
        "unpaid_statuses": ["posted", "payment_due"],
        "single_order_with_multiple_items": True,
        "order_number_assignment": "at_generation",
        "shipping_rule": {"type": "day_of_month", "day": 10, "cut_off_day": 15},
        "catalog": {"coffee": {"is_shippable": True, "shipping_period": 2, "shipping_period_unit": "month"}},
    }
    before = shown(database_url, site_name)
    assert before["order_generation_enabled"] is False
    assert (before["unpaid_statuses"], before["shipping_rule"]) == ([], None)
    file = tmp_path / "settings.json"
    file.write_text(json.dumps(chosen))
    loaded = run("settings", "load", "--site", site_name, str(file), database_url=database_url)
    assert loaded.exit_code == 0, loaded.output
    after = shown(database_url, site_name)
    assert {name: after[name] for name in chosen} == chosen | {
        # What is as it is by default is not shown.
        "catalog": {"coffee": {"shipping_period": 2, "shipping_period_unit": "month"}},
    }


@pytest.mark.parametrize(
    "rule",
    [
        {"type": "lead_time", "days": 0},
        {"type": "day_of_week", "day": "sunday"},
        {"type": "day_of_month", "day": 31},
        {"type": "day_of_month", "day": 1, "cut_off_day": 31},
    ],
)
def test_a_shipping_rule_is_set_and_ended_by_null(database_url: str, site_name: str, rule: dict[str, Any]) -> None:
    set_rule = ("settings", "set", "--site", site_name)
    assert run(*set_rule, f"shipping_rule={json.dumps(rule)}", database_url=database_url).exit_code == 0
    assert shown(database_url, site_name)["shipping_rule"] == rule
    assert run(*set_rule, "shipping_rule=null", database_url=database_url).exit_code == 0
    assert shown(database_url, site_name)["shipping_rule"] is None


def test_every_setting_is_described() -> None:
    page = Path(__file__).parents[2] / "docs" / "settings.md"
    described = set(re.findall(r"^\| `(\w+)` \|", page.read_text(encoding="utf-8"), re.MULTILINE))
    assert set(SiteSettings.__struct_fields__) | set(CatalogItem.__struct_fields__) <= described


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
        ("order_generation_enabled=on", "order_generation_enabled"),
        ('unpaid_statuses=["paid"]', "unpaid_statuses.0 : should be one of: not_paid, payment_due, posted"),
        ("unpaid_statuses=posted", "unpaid_statuses"),
        ("single_order_with_multiple_items=maybe", "single_order_with_multiple_items"),
        ("order_number_assignment=later", "order_number_assignment : should be one of: on_demand, at_generation"),
        ("shipping_rule=friday", "shipping_rule : should be an object with a type"),
        ('shipping_rule={"type":"whenever"}', "shipping_rule.type : should be one of: lead_time, day_of_week"),
        ('shipping_rule={"type":["lead_time"]}', "shipping_rule.type"),
        ('shipping_rule={"type":"lead_time"}', "shipping_rule.days"),
        ('shipping_rule={"type":"lead_time","days":366}', "shipping_rule.days"),
        ('shipping_rule={"type":"lead_time","days":"3"}', "shipping_rule.days"),
        ('shipping_rule={"type":"lead_time","days":3,"day":4}', "shipping_rule.day"),
        ('shipping_rule={"type":"day_of_week","day":"someday"}', "shipping_rule.day : should be one of: monday"),
        ('shipping_rule={"type":"day_of_month","day":32,"cut_off_day":3}', "shipping_rule.day"),
        ('shipping_rule={"type":"day_of_month","day":10,"cut_off_day":0}', "shipping_rule.cut_off_day"),
        ('catalog={"a":{"shipping_period":2}}', "catalog.a.shipping_period_unit : is missing"),
        ('catalog={"a":{"shipping_period_unit":"day"}}', "catalog.a.shipping_period : is missing"),
        ('catalog={"a":{"shipping_period":0,"shipping_period_unit":"day"}}', "catalog.a.shipping_period"),
        ('catalog={"a":{"shipping_period":366,"shipping_period_unit":"day"}}', "catalog.a.shipping_period"),
        ('catalog={"a":{"shipping_period":1,"shipping_period_unit":"moon"}}', "catalog.a.shipping_period_unit"),
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
