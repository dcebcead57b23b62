"""All routes below the API prefix, in the order in which documents list them."""

from api.operations import (
    changes,
    events,
    found_orders,
    health,
    history,
    invoices,
    orders,
    requests,
    transparency,
    webhook_deliveries,
    webhook_endpoints,
)
from api.routing import Route

ROUTES: tuple[Route, ...] = (
    *orders.ROUTES,
    *history.ROUTES,
    *events.ROUTES,
    *webhook_endpoints.ROUTES,
    *changes.ROUTES,
    *found_orders.ROUTES,
    *requests.ROUTES,
    *invoices.ROUTES,
    *webhook_deliveries.ROUTES,
    *health.ROUTES,
    *transparency.ROUTES,
)
