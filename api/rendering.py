"""The bodies of answers, as bytes. Documents of orders come ready as JSON and are only wrapped."""

from collections.abc import Iterable

import msgspec

from ledger.errors import LedgerError, OperationFailed


def single(resource: str, document: bytes) -> bytes:
    """``{"order": {...}}``"""
    return b'{"%s":%s}' % (resource.encode(), document)


def page(resource: str, documents: Iterable[bytes], next_offset: str | None, *, as_of: bytes | None = None) -> bytes:
    """``{"list": [{"order": {...}}, ...], "next_offset": "..."}``, the last page without ``next_offset``.

    Args:
        as_of: which moment it is of, for a list of the past, ready to be sent.
    """
    return page_of((single(resource, document) for document in documents), next_offset, as_of=as_of)


def page_of(entries: Iterable[bytes], next_offset: str | None, *, as_of: bytes | None = None) -> bytes:
    """A page of entries that are ready, which may be of several kinds."""
    members = [b'"list":[%s]' % b",".join(entries)]
    if as_of is not None:
        members.append(b'"as_of":%s' % as_of)
    if next_offset is not None:
        members.append(b'"next_offset":%s' % msgspec.json.encode(next_offset))
    return b"{%s}" % b",".join(members)


def error_body(refusal: LedgerError) -> bytes:
    """The body of an error (chargebee/conventions.md, section 3); members without a value are absent."""
    members = {
        "message": refusal.message,
        "type": refusal.type,
        "api_error_code": refusal.api_error_code,
        "param": refusal.param,
        "error_code": refusal.error_code or refusal.api_error_code,
        "error_msg": refusal.reason,
        "error_param": refusal.param,
        "http_status_code": refusal.http_status,
    }
    return msgspec.json.encode({name: value for name, value in members.items() if value is not None})


def crash_body(request_id: str) -> bytes:
    """The body of a 500 that nobody foresaw: nothing but the id under which the log has the rest."""
    return error_body(OperationFailed(f"{OperationFailed().reason}. Please report it with the request id {request_id}"))
