"""Credit notes, subscriptions and gifts as the ledger knows them: what it reads of Chargebee's own descriptions, and
what the events of their streams come to (chargebee/order-generation.md, section 6).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from dataclasses import replace as replaced
from typing import Any, Generic, TypeVar

import msgspec

from ledger.events import (
    CreditNoteCreated,
    CreditNoteRecorded,
    CreditNoteVoided,
    DomainEvent,
    GiftRecorded,
    SubscriptionRecorded,
)
from ledger.vocabulary import CreditNoteReason, CreditNoteStatus, CreditNoteType

F = TypeVar("F", bound="BillingFacts")


class BillingFacts(msgspec.Struct, frozen=True, kw_only=True):
    """Part of a description that the ledger reads. Members it does not name are kept in the event and not read."""


class CreditNoteFacts(BillingFacts, frozen=True, kw_only=True):
    """A credit note; amounts in minor units. ``reference_invoice_id`` is the invoice that it was made for."""

    id: str
    type: CreditNoteType
    status: CreditNoteStatus
    reference_invoice_id: str | None = None
    reason_code: str | None = None
    create_reason_code: str | None = None
    date: int | None = None
    total: int = 0
    amount_allocated: int = 0
    amount_refunded: int = 0
    amount_available: int = 0
    voided_at: int | None = None
    deleted: bool = False
    resource_version: int | None = None

    @property
    def is_in_force(self) -> bool:
        """Whether it still credits anything."""
        return not (self.deleted or self.status is CreditNoteStatus.VOIDED)

    @property
    def used(self) -> int:
        """What of it was put to other invoices or paid back."""
        return self.amount_allocated + self.amount_refunded

    @property
    def is_for_cancelled_orders(self) -> bool:
        """Whether orders that were cancelled are its reason.

        ``create_reason_code`` is the newer member, in the words of the site's console: ``Order Cancellation``.
        """
        return CreditNoteReason.ORDER_CANCELLATION in {self.reason_code, _in_code(self.create_reason_code)}


class SubscriptionFacts(BillingFacts, frozen=True, kw_only=True):
    """A subscription; ``status`` in Chargebee's words, of which ``cancelled`` matters here."""

    id: str
    status: str
    cancelled_at: int | None = None
    resource_version: int | None = None

    @property
    def is_cancelled(self) -> bool:
        """Whether it has ended by a cancellation; one that is only scheduled has not come yet."""
        return self.status == "cancelled"


class Gifter(BillingFacts, frozen=True, kw_only=True):
    """Who gives: the invoice that pays for the gift, and the message to the receiver."""

    invoice_id: str
    customer_id: str | None = None
    signature: str | None = None
    note: str | None = None


class GiftReceiver(BillingFacts, frozen=True, kw_only=True):
    """Who receives."""

    customer_id: str | None = None
    subscription_id: str | None = None
    first_name: str | None = None
    last_name: str | None = None
    email: str | None = None


class GiftMoment(BillingFacts, frozen=True, kw_only=True):
    """A state that the gift came to, and when."""

    status: str
    occurred_at: int | None = None


class GiftFacts(BillingFacts, frozen=True, kw_only=True):
    """A gift; ``status`` in Chargebee's words, of which ``claimed`` matters here."""

    id: str
    status: str
    gifter: Gifter
    gift_receiver: GiftReceiver | None = None
    gift_timelines: tuple[GiftMoment, ...] = ()
    updated_at: int | None = None
    resource_version: int | None = None

    @property
    def is_claimed(self) -> bool:
        """Whether its receiver has taken it."""
        return self.status == "claimed"

    @property
    def claimed_at(self) -> int | None:
        """When its receiver took it, in seconds: as its timeline says, else the time of its last change."""
        if not self.is_claimed:
            return None
        told = [each.occurred_at for each in self.gift_timelines if each.status == "claimed" and each.occurred_at]
        return max(told, default=self.updated_at)


@dataclass(frozen=True, kw_only=True, slots=True)
class Described(Generic[F]):
    """What Chargebee described last: what is read of it, and all that it said."""

    facts: F
    description: dict[str, Any]


