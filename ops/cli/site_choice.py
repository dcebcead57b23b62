"""The site that a command is about: named, or the only one there is."""

from typing import Annotated

import asyncpg
import typer

from ledger.errors import ParamRequired, ResourceNotFound
from ledger.ids import Site
from ledger.sites import Sites
from projections.visible_text import visible

MaybeSite = Annotated[
    str | None,
    typer.Option("--site", "-s", help="Name of the site; not needed where there is one.", show_default=False),
]


async def chosen_site(pool: asyncpg.Pool, name: str | None) -> Site:
    """The site of this name, or the only one.

    Raises:
        ResourceNotFound: there is no such site.
        ParamRequired: none is named, and there is not exactly one.
    """
    known = [record.site for record in await Sites(pool).list_sites()]
    if name is None:
        if len(known) != 1:
            raise ParamRequired(f"Name one of the sites with --site: {', '.join(known) or 'there is none yet'}.")
        return Site(known[0])
    if name not in known:
        raise ResourceNotFound(f"There is no site {visible(name)}.")
    return Site(name)
