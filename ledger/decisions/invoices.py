"""Taking in invoices: new ones, newer states of known ones; older or equal ones change nothing."""

from ledger.commands import RecordInvoice
from ledger.decision import Context, Decision, Recording, Stream
from ledger.events import InvoiceRecorded, InvoiceUpdated
from ledger.invoice import Invoice, read_facts


def record_invoice(command: RecordInvoice, invoice: Stream[Invoice | None], context: Context) -> Decision:
    """Record the invoice unless what is known is as new (chargebee/order-generation.md, section 1)."""
    recording = Recording(context.now_ms)
    if invoice.state is None:
        recording.add(invoice, InvoiceRecorded, invoice=command.description)
    elif _is_news(invoice.state, command):
        recording.add(invoice, InvoiceUpdated, invoice=command.description)
    return Decision(events=recording.events)


def _is_news(known: Invoice, command: RecordInvoice) -> bool:
    before, after = known.facts.resource_version, read_facts(command.description).resource_version
    if before is not None and (after is None or after < before):
        return False
    return known.description != command.description
