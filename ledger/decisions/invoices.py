"""Taking in invoices: new ones, newer states of known ones; older or equal ones change nothing."""

import msgspec

from ledger.commands import RecordInvoice
from ledger.decision import Context, Decision, Recording, Stream
from ledger.envelope import has_canonical_form
from ledger.errors import InvalidRequest
from ledger.events import InvoiceRecorded, InvoiceUpdated
from ledger.invoice import Invoice, InvoiceFacts, read_facts
from ledger.limits import INTEGER_MAX


def record_invoice(command: RecordInvoice, invoice: Stream[Invoice | None], context: Context) -> Decision:
    """Record the invoice unless what is known is as new (chargebee/order-generation.md, section 1)."""
    facts = _readable_facts(command)
    recording = Recording(context.now_ms)
    if invoice.state is None:
        recording.add(invoice, InvoiceRecorded, invoice=command.description)
    elif _is_news(invoice.state, facts, command):
        recording.add(invoice, InvoiceUpdated, invoice=command.description)
    return Decision(events=recording.events)


def _readable_facts(command: RecordInvoice) -> InvoiceFacts:
    """What is recorded can be read for ever: what could not is refused, whoever brings it."""
    if not has_canonical_form(command.description):
        raise InvalidRequest("The invoice holds a value that has no canonical form.")
    try:
        facts = read_facts(command.description)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"The invoice cannot be read: {error}") from error
    if facts.id != command.invoice_id:
        raise InvalidRequest(f"The invoice {command.invoice_id} describes itself as another one.")
    # Whatever orders sum up of an invoice is below this sum, and so has a canonical form too.
    lines = sum(line.amount + line.discount_amount + line.tax_amount for line in facts.line_items)
    if facts.paid + lines > INTEGER_MAX:
        raise InvalidRequest("The amounts of the invoice are too large to be summed up.")
    return facts


def _is_news(known: Invoice, facts: InvoiceFacts, command: RecordInvoice) -> bool:
    before, after = known.facts.resource_version, facts.resource_version
    if before is not None and (after is None or after < before):
        return False
    return known.description != command.description
