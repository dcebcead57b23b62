"""Which addresses are called: the public ones, and no other in any spelling."""

import socket

import pytest

from ops.webhooks.addresses import AddressRefused, public_socket, refusal, socket_factory

REFUSED = {
    "loopback": ["127.0.0.1", "127.255.255.254", "::1", "64:ff9b::7f00:1", "2002:7f00:1::"],
    "unspecified": ["0.0.0.0", "::"],
    "private": [
        *("10.0.0.1", "10.255.255.255", "172.16.0.1", "172.31.255.255", "192.168.0.1", "192.168.255.255"),
        *("0.1.2.3", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.1", "240.0.0.1", "255.255.255.255"),
        *("fc00::1", "fd00:ec2::254", "2001:db8::1", "64:ff9b::a00:1", "2002:a00:1::1"),
    ],
    "link-local": ["169.254.169.254", "169.254.0.1", "fe80::1", "fe80::1%eth0", "64:ff9b::a9fe:a9fe"],
    "multicast": ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"],
    "one of a cloud's own": ["168.63.129.16", "64:ff9b::a83f:8110"],
    "not public": ["100.64.0.1", "100.127.255.255", "100.100.100.200", "192.0.0.192", "192.88.99.1", "fec0::1"],
    "IPv4 in IPv6": ["::ffff:8.8.8.8", "::ffff:808:808"],
    "no address": ["shop.example.com", "", "127.1", "0x7f.1", "2130706433", "0177.0.0.1"],
}
# In which of the special registries these are depends on the version of Python.
REFUSED_SOMEHOW = [
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "::127.0.0.1",
    "2001::1",
    "192.0.0.1",
    "64:ff9b:1::1",
    "100::1",
]
PUBLIC = [
    *("8.8.8.8", "1.1.1.1", "9.255.255.255", "11.0.0.0", "172.15.255.255", "172.32.0.0", "192.167.255.255"),
    *("192.169.0.0", "100.63.255.255", "100.128.0.0", "169.253.255.255", "169.255.0.0", "223.255.255.255"),
    *("2606:4700::1111", "2a00:1450::1", "64:ff9b::808:808", "2002:808:808::1"),
]


@pytest.mark.parametrize(("reason", "address"), [(reason, each) for reason, all_ in REFUSED.items() for each in all_])
def test_an_address_that_is_not_public_is_refused(reason: str, address: str) -> None:
    assert refusal(address) == reason


@pytest.mark.parametrize("address", REFUSED_SOMEHOW)
def test_an_address_of_a_special_registry_is_refused(address: str) -> None:
    assert refusal(address) is not None


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_called(address: str) -> None:
    assert refusal(address) is None


def test_the_address_of_the_socket_is_what_counts() -> None:
    loopback = (socket.AF_INET, socket.SOCK_STREAM, 0, "shop.example.com", ("127.0.0.1", 443))
    with pytest.raises(AddressRefused, match="the address of the host is loopback"):
        public_socket(loopback)
    with socket_factory(allow_private=True)(loopback) as made:
        assert (made.family, made.type) == (socket.AF_INET, socket.SOCK_STREAM)
    with public_socket((socket.AF_INET6, socket.SOCK_STREAM, 0, "", ("2606:4700::1111", 443, 0, 0))) as made:
        assert made.family == socket.AF_INET6
