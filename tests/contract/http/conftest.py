"""A client of the whole API over real HTTP, on a site of its own; and what an operator may change on that site."""

from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from api.schemas.settings import read_settings
from api.services import Services
from ledger.ids import IdSource, Site
from ops.operator import operator
from tests.api.conftest import client, key

__all__ = ["change_settings", "client", "key"]

ChangeSettings = Callable[..., Awaitable[None]]


@pytest.fixture
def change_settings(services: Services, site: Site) -> ChangeSettings:
    """Change settings of the site, as ``order-ledger settings set`` does."""

    async def change(**members: Any) -> None:
        await services.handler.handle(read_settings(members), operator(site, live=False, ids=IdSource()))

    return change
