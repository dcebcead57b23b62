"""What the operations work with, wired in one place."""

from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass

import asyncpg

from api.access import Gate
from api.metrics.service import ServiceMetrics
from api.replay import Replays
from api.request_log import RequestLog
from api.requests.recorder import Recorder
from api.streams import Streams
from api.traffic import Traffic
from api.verification import VerificationRuns
from ledger.appender import Appender
from ledger.handler import CommandHandler
from ledger.ids import IdSource, Site, system_clock_ms
from ledger.intake import IntakeLog
from ledger.limits import WEBHOOK_PORTS
from ledger.requests import Requests
from ledger.sites import Sites
from ledger.store import Store
from ledger.subscription import Wakeups
from ledger.transparency.anchor_file import AnchorFiles
from ledger.transparency.proofs import Proofs
from ledger.transparency.signing_keys import NO_KEYS, KeyFolder
from ledger.transparency.standing import StandingCheck
from ledger.webhook_credentials import WebhookCredentials
from projections.changes.document import ChangeOpener
from projections.changes.reader import ChangeLog
from projections.chargebee_events.reader import ChargebeeEvents
from projections.history.order_history import OrderHistory
from projections.order_row import order_row
from projections.orders import OrderViews
from projections.past.lists import PastLists
from projections.past.retrieval import PastOrders
from projections.webhooks.endpoints_now import EndpointsNow


@dataclass(frozen=True, kw_only=True, slots=True)
class Services:
    """One of each, sharing a pool of connections with the rights of the service."""

    pool: asyncpg.Pool
    clock_ms: Callable[[], int]
    ids: IdSource
    store: Store
    appender: Appender
    handler: CommandHandler
    sites: Sites
    orders: OrderViews
    past_lists: PastLists
    past_orders: PastOrders
    history: OrderHistory
    changes: ChangeLog
    change_opener: ChangeOpener
    events: ChargebeeEvents
    gate: Gate
    replays: Replays
    requests: Requests
    recorder: Recorder
    traffic: Traffic
    metrics: ServiceMetrics
    request_log: RequestLog
    streams: Streams
    wakeups: Wakeups
    proofs: Proofs
    standing: StandingCheck
    intake: IntakeLog
    endpoints: EndpointsNow
    webhook_credentials: WebhookCredentials
    webhook_ports: frozenset[int]
    verifications: VerificationRuns | None
    check_ready: Callable[[], Awaitable[None]]


def build_services(
    pool: asyncpg.Pool,
    *,
    clock_ms: Callable[[], int] = system_clock_ms,
    on_appended: Callable[[Site], None] | None = None,
    wakeups: Wakeups | None = None,
    check_ready: Callable[[], Awaitable[None]],
    requests_per_minute: int | None = None,
    keys: KeyFolder = NO_KEYS,
    anchors: AnchorFiles | None = None,
    webhook_ports: Collection[int] = WEBHOOK_PORTS,
    metrics: ServiceMetrics | None = None,
    verifications: VerificationRuns | None = None,
    command_handler: Callable[..., CommandHandler] = CommandHandler,
) -> Services:
    """Wire the services around a pool.

    ``check_ready`` raises when the database cannot be reached or lacks migrations; ``requests_per_minute`` bounds
    each site, None is without limit; ``keys`` are those that checkpoints are verified with, ``anchors`` where the
    console finds what orders are held against; ``webhook_ports`` those that URLs of webhook endpoints may have.
    ``wakeups`` are those of the process; where nobody else is told ``on_appended``, they are. ``metrics`` are shared by
    the processes of a service; None counts for this one alone. ``verifications`` runs them; None where nobody does.
    ``command_handler`` makes the handler of commands.
    """
    wakeups = wakeups or Wakeups()
    metrics = metrics or ServiceMetrics()
    ids = IdSource(clock_ms)
    store = Store(pool)
    appender = Appender(pool, clock_ms=clock_ms, on_appended=on_appended or wakeups.wake, probe=metrics)
    handler = command_handler(store, appender, row_of=order_row, ids=ids, clock_ms=clock_ms, probe=metrics)
    sites = Sites(pool)
    requests = Requests(pool)
    history = OrderHistory(store, clock_ms)
    proofs = Proofs(pool, keys)
    return Services(
        pool=pool,
        clock_ms=clock_ms,
        ids=ids,
        store=store,
        appender=appender,
        handler=handler,
        sites=sites,
        orders=OrderViews(pool),
        past_lists=PastLists(pool, clock_ms),
        past_orders=PastOrders(pool, history, clock_ms),
        history=history,
        changes=ChangeLog(pool),
        change_opener=ChangeOpener(store),
        events=ChargebeeEvents(pool, clock_ms),
        gate=Gate(sites),
        replays=Replays(store, handler, clock_ms),
        requests=requests,
        recorder=Recorder(requests, clock_ms),
        traffic=Traffic(requests_per_minute),
        metrics=metrics,
        request_log=RequestLog(),
        streams=Streams(),
        wakeups=wakeups,
        proofs=proofs,
        standing=StandingCheck(proofs, anchors, clock_ms),
        intake=IntakeLog(pool),
        endpoints=EndpointsNow(pool),
        webhook_credentials=WebhookCredentials(pool),
        webhook_ports=frozenset(webhook_ports),
        verifications=verifications,
        check_ready=check_ready,
    )
