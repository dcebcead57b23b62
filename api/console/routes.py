"""All pages of the console, below ``/console``."""

from api.console.headers import Handler
from api.console.pages import activity, compare, invoice, keys, order, orders, palette
from api.console.pages import request as one_request

PAGES: tuple[tuple[str, Handler], ...] = (
    ("/orders", orders.show),
    ("/orders/{id:.+}", order.show),
    ("/compare", compare.show),
    ("/activity", activity.show),
    ("/activity/stream", activity.stream),
    ("/requests/{id}", one_request.show),
    ("/invoices/{id:.+}", invoice.show),
    ("/go", palette.go),
    ("/help", keys.show),
)
