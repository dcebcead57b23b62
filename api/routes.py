"""All routes below the API prefix, in the order in which documents list them."""

from api.operations import changes, history, orders, requests, transparency
from api.routing import Route

ROUTES: tuple[Route, ...] = (*orders.ROUTES, *history.ROUTES, *changes.ROUTES, *requests.ROUTES, *transparency.ROUTES)
