"""What the database says of the whole service, as families of Prometheus. It is the same from every machine."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from api.metrics.database_figures import DatabaseFigures
from api.metrics.service import PREFIX


def database_families(figures: DatabaseFigures | None) -> Iterator[Metric]:
    """All of them, and whether there are any."""
    yield _gauge("database_up", "Whether the database answered this scrape in time", float(figures is not None))
    if figures is None:
        return
    yield _gauge("sites", "Sites", figures.log.sites)
    yield CounterMetricFamily(f"{PREFIX}log_events", "Events in the logs of all sites", figures.log.events)
    yield from _consumers(figures)
    if figures.log.some_sites:
        yield from _some_sites(figures)
    yield from _transparency(figures)
    yield from _parked(figures)
    yield from _webhooks(figures)
    kept = CounterMetricFamily(
        f"{PREFIX}requests_not_kept", "Requests that were answered and are not kept for people", labels=("reason",)
    )
    for reason in ("dropped", "unknown_caller"):
        kept.add_metric((reason,), figures.log.requests_not_kept.get(reason, 0))
    yield kept


def _consumers(figures: DatabaseFigures) -> Iterator[Metric]:
    labels = ("consumer",)
    behind = GaugeMetricFamily(f"{PREFIX}consumer_lag_events", "Events not handled yet, over all sites", labels=labels)
    most = GaugeMetricFamily(
        f"{PREFIX}consumer_lag_events_max", "Events not handled yet on the site that has most", labels=labels
    )
    age = GaugeMetricFamily(
        f"{PREFIX}consumer_lag_seconds", "Age of the oldest event not handled yet, over all sites", labels=labels
    )
    for lag in figures.log.consumers:
        behind.add_metric((lag.name,), lag.behind)
        most.add_metric((lag.name,), lag.behind_max)
        age.add_metric((lag.name,), figures.seconds_since(lag.waiting_since))
    yield from (behind, most, age)


def _some_sites(figures: DatabaseFigures) -> Iterator[Metric]:
    labels = ("site", "consumer")
    events = CounterMetricFamily(f"{PREFIX}site_log_events", "Events in the log of a site", labels=("site",))
    behind = GaugeMetricFamily(f"{PREFIX}site_consumer_lag_events", "Events not handled yet", labels=labels)
    age = GaugeMetricFamily(f"{PREFIX}site_consumer_lag_seconds", "Age of the oldest event not handled", labels=labels)
    for site, position in {lag.site: lag.position for lag in figures.log.some_sites}.items():
        events.add_metric((site,), position)
    for lag in figures.log.some_sites:
        behind.add_metric((lag.site, lag.name), lag.behind)
        age.add_metric((lag.site, lag.name), figures.seconds_since(lag.waiting_since))
    yield from (events, behind, age)


def _transparency(figures: DatabaseFigures) -> Iterator[Metric]:
    log = figures.log
    if log.signed_at is not None:
        yield _gauge("checkpoint_timestamp_seconds", "When the latest checkpoint was signed", log.signed_at / 1000)
    yield _gauge(
        "unsigned_seconds",
        "Age of the oldest event that no checkpoint covers, over all sites",
        figures.seconds_since(log.unsigned_since),
    )
    taken = GaugeMetricFamily(
        f"{PREFIX}anchor_timestamp_seconds", "When a place took a checkpoint last", labels=("place",)
    )
    age = GaugeMetricFamily(
        f"{PREFIX}unanchored_seconds",
        "Age of the oldest event that no anchor at a place covers, over all sites",
        labels=("place",),
    )
    for anchor in log.anchors:
        if anchor.anchored_at is not None:
            taken.add_metric((anchor.place,), anchor.anchored_at / 1000)
        age.add_metric((anchor.place,), figures.seconds_since(anchor.unanchored_since))
    yield from (taken, age)


def _parked(figures: DatabaseFigures) -> Iterator[Metric]:
    orders = GaugeMetricFamily(
        f"{PREFIX}parked_orders", "Orders whose events a projection cannot read", labels=("projection",)
    )
    for projection, count in ({"orders": 0} | figures.views.parked).items():
        orders.add_metric((projection,), count)
    yield orders
    yield _gauge(
        "parked_invoices", "Invoices whose orders could not be brought up to date", figures.log.parked_invoices
    )


def _webhooks(figures: DatabaseFigures) -> Iterator[Metric]:
    views = figures.views
    waiting = GaugeMetricFamily(
        f"{PREFIX}webhook_deliveries_waiting",
        "Deliveries that wait for a first call, or after a failure for a further one",
        labels=("call",),
    )
    waiting.add_metric(("first",), views.first_calls)
    waiting.add_metric(("further",), views.further_calls)
    yield waiting
    yield _gauge(
        "webhook_first_call_lag_seconds",
        "Age of the oldest event that waits for its first call",
        figures.seconds_since(views.first_call_waiting_since),
    )


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(PREFIX + name, text, value=value)
