"""``order-ledger serve``."""

import asyncio
import os
import secrets
import socket
from functools import partial
from importlib import import_module
from typing import Annotated

import typer

from api.metrics.instruments import MEMORY
from api.shared_memory import create_memory
from ledger.limits import ANCHOR_PAUSE_S, ANCHOR_URLS_MAX, REQUESTS_KEPT_DAYS, WEBHOOK_PORTS
from ops.cli.options import DATA_DIR, DatabaseUrl, DataDir, KeysDir
from ops.cli.watching import Format, Level, MetricsSites, MetricsToken, saying
from ops.database import Address, prepare, service_pool
from ops.durability import require_synchronous
from ops.observability.logs import LogFormat, LogLevel, LogSettings
from ops.observability.traces import require_traces
from ops.quickstart import SAMPLE_INVOICE, Quickstart, prepare_quickstart
from ops.serving.configuration import Signing, Watching, WebhookRules
from ops.serving.parent import Parent
from ops.serving.service_manager import inherited_listener, tell_manager
from ops.serving.waiting_room import when_reachable
from ops.target import Target

_BACKLOG = 1024


def serve(
    host: Annotated[
        str, typer.Option("--host", envvar="ORDER_LEDGER_HOST", help="Address to listen on.")
    ] = "127.0.0.1",
    port: Annotated[
        int,
        typer.Option("--port", envvar="ORDER_LEDGER_PORT", min=0, max=65535, help="Port; 0 takes a free one."),
    ] = 8080,
    workers: Annotated[
        int,
        typer.Option("--workers", envvar="ORDER_LEDGER_WORKERS", min=1, max=64, help="Processes that answer."),
    ] = 1,
    rate_limit: Annotated[
        int | None,
        typer.Option(
            "--rate-limit",
            envvar="ORDER_LEDGER_RATE_LIMIT",
            min=1,
            help="Requests a minute of each site; without it there is no limit.",
            show_default=False,
        ),
    ] = None,
    quickstart: Annotated[
        bool, typer.Option("--quickstart", help="Make the site acme with a key and sample invoices first.")
    ] = False,
    origin: Annotated[
        str | None,
        typer.Option(
            "--origin",
            envvar="ORDER_LEDGER_ORIGIN",
            help="Host or name that checkpoints name as the operator of the logs. It can be set once.",
            show_default=False,
        ),
    ] = None,
    keys_dir: KeysDir = None,
    anchor_urls: Annotated[
        list[str] | None,
        typer.Option(
            "--anchor-url",
            envvar="ORDER_LEDGER_ANCHOR_URLS",
            help="Post checkpoints to this URL too; may be given several times.",
            show_default=False,
        ),
    ] = None,
    anchor_seconds: Annotated[
        float,
        typer.Option("--anchor-seconds", envvar="ORDER_LEDGER_ANCHOR_SECONDS", min=0.1, help="Time between anchors."),
    ] = ANCHOR_PAUSE_S,
    requests_kept_days: Annotated[
        int,
        typer.Option(
            "--requests-kept-days",
            envvar="ORDER_LEDGER_REQUESTS_KEPT_DAYS",
            min=1,
            help="How long requests are kept for people.",
        ),
    ] = REQUESTS_KEPT_DAYS,
    webhooks_allow_private: Annotated[
        bool,
        typer.Option(
            "--webhooks-allow-private",
            envvar="ORDER_LEDGER_WEBHOOKS_ALLOW_PRIVATE",
            help="Call webhook endpoints at any address, also at this machine and in its networks.",
        ),
    ] = False,
    webhook_ports: Annotated[
        list[int] | None,
        typer.Option(
            "--webhook-port",
            envvar="ORDER_LEDGER_WEBHOOK_PORTS",
            min=1,
            max=65535,
            help="A port that webhook endpoints may have beside 80, 443, 8080 and 8443; may be given several times.",
            show_default=False,
        ),
    ] = None,
    allow_asynchronous_replication: Annotated[
        bool,
        typer.Option(
            "--allow-asynchronous-replication",
            envvar="ORDER_LEDGER_ALLOW_ASYNCHRONOUS_REPLICATION",
            help="Serve also where a failover of the database forgets what was acknowledged last.",
        ),
    ] = False,
    metrics_token: MetricsToken = None,
    metrics_sites: MetricsSites = 0,
    log_format: Format = LogFormat.TEXT,
    log_level: Level = LogLevel.INFO,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
) -> None:
    """Serve the API until Ctrl-C or SIGTERM.

    SIGHUP replaces all processes that answer by new ones, without a request that fails.

    Without --database-url the service starts a PostgreSQL of its own in the data folder, brings its schema up to
    date, and stops it at the end.
    """
    require_traces(os.environ)
    logs = LogSettings(format=log_format, level=log_level)
    say = saying(logs)
    target = Target(data_dir, database_url, keys_dir)
    data_dir.mkdir(parents=True, exist_ok=True)
    signing = _signing(target, origin, anchor_urls or [], anchor_seconds)
    with inherited_listener() or _listening(host, port) as listener:
        parent = Parent(
            target,
            listener,
            workers,
            say,
            signing=signing,
            requests_per_minute=rate_limit,
            requests_kept_days=requests_kept_days,
            webhooks=WebhookRules(ports=(*WEBHOOK_PORTS, *(webhook_ports or ())), allow_private=webhooks_allow_private),
            watching=Watching(
                logs=logs,
                metrics_fd=create_memory(MEMORY),
                metrics_token=metrics_token or None,
                metrics_sites_max=metrics_sites,
            ),
        )
        parent.catch_signals()
        try:
            address = parent.open_database()
            preparing = partial(_prepare, address, target, quickstart, allow_asynchronous_replication)
            started = asyncio.run(when_reachable(preparing, listener, say, lambda: parent.is_stopping))
            parent.run(lambda: _on_ready(listener, started))
        finally:
            tell_manager("STOPPING=1")
            parent.close()


