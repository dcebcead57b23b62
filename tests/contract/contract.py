"""The contract as data: contract.json, and the schemas that must agree with it, by the contract's operation names."""

import json
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from api.schemas.listing import LIST_ORDERS, ORDERS_FOR_INVOICE
from api.schemas.operation import OperationSchema
from api.schemas.order_actions import (
    ASSIGN_ORDER_NUMBER,
    CANCEL_ORDER,
    CREATE_REFUNDABLE_CREDIT_NOTE,
    DELETE_ORDER,
    REOPEN_ORDER,
    RESEND_ORDER,
)
from api.schemas.orders import CREATE_ORDER, IMPORT_ORDER, UPDATE_ORDER

CONTRACT: dict[str, Any] = json.loads((Path(__file__).parent / "contract.json").read_text())
OPERATIONS: dict[str, dict[str, Any]] = {operation["name"]: operation for operation in CONTRACT["operations"]}
FILTERS: dict[str, dict[str, Any]] = CONTRACT["list_filters"]["orders"]["filters"]

SCHEMAS: dict[str, OperationSchema[Any]] = {
    "create": CREATE_ORDER,
    "update": UPDATE_ORDER,
    "import_order": IMPORT_ORDER,
    "assign_order_number": ASSIGN_ORDER_NUMBER,
    "cancel": CANCEL_ORDER,
    "create_refundable_credit_note": CREATE_REFUNDABLE_CREDIT_NOTE,
    "reopen": REOPEN_ORDER,
    "delete": DELETE_ORDER,
    "list": LIST_ORDERS,
    "orders_for_invoice": ORDERS_FOR_INVOICE,
    "resend": RESEND_ORDER,
}

UTC = ZoneInfo("UTC")


def given_by_caller(operation: str) -> dict[str, object]:
    """What an operation takes beside its form."""
    if operation == "list":
        return {"zone": UTC}
    if operation == "orders_for_invoice":
        return {"invoice_id": "inv_1"}
    return {"order_id": "1"} if "path_params" in OPERATIONS[operation] else {}


def read(operation: str, pairs: list[tuple[str, str]]) -> Any:
    """The command or list request of a form."""
    return SCHEMAS[operation].read(pairs, **given_by_caller(operation))
