"""Logs of all processes: lines for people, or one JSON object a line for what collects them.

Standard logging with two formatters of our own (docs/decisions/0022-metrics-and-traces.md says why no library does it).
Of an exception the type and the places are written and never its text, which may hold what a client sent.
"""

import asyncio
import logging
import os
import sys
import traceback
from datetime import UTC, datetime
from enum import StrEnum
from types import TracebackType
from typing import Any, TypeAlias

import msgspec

from api.request_context import REQUEST_ID

_ExcInfo: TypeAlias = tuple[type[BaseException], BaseException, TracebackType | None] | tuple[None, None, None]


class LogFormat(StrEnum):
    """What a line is."""

    TEXT = "text"
    JSON = "json"


class LogLevel(StrEnum):
    """What is written, and what is graver."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class LogSettings(msgspec.Struct, frozen=True, kw_only=True):
    """What the operator says of logs."""

    format: LogFormat = LogFormat.TEXT
    level: LogLevel = LogLevel.INFO


def configure_logs(settings: LogSettings, process: str) -> None:
    """Write the logs of this process, which is called ``process`` in them, to standard error."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(_FORMATTERS[settings.format](process))
    logging.basicConfig(level=settings.level.upper(), handlers=[handler], force=True)
    # Theirs are about connections and loops, thousands of them; ours are what somebody debugs with.
    for name in ("asyncio", "urllib3"):
        logging.getLogger(name).setLevel(max(logging.INFO, logging.getLogger().level))


def log_unhandled(_: asyncio.AbstractEventLoop, context: dict[str, Any]) -> None:
    """Log an exception that nobody waited for; the loop by itself would write its text with the task that raised it."""
    error = context.get("exception")
    exc_info = (type(error), error, error.__traceback__) if error else None
    logging.getLogger("asyncio").error("%s", context.get("message", "unhandled"), exc_info=exc_info)


class _Formatter(logging.Formatter):
    def __init__(self, process: str) -> None:
        super().__init__()
        self._process = process

    def formatException(self, ei: _ExcInfo) -> str:  # noqa: N802  (as the standard library calls it)
        """The type of an exception and where it was raised, with its causes, without their texts."""
        return "\n".join(_without_text(ei[1])) if ei[1] else ""


class TextFormatter(_Formatter):
    """``2026-01-06 12:00:00.000Z WARNING order-ledger: what happened [req_1]``"""

    def format(self, record: logging.LogRecord) -> str:
        """One record, with the id of the request where there is one."""
        request_id = REQUEST_ID.get()
        line = f"{_time(record, ' ')} {record.levelname} {record.name}: {record.getMessage()}"
        lines = [f"{line} [{request_id}]" if request_id else line]
        if record.exc_info:
            lines.append(self.formatException(record.exc_info))
        return "\n".join(lines)


class JsonFormatter(_Formatter):
    """One object a line: time, level, logger, message, process, pid; request_id and more where they are known."""

    def format(self, record: logging.LogRecord) -> str:
        """One record. Members of ``fields``, which a record may carry, stand beside the others."""
        members: dict[str, Any] = {
            "time": _time(record, "T"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": self._process,
            "pid": os.getpid(),
            "request_id": REQUEST_ID.get(),
            "exception": self.formatException(record.exc_info) if record.exc_info else None,
        }
        members.update(getattr(record, "fields", {}))
        known = {name: value for name, value in members.items() if value is not None}
        return msgspec.json.encode(known, enc_hook=str).decode()


_FORMATTERS: dict[LogFormat, type[_Formatter]] = {LogFormat.TEXT: TextFormatter, LogFormat.JSON: JsonFormatter}


def _time(record: logging.LogRecord, between: str) -> str:
    at = datetime.fromtimestamp(record.created, UTC).replace(tzinfo=None)
    return f"{at.isoformat(between, 'milliseconds')}Z"


def _without_text(error: BaseException) -> list[str]:
    cause = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    before = [*_without_text(cause), "which led to:"] if cause else []
    frames = "".join(traceback.format_tb(error.__traceback__)).rstrip()
    return [*before, *([frames] if frames else []), f"{type(error).__module__}.{type(error).__qualname__}"]
