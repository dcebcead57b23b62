"""State folders that end their servers, and processes that join them."""

import os
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from ops.embedded import EmbeddedPostgres
from tests.ops.embedded.support import Member, copy_cluster, end_servers_in

OpenPostgres = Callable[..., EmbeddedPostgres]
Join = Callable[..., Member]


@pytest.fixture
def root() -> None:
    if os.geteuid() != 0:
        pytest.skip("needs root")


@pytest.fixture
def new_state_dir(tmp_path: Path) -> Iterator[Path]:
    """A folder that does not exist yet."""
    path = tmp_path / "state"
    yield path
    end_servers_in(path)


@pytest.fixture(scope="session")
def prepared_cluster(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A state folder whose server was started once and stopped in order: initdb takes a second."""
    path = tmp_path_factory.mktemp("prepared") / "state"
    try:
        EmbeddedPostgres.open(path).stop()
    finally:
        end_servers_in(path)
    return path


@pytest.fixture
def state_dir(new_state_dir: Path, prepared_cluster: Path) -> Path:
    """A folder with a cluster; when the tests run as root it is root's, as after any copy by root."""
    copy_cluster(prepared_cluster, new_state_dir)
    return new_state_dir


@pytest.fixture
def open_postgres() -> Iterator[OpenPostgres]:
    """EmbeddedPostgres.open, stopped at the end."""
    opened: list[EmbeddedPostgres] = []

    def open_postgres(state_dir: Path, **options: Any) -> EmbeddedPostgres:
        opened.append(EmbeddedPostgres.open(state_dir, **options))
        return opened[-1]

    yield open_postgres
    for postgres in opened:
        postgres.stop()


@pytest.fixture
def join() -> Iterator[Join]:
    """Start another process that joins a state folder; killed at the end."""
    members: list[Member] = []

    def join(state_dir: Path, *options: str, **more: Any) -> Member:
        members.append(Member(state_dir, *options, **more))
        return members[-1]

    yield join
    for member in members:
        member.kill()
