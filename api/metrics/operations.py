"""The names of all operations, which are labels. Written out: what counts must know them before there are routes.

A test compares them with the routes.
"""

OPERATIONS = (
    "list",
    "create",
    "import_order",
    "retrieve",
    "update",
    "assign_order_number",
    "cancel",
    "create_refundable_credit_note",
    "delete",
    "reopen",
    "resend",
    "orders_for_invoice",
    "configurations",
    "history",
    "diff",
    "list_events",
    "retrieve_event",
    "create_webhook_endpoint",
    "list_webhook_endpoints",
    "retrieve_webhook_endpoint",
    "update_webhook_endpoint",
    "delete_webhook_endpoint",
    "ledger_changes",
    "list_requests",
    "retrieve_request",
    "find_orders",
    "retrieve_invoice",
    "list_webhook_deliveries",
    "count_webhook_deliveries",
    "ledger_health",
    "ledger_overview",
    "ledger_verification",
    "order_proof",
    "checkpoint",
    "log_keys",
    "tile",
    "inclusion_proof",
    "consistency_proof",
    "event_proof",
    "take_in_chargebee",
)
UNKNOWN = "unknown"
"""Of a request that names no operation, or was turned away before it was read."""
