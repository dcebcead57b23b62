"""Names of things: the types of ids, and the source of new ones. No I/O; randomness and time are passed in.

Generated ids look like Chargebee's (chargebee/orders.md, section 1): a prefix, ``__test__`` on test sites, and 17
alphanumerics. The first eight of these are the millisecond in base 62, so ids made later sort later and an index
on them grows at its right edge; the other nine are random (53 bits a millisecond) and go up within
one in each source.
"""

import os
import time
from collections.abc import Callable
from typing import NewType

Site = NewType("Site", str)
StreamId = NewType("StreamId", str)
OrderId = NewType("OrderId", str)
InvoiceId = NewType("InvoiceId", str)
Position = NewType("Position", int)
"""Place in a site's log, from 1 without gaps. The leaf index of the Merkle tree is ``position - 1``."""
Version = NewType("Version", int)
"""Place in one stream, from 1 without gaps."""

ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz"
_DIGIT_PAIRS = tuple(first + second for first in ALPHABET for second in ALPHABET)
_TIME_DIGITS = 8
_RANDOM_DIGITS = 9
_RANDOM_BOUND = 62**_RANDOM_DIGITS
_STEP_MAX = 62**4

SETTINGS_STREAM = StreamId("settings")
WEBHOOK_ENDPOINTS_STREAM = StreamId("webhook_endpoints")


def order_stream(order_id: str) -> StreamId:
    """The stream of one order."""
    return StreamId(f"order-{order_id}")


def invoice_stream(invoice_id: str) -> StreamId:
    """The stream of one invoice, as Chargebee sent it."""
    return StreamId(f"invoice-{invoice_id}")


INVOICE_STREAM = invoice_stream("")
"""What the streams of invoices begin with, and no others."""


def credit_note_stream(credit_note_id: str) -> StreamId:
    """The stream of one credit note."""
    return StreamId(f"credit_note-{credit_note_id}")


def subscription_stream(subscription_id: str) -> StreamId:
    """The stream of one subscription, as Chargebee sent it."""
    return StreamId(f"subscription-{subscription_id}")


def gift_stream(invoice_id: str) -> StreamId:
    """The stream of the gift that an invoice pays for."""
    return StreamId(f"gift-{invoice_id}")


def system_clock_ms() -> int:
    """Milliseconds since 1970, UTC."""
    return time.time_ns() // 1_000_000


class Randomness:
    """Numbers that nobody can guess, from the system's source, which is asked for many at a time."""

    _BYTES = 7
    _ASKED = 512 * _BYTES

    def __init__(self) -> None:
        self._bytes = b""
        self._place = 0

    def below(self, bound: int) -> int:
        """A number from 0 to ``bound - 1``, each as likely as any other; ``bound`` is at most 2^56."""
        bits = (bound - 1).bit_length()
        while True:
            if self._place >= len(self._bytes):
                self._bytes, self._place = os.urandom(self._ASKED), 0
            drawn = int.from_bytes(self._bytes[self._place : self._place + self._BYTES])
            self._place += self._BYTES
            number = drawn >> (8 * self._BYTES - bits)
            if number < bound:
                return number


class IdSource:
    """Makes new ids.

    Args:
        clock_ms: milliseconds since 1970.
        random_below: a number from 0 to n - 1; the default cannot be guessed. A process that forks makes a new source.
    """

    def __init__(
        self,
        clock_ms: Callable[[], int] = system_clock_ms,
        random_below: Callable[[int], int] | None = None,
    ) -> None:
        self._clock_ms = clock_ms
        self._random_below = random_below or Randomness().below
        self._last = (-1, 0)
        # Of the last token: many are made in a millisecond.
        self._time_digits = ""

    def order_id(self, *, live: bool) -> OrderId:
        """Id of an order made by POST /orders without one."""
        return OrderId(_test_mark(live) + self._token())

    def line_item_id(self, *, live: bool) -> str:
        """Id of an order line item."""
        return "o_li" + _test_mark(live) + self._token()

    def event_id(self, *, live: bool) -> str:
        """Id of an event, in the log and in Chargebee's events API."""
        return "ev_" + _test_mark(live) + self._token()

    def webhook_endpoint_id(self) -> str:
        """Id of a webhook endpoint (chargebee/events.md, section 6)."""
        return "whv2_" + self._token()[:-1]

    def webhook_credentials_id(self) -> str:
        """Id of what a webhook endpoint is authenticated with."""
        return "whc_" + self._token()

    def request_id(self) -> str:
        """Id of one request to the service."""
        return "req_" + self._token()

    def _token(self) -> str:
        now_ms, random = self._clock_ms(), self._random_below(_RANDOM_BOUND)
        last_ms, last = self._last
        # Behind the last one of the same millisecond, by a step that nobody knows; there is room for millions.
        behind = last + 1 + random % _STEP_MAX
        if now_ms == last_ms and not last < random <= last + _STEP_MAX and behind < _RANDOM_BOUND:
            random = behind
        if now_ms != last_ms:
            self._time_digits = _base62(now_ms, _TIME_DIGITS)
        self._last = (now_ms, random)
        return self._time_digits + _base62(random, _RANDOM_DIGITS)


def _test_mark(live: bool) -> str:
    return "" if live else "__test__"


def _base62(number: int, digits: int) -> str:
    places: list[str] = []
    for _ in range((digits + 1) // 2):
        number, pair = divmod(number, 62 * 62)
        places.append(_DIGIT_PAIRS[pair])
    return "".join(reversed(places))[-digits:]