def _signing(target: Target, origin: str | None, anchor_urls: list[str], anchor_seconds: float) -> Signing:
    if len(anchor_urls) > ANCHOR_URLS_MAX:
        raise typer.BadParameter(f"at most {ANCHOR_URLS_MAX} URLs of anchors")
    for url in anchor_urls:
        # What posts to them takes a while to import, and few have any.
        import_module("ops.serving.http_anchor").HttpPlace(url)
    # A name of nobody's: that of the machine would be published, and change with the next container.
    target.keys.prepare(origin, new_name=lambda: f"order-ledger-{secrets.token_hex(4)}")
    return Signing(
        keys_dir=str(target.keys.path),
        anchors_dir=str(target.anchors.folder),
        anchor_urls=tuple(anchor_urls),
        anchor_pause_s=anchor_seconds,
    )


async def _prepare(
    address: Address, target: Target, quickstart: bool, allow_asynchronous_replication: bool
) -> Quickstart | None:
    await prepare(address)
    if not (address.is_embedded or allow_asynchronous_replication):
        await require_synchronous(address)
    if not quickstart:
        return None
    async with service_pool(address) as pool:
        return await prepare_quickstart(pool, target.data_dir)


def _listening(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((host, port))
        listener.listen(_BACKLOG)
    except OSError as error:
        listener.close()
        raise OSError(f"cannot listen on {host}:{port}: {os.strerror(error.errno or 0)}") from error
    return listener


def _on_ready(listener: socket.socket, started: Quickstart | None) -> None:
    tell_manager("READY=1")
    host, port = listener.getsockname()[:2]
    shown = f"[{host}]" if ":" in host else host
    url = f"http://{shown}:{port}"
    print(f"Order ledger is ready on {url}", flush=True)
    if started is None:
        print("Make a key with: order-ledger keys create --site SITE --name NAME", flush=True)
        return
    print(f"  site  {started.site}", flush=True)
    print(f"  key   {started.key}  (full access; kept in {started.key_file})", flush=True)
    print(
        f"  try   curl -s {url}/api/v2/orders -u {started.key}: -d invoice_id={SAMPLE_INVOICE} -d note=hello",
        flush=True,
    )
