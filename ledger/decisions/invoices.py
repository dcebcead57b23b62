"""Taking in invoices: new ones, newer states of known ones; older or equal ones change nothing."""

from ledger.commands import RecordInvoice
from ledger.decision import Context, Decision, Recording, Stream
from ledger.decisions.descriptions import is_news, readable
from ledger.errors import InvalidRequest
from ledger.events import InvoiceRecorded, InvoiceUpdated
from ledger.invoice import Invoice, InvoiceFacts, read_facts
from ledger.limits import INTEGER_MAX


def record_invoice(command: RecordInvoice, invoice: Stream[Invoice | None], context: Context) -> Decision:
    """Record the invoice unless what is known is as new (chargebee/order-generation.md, section 1)."""
    facts = readable("invoice", command.invoice_id, command.description, read_facts)
    _refuse_endless_sums(facts)
    recording = Recording(context.now_ms)
    if invoice.state is None:
        recording.add(invoice, InvoiceRecorded, invoice=command.description)
    elif is_news(invoice.state, facts, command.description):
        recording.add(invoice, InvoiceUpdated, invoice=command.description)
    return Decision(events=recording.events)


def _refuse_endless_sums(facts: InvoiceFacts) -> None:
    """Whatever orders sum up of an invoice is below this sum, and so has a canonical form too."""
    lines = sum(line.amount + line.discount_amount + line.tax_amount for line in facts.line_items)
    if facts.paid + lines > INTEGER_MAX:
        raise InvalidRequest("The amounts of the invoice are too large to be summed up.")
