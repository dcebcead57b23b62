"""All routes below the API prefix, in the order in which documents list them."""

from api.operations import orders
from api.routing import Route

ROUTES: tuple[Route, ...] = (*orders.ROUTES,)
