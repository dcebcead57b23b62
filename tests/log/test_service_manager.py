"""A service manager holds the listening socket and is told how the service is, as systemd defines it."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.serving import PATIENCE_S, PROGRAM

# What systemd does between fork and exec: the socket becomes descriptor 3, and the variables name the process.
LAUNCH = """
import os, sys
os.dup2(int(sys.argv[1]), 3)
os.environ |= {"LISTEN_PID": str(os.getpid()), "LISTEN_FDS": sys.argv[2], "LISTEN_FDNAMES": "http"}
os.execv(sys.argv[3], sys.argv[3:])
"""


@pytest.fixture
def listener() -> Iterator[socket.socket]:
    """The socket that the manager holds."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        yield listener


def launched(listener: socket.socket, *command: str, sockets: int = 1, **variables: str) -> "subprocess.Popen[str]":
    return subprocess.Popen(
        [sys.executable, "-c", LAUNCH, str(listener.fileno()), str(sockets), *command],
        pass_fds=(listener.fileno(),),
        env=os.environ | variables,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_who_connects_before_the_service_is_there_is_answered(
    listener: socket.socket, data_dir: Path, tmp_state_dir: Path
) -> None:
    with (
        socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager,
        socket.create_connection(listener.getsockname(), PATIENCE_S) as client,
    ):
        manager.settimeout(PATIENCE_S)
        manager.bind(str(tmp_state_dir / "notify"))
        # Asked while nobody is there who could answer: between two versions of the service.
        client.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
        with launched(
            listener,
            *(str(PROGRAM), "serve", "--data-dir", str(data_dir), "--host", "192.0.2.1"),
            NOTIFY_SOCKET=str(tmp_state_dir / "notify"),
        ) as service:
            try:
                assert client.recv(12) == b"HTTP/1.1 200"
                assert manager.recv(1000) == b"READY=1"
            finally:
                service.terminate()
            told, errors = service.communicate(timeout=PATIENCE_S)
        assert manager.recv(1000) == b"STOPPING=1"
        assert service.returncode == 0, errors
        assert f"ready on http://127.0.0.1:{listener.getsockname()[1]}\n" in told
        # The manager's socket is still there for the next one.
        socket.create_connection(listener.getsockname(), PATIENCE_S).close()


def test_several_sockets_and_sockets_of_another_kind_are_refused(listener: socket.socket, tmp_path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as local:
        command = (str(PROGRAM), "serve", "--data-dir", str(tmp_path / "data"))
        for refused in (launched(listener, *command, sockets=2), launched(local, *command)):
            _, errors = refused.communicate(timeout=PATIENCE_S)
            assert refused.returncode == 1
            assert "The service listens on one TCP socket" in errors


def test_sockets_of_another_process_are_left_alone() -> None:
    """They were handed to a parent, whose environment was inherited."""
    code = "from ops.serving.service_manager import inherited_listener; print(inherited_listener())"
    environment = os.environ | {"LISTEN_PID": "1", "LISTEN_FDS": "1"}
    told = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True, timeout=PATIENCE_S
    )
    assert told.stdout == "None\n"
