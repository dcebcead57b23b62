"""What the doctor finds: one thing that it looked at, how it is, and what to do about it."""

from enum import StrEnum

import msgspec


class Level(StrEnum):
    """How bad it is."""

    OK = "ok"
    WARNING = "warning"
    """It works, and somebody should look at it."""
    FAULT = "fault"
    """It does not work, or what was acknowledged may be lost or cannot be trusted."""


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One thing. ``advice`` is what to do, empty where there is nothing to be done."""

    check: str
    level: Level
    text: str
    advice: str = ""


def ok(check: str, text: str) -> Finding:
    """All is well with it."""
    return Finding(check=check, level=Level.OK, text=text)


def warning(check: str, text: str, advice: str) -> Finding:
    """Somebody should look at it."""
    return Finding(check=check, level=Level.WARNING, text=text, advice=advice)


def fault(check: str, text: str, advice: str) -> Finding:
    """It is wrong."""
    return Finding(check=check, level=Level.FAULT, text=text, advice=advice)
