"""Retrieves and pages of a list beside the same rows by one plain SELECT."""

from ops.bench.throughput import forms
from ops.bench.throughput.client import first_page
from ops.bench.throughput.failure import BenchFailed
from ops.bench.throughput.measuring import measured, of_peer, of_service
from ops.bench.throughput.plan import Request
from ops.bench.throughput.report import Report, at_least, at_most
from ops.bench.throughput.stage import Stage

RETRIEVE = "retrieve"
LIST = "list of 100"
OF_SELECT_MIN = 0.65
TIME_OF_SELECT_MAX = 2.0

_PEER = "aiohttp + asyncpg"


def retrieve(stage: Stage, report: Report) -> None:
    """Measure retrieves."""
    ids = [forms.order_id(number) for number in range(stage.options.orders)]
    peer = of_peer(stage, _PEER, stage.plain_sql, forms.retrieves("key", ids))
    ours = [of_service(stage, each, forms.retrieves(each.key, ids)) for each in stage.services]
    theirs, *series = measured(stage, RETRIEVE, [peer, *ours])
    report.add(RETRIEVE, [theirs, *series])
    report.verdicts.extend(at_least(RETRIEVE, each, theirs, OF_SELECT_MIN) for each in series)


def pages(stage: Stage, report: Report) -> None:
    """Measure the first page of the orders with a status."""
    _check_same_rows(stage)
    requests: list[Request] = forms.page("key")
    peer = of_peer(stage, _PEER, stage.plain_sql, requests)
    ours = [of_service(stage, each, forms.page(each.key)) for each in stage.services]
    theirs, *series = measured(stage, LIST, [peer, *ours])
    report.add(LIST, [theirs, *series])
    report.verdicts.extend(at_most(LIST, each, theirs, TIME_OF_SELECT_MAX) for each in series)


def _check_same_rows(stage: Stage) -> None:
    """The peer answers the page that the first service answers, and it is a whole one."""
    service = stage.services[0]
    theirs, ours = (first_page(port, service.key, forms.PAGE_PATH) for port in (stage.plain_sql.port, service.port))
    if theirs != ours or len(ours) != forms.PAGE_ORDERS:
        raise BenchFailed(f"the peer's page of {len(theirs)} orders is not ours of {len(ours)}")
