"""The body of an answer that shows what a command came to."""

from api.rendering import single
from ledger.batch import OrderRow
from ledger.handler import Shown
from projections.webhooks.endpoint_document import webhook_endpoint_json


def shown_body(shown: Shown) -> bytes:
    """``{"order": {...}}`` or ``{"webhook_endpoint": {...}}``."""
    if isinstance(shown, OrderRow):
        return single("order", shown.document)
    return single("webhook_endpoint", webhook_endpoint_json(shown))
