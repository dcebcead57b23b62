"""All pages of the console, below ``/console``."""

from api.console.headers import Handler
from api.console.pages import order, orders

PAGES: tuple[tuple[str, Handler], ...] = (
    ("/orders", orders.show),
    ("/orders/{id:.+}", order.show),
)
