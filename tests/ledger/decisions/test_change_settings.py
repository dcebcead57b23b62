"""Change settings: what differs from the settings in force, as one event; what cannot be read is refused."""

from typing import Any

import msgspec
import pytest

from ledger.commands import AssignOrderNumber
from ledger.events import OrderDeleted, SettingsChanged
from ledger.settings import CatalogItem, SiteSettings, fold_settings
from tests.ledger.given import NOW_MS, Refusal, given, imported, invoice, settings

OTHER_VALUES: dict[str, Any] = {
    "manual_orders_enabled": False,
    "order_number_prefix": "ORDER",
    "order_number_start": 1_000,
    "resend_reasons": ["Damaged", "Lost"],
    "resend_reason_mandatory": True,
    "include_non_shippable": True,
    "shippable_by_default": False,
    "time_zone": "Europe/Berlin",
    "business_entities": ["be_1"],
    "order_generation_enabled": True,
    "unpaid_statuses": ["posted", "not_paid"],
    "single_order_with_multiple_items": True,
    "order_number_assignment": "at_generation",
    "shipping_rule": {"type": "day_of_month", "day": 10, "cut_off_day": 15},
    "catalog": {"coffee": {"sku": "S-1"}, "grinder": {"is_shippable": False}},
}


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_a_setting_is_changed(name: str) -> None:
    command = settings(**{name: OTHER_VALUES[name]})
    happened = given().when(command)
    assert happened.events == (
        SettingsChanged(originator_id="settings", originator_version=1, timestamp=NOW_MS, settings=command.settings),
    )


def test_every_setting_is_tried_here() -> None:
    assert set(OTHER_VALUES) == set(SiteSettings.__struct_fields__)


def test_the_event_says_only_what_is_new() -> None:
    ledger = given(settings(order_number_prefix="ORDER", resend_reasons=["Lost"]))
    (event,) = ledger.when(settings(order_number_prefix="ORDER", resend_reasons=["Lost"], order_number_start=5)).events
    assert isinstance(event, SettingsChanged)
    assert event.settings == {"order_number_start": 5}


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_a_setting_that_is_in_force_is_no_change(name: str) -> None:
    command = settings(**{name: OTHER_VALUES[name]})
    assert given(command).when(command).events == ()


@pytest.mark.parametrize("name", OTHER_VALUES)
def test_a_default_that_nobody_changed_is_no_change(name: str) -> None:
    default = msgspec.json.decode(msgspec.json.encode(getattr(SiteSettings(), name)))
    assert given().when(settings(**{name: default})).events == ()


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("unheard_of", 1),
        ("manual_orders_enabled", "yes"),
        ("order_number_prefix", None),
        ("order_number_start", "1000"),
        ("order_number_start", 1.5),
        ("order_number_start", 2**53),
        ("order_number_prefix", "\ud800"),
        ("resend_reasons", "Lost"),
        ("resend_reasons", [1]),
        ("catalog", {"coffee": "S-1"}),
        ("catalog", {"coffee": {"sku": 1}}),
        ("catalog", {"coffee": {"shipping_period": 2}}),
        ("catalog", {"coffee": {"shipping_period": 0, "shipping_period_unit": "day"}}),
        ("unpaid_statuses", ["paid"]),
        ("shipping_rule", {"type": "whenever"}),
        ("shipping_rule", {"type": "lead_time", "days": 366}),
        ("shipping_rule", {"type": "day_of_month", "day": 0, "cut_off_day": 15}),
    ],
)
def test_a_setting_that_cannot_be_read_is_refused(name: str, value: object) -> None:
    ledger = given()
    assert ledger.refusal(settings(**{name: value})) == Refusal(400, "param_wrong_value", name)


def test_settings_go_on_from_those_before() -> None:
    ledger = given(
        settings(order_number_prefix="A", order_number_start=5), settings(order_number_prefix="B"), invoice()
    ).given(imported("1"))
    assert ledger.when(AssignOrderNumber(order_id="1")).document["document_number"] == "B5"


def test_the_last_value_of_a_setting_is_in_force() -> None:
    catalogs: list[dict[str, Any]] = [{"catalog": {"a": {}}}, {"catalog": {"b": {"sku": "S"}}}]
    events = [
        SettingsChanged(originator_id="settings", originator_version=version, timestamp=version, settings=members)
        for version, members in enumerate(catalogs, start=1)
    ]
    assert fold_settings(events).catalog == {"b": CatalogItem(sku="S")}
    assert fold_settings([]) == SiteSettings()


def test_the_stream_of_the_settings_holds_nothing_else() -> None:
    foreign = OrderDeleted(originator_id="settings", originator_version=1, timestamp=1)
    with pytest.raises(ValueError, match="cannot follow"):
        fold_settings([foreign])
