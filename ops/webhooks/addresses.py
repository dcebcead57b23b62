"""Which addresses may be called. Whoever may make a webhook endpoint must not reach our own network through it.

The address is looked at where the socket to it is made, behind all names and spellings, and connected to as it is: a
name that resolves to something else a moment later changes nothing.
"""

import socket
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any

_AddressInfo = tuple[Any, ...]

# A public address at which a machine in a cloud reads about itself; those of other clouds are not public.
_METADATA = frozenset({ip_address("168.63.129.16")})
# Of IANA's special registries, what not every version of Python knows: protocol assignments (another cloud's metadata
# among them), carriers' networks, relays of 6to4, tunnels (Teredo), and what was once local to a site.
_SPECIAL = tuple(map(ip_network, ("192.0.0.0/24", "100.64.0.0/10", "192.88.99.0/24", "2001::/32", "fec0::/10")))
# An IPv4 address in the last four bytes, for a gateway to translate (RFC 6052).
_NAT64 = IPv6Network("64:ff9b::/96")
# An IPv4 address behind the first two bytes (RFC 3056).
_SIXTOFOUR = IPv6Network("2002::/16")


class AddressRefused(OSError):
    """The host has an address that is not public."""


def public_socket(address_info: _AddressInfo) -> socket.socket:
    """A socket for an address, for aiohttp to connect.

    Raises:
        AddressRefused: the address is not a public one.
    """
    refused = refusal(str(address_info[4][0]))
    if refused:
        raise AddressRefused(f"the address of the host is {refused}")
    return any_socket(address_info)


def any_socket(address_info: _AddressInfo) -> socket.socket:
    """As ``public_socket``, where the operator allows every address."""
    family, kind, protocol, *_ = address_info
    return socket.socket(family, kind, protocol)


def socket_factory(*, allow_private: bool) -> Callable[[_AddressInfo], socket.socket]:
    """What makes the sockets."""
    return any_socket if allow_private else public_socket


def refusal(text: str) -> str | None:
    """Why an address is not called: ``loopback`` and the like; None for a public one."""
    try:
        address = ip_address(text)
    except ValueError:
        return "no address"
    return _refusal(_inner(address) or address)


def _refusal(address: IPv4Address | IPv6Address) -> str | None:
    kinds = (
        # A way around whoever compares texts; nobody's public host has such an address.
        ("IPv4 in IPv6", isinstance(address, IPv6Address) and address.ipv4_mapped is not None),
        ("unspecified", address.is_unspecified),
        ("loopback", address.is_loopback),
        ("link-local", address.is_link_local),
        ("multicast", address.is_multicast),
        ("one of a cloud's own", address in _METADATA),
        ("private", address.is_private),
        ("reserved", address.is_reserved),
        ("not public", not address.is_global or any(address in network for network in _SPECIAL)),
    )
    return next((name for name, applies in kinds if applies), None)


def _inner(address: IPv4Address | IPv6Address) -> IPv4Address | None:
    """The IPv4 address that an IPv6 address stands for."""
    if isinstance(address, IPv4Address):
        return None
    if address in _NAT64:
        return IPv4Address(address.packed[12:])
    if address in _SIXTOFOUR:
        return IPv4Address(address.packed[2:6])
    return None
