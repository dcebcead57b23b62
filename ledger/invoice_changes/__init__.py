"""What becomes of orders when something happens to their invoice (chargebee/order-generation.md, section 6).

Pure functions of what is known now: they compare the orders with what the invoice, its credit notes and its
subscriptions make of them, and say what differs. So it does not matter in what order, how late or how often the news
came, and asking again after the change finds nothing. What was decided where the facts are silent:
docs/decisions/0016-what-happens-to-orders-later.md.
"""

from ledger.invoice_changes.changes import changes_of_orders
from ledger.invoice_changes.difference import OrderChange

__all__ = ["OrderChange", "changes_of_orders"]
