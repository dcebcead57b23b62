"""The key decides the site; a host that names another known site is refused (chargebee/conventions.md, section 10)."""

import asyncpg
import pytest

from ledger.ids import Site
from tests.api.requests import ORDERS, Client, refused
from tests.conftest import new_site


@pytest.mark.parametrize(
    "host",
    [
        "{site}.chargebee.com",
        "{site}-test.chargebee.com",
        "{site}.localhost:8080",
        "{SITE}.chargebee.com",
        "127.0.0.1:8080",
        "[::1]:8080",
        "localhost",
        "nobody.chargebee.com",
        "ledger.example.com:443",
    ],
)
async def test_hosts_that_name_the_site_or_none_are_fine(client: Client, site: Site, host: str) -> None:
    named = host.format(site=site, SITE=site.upper())
    assert (await client.get(ORDERS, headers={"Host": named})).status == 200


@pytest.mark.parametrize("host", ["{site}.chargebee.com", "{site}-test.chargebee.com", "{site}.localhost"])
async def test_a_host_that_names_another_site_is_401(client: Client, pool: asyncpg.Pool, host: str) -> None:
    other = await new_site(pool)
    response = await client.get(ORDERS, headers={"Host": host.format(site=other)})
    await refused(response, 401, "api_authentication_failed")
