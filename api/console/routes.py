"""All pages of the console, below ``/console``."""

from api.console.headers import Handler
from api.console.pages import (
    activity,
    compare,
    event,
    evidence,
    export,
    health,
    invoice,
    keys,
    order,
    orders,
    palette,
    webhooks,
)
from api.console.pages import request as one_request

PAGES: tuple[tuple[str, Handler], ...] = (
    ("/orders", orders.show),
    ("/orders/{id:.+}", order.show),
    ("/evidence/{id:.+}", evidence.bundle),
    ("/proofs/orders/{id:.+}", evidence.order_proof),
    ("/proofs/events/{position}", evidence.event_proof),
    ("/export/orders", export.orders),
    ("/compare", compare.show),
    ("/activity", activity.show),
    ("/activity/stream", activity.stream),
    ("/events/{id}", event.show),
    ("/requests/{id}", one_request.show),
    ("/invoices/{id:.+}", invoice.show),
    ("/webhooks", webhooks.show),
    ("/webhooks/resend", webhooks.preview),
    ("/health", health.show),
    ("/go", palette.go),
    ("/help", keys.show),
)

ACTIONS: tuple[tuple[str, Handler], ...] = (
    ("/webhooks/resend", webhooks.resend),
    ("/health/verify", health.verify),
)
"""What changes something; each requires a form of the session and a full key."""
