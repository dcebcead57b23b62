"""What is peculiar to the official SDK 2.60.1: it is another program than the one of the test environment."""

import pytest
from chargebee.version import VERSION as NEWER

from tests.acceptance.steps import play
from tests.sdk import older
from tests.sdk.calls import Refused, SdkOrders
from tests.sdk.conftest import Shop
from tests.sdk.older import Older, OlderIsMissing, OlderProcess, older_sdk


@pytest.fixture
def sdk(shop: Shop, older_process: OlderProcess) -> Older:
    return Older(older_process, shop.key)


def test_an_order_lives_its_whole_life(sdk: Older) -> None:
    play(SdkOrders(sdk))


def test_the_two_sdks_are_two(sdk: Older) -> None:
    assert NEWER == "3.29.0"
    assert older.VERSION == "2.60.1"


def test_a_missing_sdk_is_told_plainly(monkeypatch: pytest.MonkeyPatch, shop: Shop) -> None:
    monkeypatch.setattr(older, "FOLDER", older.FOLDER.with_name("nowhere"))
    with pytest.raises(OlderIsMissing, match="make test"), older_sdk(shop.url):
        pass


def test_a_filter_that_it_would_write_as_a_list_of_parameters_is_refused_and_not_ignored(sdk: Older) -> None:
    sdk.call("create", None, {"invoice_id": "inv_0001"})
    assert sdk.call("list", None, {"status[in]": ["queued", "shipped"]}).orders == []
    with pytest.raises(Refused) as refusal:
        sdk.call("list", None, {"status[in]": {"0": "queued"}})
    assert (refusal.value.status, refusal.value.param) == (400, "status[in][0]")
