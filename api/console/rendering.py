"""From a template and what it shows to an answer. Everything is escaped; what would turn the reading direction too."""

from typing import Any

import aiohttp_jinja2
from aiohttp import web
from jinja2 import PackageLoader, StrictUndefined

from api.console import texts
from api.console.visitor import VISITOR, Visitor, theme_of, times_of


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