Subscription = Described[SubscriptionFacts]
Gift = Described[GiftFacts]


@dataclass(frozen=True, kw_only=True, slots=True)
class CreditNote:
    """The current state of a credit note.

    ``order_id`` is the order that a command here made it for, ``description`` what Chargebee said last; a note has one
    of them or both. ``is_voided_here`` is final: what it was spread over has been given back.
    """

    facts: CreditNoteFacts
    description: dict[str, Any] | None = None
    order_id: str | None = None
    is_voided_here: bool = False


def fold_credit_note(events: Iterable[DomainEvent], note: CreditNote | None = None) -> CreditNote | None:
    """The credit note after all of the events, or None where there is none."""
    for event in events:
        note = _evolved(note, event)
    return note


def fold_subscription(events: Iterable[DomainEvent], known: Subscription | None = None) -> Subscription | None:
    """The subscription after all of the events: as it was described last, or None where there is none."""
    for event in events:
        if not isinstance(event, SubscriptionRecorded):
            raise ValueError(f"{event.TOPIC} cannot follow here in the stream of a subscription")
        known = Described(facts=read_subscription_facts(event.subscription), description=event.subscription)
    return known


def fold_gift(events: Iterable[DomainEvent], known: Gift | None = None) -> Gift | None:
    """The gift after all of the events: as it was described last, or None where there is none."""
    for event in events:
        if not isinstance(event, GiftRecorded):
            raise ValueError(f"{event.TOPIC} cannot follow here in the stream of a gift")
        known = Described(facts=read_gift_facts(event.gift), description=event.gift)
    return known


def read_credit_note_facts(description: dict[str, Any]) -> CreditNoteFacts:
    """What the ledger reads of a credit note.

    Raises:
        msgspec.ValidationError: a member has the wrong type, or a required one is missing.
    """
    return msgspec.convert(description, CreditNoteFacts)


def read_subscription_facts(description: dict[str, Any]) -> SubscriptionFacts:
    """What the ledger reads of a subscription. Raises as ``read_credit_note_facts`` does."""
    return msgspec.convert(description, SubscriptionFacts)


def read_gift_facts(description: dict[str, Any]) -> GiftFacts:
    """What the ledger reads of a gift. Raises as ``read_credit_note_facts`` does."""
    return msgspec.convert(description, GiftFacts)


def _evolved(note: CreditNote | None, event: DomainEvent) -> CreditNote:
    match event:
        case CreditNoteCreated() if note is None:
            return CreditNote(facts=_facts_of_ours(event), order_id=event.order_id)
        case CreditNoteVoided() if note:
            return replaced(note, facts=_voided(note.facts), is_voided_here=True)
        case CreditNoteRecorded(credit_note=description):
            facts = read_credit_note_facts(description)
            if note is None:
                return CreditNote(facts=facts, description=description)
            return replaced(note, facts=_still_ours(note, facts), description=description)
    raise ValueError(f"{event.TOPIC} cannot follow here in the stream of a credit note")


def _facts_of_ours(event: CreditNoteCreated) -> CreditNoteFacts:
    return CreditNoteFacts(
        id=event.originator_id.removeprefix("credit_note-"),
        type=CreditNoteType.REFUNDABLE,
        status=CreditNoteStatus.REFUND_DUE,
        reference_invoice_id=event.invoice_id,
        reason_code=event.reason_code,
        total=event.total,
        amount_available=event.total,
    )


def _still_ours(note: CreditNote, facts: CreditNoteFacts) -> CreditNoteFacts:
    """What is certain of a note that was made or voided here, whatever is said of it elsewhere."""
    if note.order_id:
        facts = msgspec.structs.replace(facts, reference_invoice_id=note.facts.reference_invoice_id)
    return _voided(facts) if note.is_voided_here else facts


def _voided(facts: CreditNoteFacts) -> CreditNoteFacts:
    return msgspec.structs.replace(facts, status=CreditNoteStatus.VOIDED)


def _in_code(words: str | None) -> str | None:
    return words.strip().lower().replace(" ", "_") if words else None
