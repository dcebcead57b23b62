"""Who may read metrics.

They hold no secrets and no names unless the operator asks for sites, yet how much a business sells is nobody's affair.
With a token whoever shows it may read, from anywhere. Without one the reader must be on this machine and must have come
directly: a proxy on the same machine would let everybody in, so a request that one has passed on, or whose host is a
name of the service, is refused (docs/decisions/0022-metrics-and-traces.md).
"""

import hmac
import ipaddress

from aiohttp import web

from ledger.errors import AuthenticationFailed, AuthorizationFailed

_SCHEME = "Bearer "
_PASSED_ON = ("Forwarded", "X-Forwarded-For", "X-Forwarded-Host", "X-Real-IP", "Via")


def admit_reader(request: web.BaseRequest, token: str | None) -> None:
    """Let a reader in.

    Raises:
        AuthenticationFailed: the token is not shown.
        AuthorizationFailed: there is no token, and the reader is not known to be on this machine.
    """
    if token is not None:
        shown = request.headers.get("Authorization", "")
        if not (shown.startswith(_SCHEME) and _is_same(shown.removeprefix(_SCHEME), token)):
            raise AuthenticationFailed("Sorry, the token of the metrics is missing or wrong.")
    elif not _is_of_this_machine(request):
        raise AuthorizationFailed(
            "Without a token (ORDER_LEDGER_METRICS_TOKEN) metrics are read on the service's own machine alone."
        )


def _is_same(shown: str, token: str) -> bool:
    # In a time that does not tell how much of it was right.
    return hmac.compare_digest(shown.strip().encode("utf-8", "surrogateescape"), token.encode())


def _is_of_this_machine(request: web.BaseRequest) -> bool:
    host = request.headers.get("Host", "")
    return (
        _is_loopback(request.remote or "")
        and (_is_loopback(_without_port(host)) or _without_port(host) == "localhost")
        and not any(name in request.headers for name in _PASSED_ON)
    )


def _is_loopback(address: str) -> bool:
    try:
        found = ipaddress.ip_address(address)
    except ValueError:
        return False
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    return (mapped or found).is_loopback


def _without_port(host: str) -> str:
    if host.startswith("["):
        return host[1:].partition("]")[0]
    return host.partition(":")[0].lower()
