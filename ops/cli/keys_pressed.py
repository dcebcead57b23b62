"""Keys as they are pressed on a terminal; none is lost, however fast they come."""

import contextlib
import os
import re
import sys
import termios
import tty
from collections.abc import Iterator

_key = re.compile(r"\x1b\[[A-Z]|.", re.DOTALL)
_READ_BYTES = 64


@contextlib.contextmanager
def keys_pressed() -> Iterator[Iterator[str]]:
    """One text for each key until the input ends; arrows are ``\\x1b[A`` and the like. Needs a terminal."""
    terminal = sys.stdin.fileno()
    before = termios.tcgetattr(terminal)
    tty.setcbreak(terminal, termios.TCSANOW)
    try:
        yield _keys(terminal)
    finally:
        termios.tcsetattr(terminal, termios.TCSADRAIN, before)


def _keys(terminal: int) -> Iterator[str]:
    while pressed := os.read(terminal, _READ_BYTES):
        yield from _key.findall(pressed.decode("utf-8", "ignore"))
