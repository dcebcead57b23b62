"""The keys, for who has no scripts."""

from aiohttp import web

from api.console.rendering import answer


async def show(request: web.Request) -> web.Response:
    """GET /console/help"""
    return answer(request, "help.html")
