"""Who may read metrics: with the token whoever has it, without one nobody but this machine itself."""

from typing import Any

import pytest
from aiohttp.test_utils import make_mocked_request

from api.metrics.door import admit_reader
from ledger.errors import AuthenticationFailed, AuthorizationFailed

TOKEN = "a token"


def request(remote: str, **headers: str) -> Any:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return make_mocked_request("GET", "/metrics", headers=named).clone(remote=remote)


@pytest.mark.parametrize(
    ("remote", "host"),
    [
        ("127.0.0.1", "127.0.0.1:8080"),
        ("127.0.0.1", "localhost:8080"),
        ("127.0.0.1", "LOCALHOST"),
        ("127.8.9.1", "127.0.0.1"),
        ("::1", "[::1]:8080"),
        ("::ffff:127.0.0.1", "localhost:8080"),
    ],
)
def test_without_a_token_this_machine_may_read(remote: str, host: str) -> None:
    admit_reader(request(remote, Host=host), None)


@pytest.mark.parametrize(
    ("remote", "headers"),
    [
        ("10.0.0.7", {"Host": "127.0.0.1:8080"}),
        ("::ffff:10.0.0.7", {"Host": "localhost"}),
        ("", {"Host": "localhost"}),
        # A proxy on this machine: it passes on the host that was asked for, or says for whom it asks.
        ("127.0.0.1", {"Host": "ledger.example.com"}),
        ("127.0.0.1", {}),
        ("127.0.0.1", {"Host": "localhost", "X_Forwarded_For": "10.0.0.7"}),
        ("127.0.0.1", {"Host": "localhost", "Forwarded": "for=10.0.0.7"}),
        ("127.0.0.1", {"Host": "localhost", "Via": "1.1 proxy"}),
        ("127.0.0.1", {"Host": "localhost", "X_Real_IP": "10.0.0.7"}),
    ],
)
def test_without_a_token_nobody_else_may_read(remote: str, headers: dict[str, str]) -> None:
    with pytest.raises(AuthorizationFailed):
        admit_reader(request(remote, **headers), None)


def test_who_has_the_token_may_read_from_anywhere() -> None:
    passed_on = {"Host": "ledger.example.com", "X_Forwarded_For": "10.0.0.7"}
    admit_reader(request("10.0.0.7", Authorization=f"Bearer {TOKEN}", **passed_on), TOKEN)


@pytest.mark.parametrize(
    "shown", ["", "Bearer ", "Bearer a toke", "Bearer a tokens", f"Basic {TOKEN}", TOKEN, "Bearer ü"]
)
def test_where_there_is_a_token_nobody_may_read_without_it(shown: str) -> None:
    with pytest.raises(AuthenticationFailed):
        admit_reader(request("127.0.0.1", Host="localhost", Authorization=shown), TOKEN)
