"""From a template and what it shows to an answer. Everything is escaped; what would turn the reading direction too."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import aiohttp_jinja2
from aiohttp import web
from jinja2 import PackageLoader, StrictUndefined

from api.console import texts
from api.console.visitor import VISITOR, Visitor, theme_of, times_of

SOMEBODY_CAME = web.AppKey("somebody_came", asyncio.Event)


def set_up_templates(app: web.Application) -> None:
    """Load the templates, with the filters that they use."""
    aiohttp_jinja2.setup(
        app,
        loader=PackageLoader("api.console"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        filters=texts.FILTERS,
    )


async def templates_ahead(app: web.Application) -> AsyncIterator[None]:
    """Compile all templates as soon as somebody comes, so that no later page waits for it: some 0.2 s of work, which a
    process that nobody looks at is spared.
    """
    app[SOMEBODY_CAME] = asyncio.Event()
    compiling = asyncio.create_task(_compile_all(app))
    yield
    compiling.cancel()
    await asyncio.wait([compiling])


async def _compile_all(app: web.Application) -> None:
    await app[SOMEBODY_CAME].wait()
    environment = aiohttp_jinja2.get_env(app)
    for name in environment.list_templates():
        await asyncio.to_thread(environment.get_template, name)


def answer(request: web.Request, template: str, *, status: int = 200, **shown: Any) -> web.Response:
    """Render a template; ``visitor``, ``theme`` and ``times`` are there for all."""
    visitor: Visitor | None = request.get(VISITOR)
    context = {
        "visitor": visitor,
        "theme": theme_of(request),
        "times": times_of(request),
        "here": request.path_qs,
        "param": None,
        **shown,
    }
    return aiohttp_jinja2.render_template(template, request, context, status=status)
