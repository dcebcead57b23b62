"""Offsets of lists: opaque text that says where the next page starts and which list it belongs to.

The text is base64url and begins with its version, ``p1``. A letter that begins no JSON value matters: the Ruby SDK
parses an offset that is JSON and prints it anew (chargebee/conventions.md, section 8). Behind the version stand the
sort value and the id of the last row, and a digest of these and of the list (site, filters, sort, deleted or not):
an offset that was cut or belongs to another list is refused, instead of skipping rows.
"""

import base64
import hashlib
import struct

import msgspec

from ledger.errors import ParamWrongValue
from ledger.ids import Site
from ledger.limits import OFFSET_LENGTH_MAX
from projections.listing import Filter, OrderQuery, PageStart

_VERSION = "p1"
_DIGEST_BYTES = 8
_head = struct.Struct(f">q{_DIGEST_BYTES}s")


def write_offset(last: PageStart, *, query: OrderQuery, site: Site) -> str:
    """The ``next_offset`` behind this last row of a page; for a 40-character id at most 240 characters."""
    payload = _head.pack(last.value, _digest(last, query, site)) + last.id.encode()
    return _VERSION + _encode(payload)


def read_offset(offset: str, *, query: OrderQuery, site: Site) -> PageStart:
    """Where the page of an offset starts.

    Raises:
        ParamWrongValue: not an offset, or one of another site, of other filters or of another sort.
    """
    try:
        value, digest, row_id = _parse(offset)
    except (ValueError, struct.error):
        raise ParamWrongValue("is not an offset", param="offset") from None
    start = PageStart(value, row_id)
    if digest != _digest(start, query, site):
        raise ParamWrongValue("is not an offset of this list: filters and sort must stay the same", param="offset")
    return start


def _parse(offset: str) -> tuple[int, bytes, str]:
    text = offset.removeprefix(_VERSION)
    if text == offset or len(offset) > OFFSET_LENGTH_MAX:
        raise ValueError(offset)
    payload = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    if _encode(payload) != text:
        raise ValueError(offset)
    value, digest = _head.unpack_from(payload)
    return value, digest, payload[_head.size :].decode()


def _encode(payload: bytes) -> str:
    return base64.urlsafe_b64encode(payload).decode().rstrip("=")


def _digest(start: PageStart, query: OrderQuery, site: Site) -> bytes:
    filters = sorted((_plain(found) for found in query.filters), key=repr)
    listed = (site, filters, query.sort.field, query.sort.descending, query.include_deleted, start.value, start.id)
    return hashlib.sha256(msgspec.json.encode(listed)).digest()[:_DIGEST_BYTES]


def _plain(found: Filter) -> tuple[object, ...]:
    return (found.field, str(found.operator), *found.values)
