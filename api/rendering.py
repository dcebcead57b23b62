"""The bodies of answers, as bytes. Documents of orders come ready as JSON and are only wrapped."""

from collections.abc import Iterable

import msgspec

from ledger.errors import LedgerError, OperationFailed


def single(resource: str, document: bytes) -> bytes:
    """``{"order": {...}}``"""
    return b'{"%s":%s}' % (resource.encode(), document)


def page(resource: str, documents: Iterable[bytes], next_offset: str | None) -> bytes:
    """``{"list": [{"order": {...}}, ...], "next_offset": "..."}``, the last page without ``next_offset``."""
    rows = b",".join(single(resource, document) for document in documents)
    if next_offset is None:
        return b'{"list":[%s]}' % rows
    return b'{"list":[%s],"next_offset":%s}' % (rows, msgspec.json.encode(next_offset))


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
