"""Which databases the service takes: what a failover would forget is refused, with what to do."""

import pytest

from ops.database import SERVICE_ROLE, Address
from ops.durability import AsynchronousReplication, Replication, names_several_hosts, require_synchronous
from tests.ops.command_line import url_of

ALONE = Replication(synchronous_names="", synchronous_commit="on", standbys=0)


@pytest.mark.parametrize("standbys", [0, 1, 2])
@pytest.mark.parametrize("several_hosts", [False, True])
@pytest.mark.parametrize("names", ["", " ", "ANY 1 (*)"])
@pytest.mark.parametrize("commit", ["on", "remote_apply", "remote_write", "local", "off"])
def test_a_pair_is_taken_only_where_commits_wait_for_a_standby(
    standbys: int, several_hosts: bool, names: str, commit: str
) -> None:
    fault = Replication(names, commit, standbys).fault(several_hosts=several_hosts)
    is_pair = standbys > 0 or several_hosts
    waits = bool(names.strip()) and commit.startswith(("on", "remote"))
    assert (fault is not None) is (is_pair and not waits)


def test_a_refusal_says_what_was_found_and_what_to_do() -> None:
    told = Replication("", "on", 2).fault(several_hosts=False)
    assert told
    assert told.startswith("The database has 2 standby servers, but synchronous_standby_names is empty")
    assert "ANY 1 (*)" in told
    assert ALONE.fault(several_hosts=False) is None


@pytest.mark.parametrize(
    ("url", "several"),
    [
        ("postgresql://u:p@db/ledger", False),
        ("postgresql://u:a,b@db/ledger", False),
        ("postgresql://u:p@db1,db2/ledger?target_session_attrs=read-write", True),
        ("postgresql://db1:5432,db2:5433/ledger", True),
        ("postgresql://u@/ledger?host=/run/a,/run/b&port=5432,5432", True),
        ("postgresql://u@/ledger?host=/run/a&port=5432", False),
    ],
)
def test_a_url_that_names_several_hosts_is_recognised(url: str, several: bool) -> None:
    assert names_several_hosts(url) is several


async def test_a_server_without_a_standby_is_taken_unless_its_url_names_others(
    address: Address,
) -> None:
    alone = url_of(address)
    await require_synchronous(Address.external(alone))
    folder = address.owner["host"]
    both = alone.replace(f"host={folder}", f"host={folder},/nowhere").replace("port=5432", "port=5432,5432")
    with pytest.raises(AsynchronousReplication, match=r"names several hosts, but synchronous_standby_names is empty"):
        await require_synchronous(Address.external(both))
    # Any login may ask, also one that sees nothing of other sessions.
    service = Address(owner=address.owner | {"user": SERVICE_ROLE}, service={}, is_embedded=False)
    await require_synchronous(Address.external(url_of(service)))
