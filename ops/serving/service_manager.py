"""What a service manager hands over and is told: systemd's protocols, which others speak too.

A listening socket (sd_listen_fds(3)) that the manager holds stays open while the service is replaced as a whole:
who connects meanwhile waits, and nobody is refused. Whether the service is ready goes to its socket (sd_notify(3)).
"""

import contextlib
import os
import socket
import time

from ledger.errors import OperationFailed

_FIRST_FD = 3


class UnusableSockets(OperationFailed):
    """The service listens on one TCP socket; the service manager hands over several, or one of another kind."""


def inherited_listener() -> socket.socket | None:
    """The listening socket that the manager hands over, None without one.

    Raises:
        UnusableSockets: there are several, or it is no TCP socket.
    """
    pid, count = os.environ.pop("LISTEN_PID", ""), os.environ.pop("LISTEN_FDS", "")
    os.environ.pop("LISTEN_FDNAMES", None)
    if pid != str(os.getpid()) or not count.isdecimal() or int(count) == 0:
        return None
    if int(count) > 1:
        raise UnusableSockets
    os.set_inheritable(_FIRST_FD, False)
    listener = socket.socket(fileno=_FIRST_FD)
    if listener.family not in {socket.AF_INET, socket.AF_INET6} or listener.type != socket.SOCK_STREAM:
        listener.close()
        raise UnusableSockets
    return listener


def tell_manager(state: str) -> None:
    """Tell the manager, if it listens: ``READY=1``, ``RELOADING=1``, ``STOPPING=1``. Nothing depends on it."""
    address = os.environ.get("NOTIFY_SOCKET", "")
    if not address:
        return
    if state == "RELOADING=1":
        state += f"\nMONOTONIC_USEC={time.monotonic_ns() // 1000}"
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as manager:
        manager.connect("\0" + address[1:] if address.startswith("@") else address)
        manager.sendall(state.encode())
