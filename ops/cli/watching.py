"""Options of how a running service is watched, and how its parent tells what happens."""

import contextlib
import logging
from typing import Annotated

import typer

from ledger.limits import METRICS_SITES_MAX
from ops.cli.options import err
from ops.observability.logs import LogFormat, LogLevel, LogSettings, configure_logs
from ops.serving.parent import Report

MetricsToken = Annotated[
    str | None,
    typer.Option(
        "--metrics-token",
        envvar="ORDER_LEDGER_METRICS_TOKEN",
        help="What readers of /metrics have to show; without it they are answered on this machine alone.",
        show_default=False,
    ),
]
MetricsSites = Annotated[
    int,
    typer.Option(
        "--metrics-sites",
        envvar="ORDER_LEDGER_METRICS_SITES",
        min=0,
        max=METRICS_SITES_MAX,
        help="How many sites have metrics of their own, with their names; the first ones by name.",
    ),
]
Format = Annotated[
    LogFormat,
    typer.Option("--log-format", envvar="ORDER_LEDGER_LOG_FORMAT", help="Lines for people, or JSON objects."),
]
Level = Annotated[
    LogLevel,
    typer.Option("--log-level", envvar="ORDER_LEDGER_LOG_LEVEL", help="What is logged; debug has every request."),
]


def saying(logs: LogSettings) -> Report:
    """How the parent tells what happens: to people as it is, and to what collects logs as lines of its own."""
    if logs.format is LogFormat.TEXT:
        return say
    configure_logs(logs, "parent")
    return logging.getLogger("order-ledger.parent").info


def say(story: str) -> None:
    """A line for people, on standard error."""
    # What is said goes to a file at times, whose disk is full at times: no reason to end.
    with contextlib.suppress(OSError):
        err.print(story, markup=False)
