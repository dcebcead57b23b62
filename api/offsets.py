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
from projections.history.moments import AtPosition, AtTime
from projections.listing import Filter, OrderQuery, PageStart
from projections.past.cut import ListMoment

_VERSION = "p1"
_DIGEST_BYTES = 8
_head = struct.Struct(f">q{_DIGEST_BYTES}s")


def write_offset(last: PageStart, *, query: OrderQuery, site: Site, moment: ListMoment | None = None) -> str:
    """The ``next_offset`` behind this last row of a page; for a 40-character id at most 240 characters.

    Args:
        moment: of a list of the past.
    """
    return write_place(last, _listed(query, site, moment))


def read_offset(offset: str, *, query: OrderQuery, site: Site, moment: ListMoment | None = None) -> PageStart:
    """Where the page of an offset starts.

    Raises:
        ParamWrongValue: not an offset, or one of another site, of other filters, another sort or another moment.
    """
    return read_place(offset, _listed(query, site, moment))


def write_place(last: PageStart, listed: object) -> str:
    """The offset behind a row of any list; ``listed`` is all that makes it this list, as plain data."""
    payload = _head.pack(last.value, _digest(last, listed)) + last.id.encode()
    return _VERSION + _encode(payload)


def read_place(offset: str, listed: object) -> PageStart:
    """The row behind which the page of an offset starts; errors as for ``read_offset``."""
    try:
        value, digest, row_id = _parse(offset)
    except (ValueError, struct.error):
        raise ParamWrongValue("is not an offset", param="offset") from None
    start = PageStart(value, row_id)
    if digest != _digest(start, listed):
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


def _listed(query: OrderQuery, site: Site, moment: ListMoment | None) -> object:
    filters = sorted((_plain(found) for found in query.filters), key=repr)
    return (site, filters, query.sort.field, query.sort.descending, query.include_deleted, *_plain_moment(moment))


def _plain_moment(moment: ListMoment | None) -> tuple[object, ...]:
    """Nothing for the present: offsets of it are as they were before there were others."""
    match moment:
        case AtPosition():
            return ("position", moment.position)
        case AtTime():
            return ("time", moment.until_ms)
    return ()


def _digest(start: PageStart, listed: object) -> bytes:
    return hashlib.sha256(msgspec.json.encode((listed, start.value, start.id))).digest()[:_DIGEST_BYTES]


def _plain(found: Filter) -> tuple[object, ...]:
    return (found.field, str(found.operator), *found.values)
