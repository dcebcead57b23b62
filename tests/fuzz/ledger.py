"""What holds of log and view after any batch: no change without an event, no event without a success."""

from collections import defaultdict
from collections.abc import Sequence

from api.services import Services
from ledger.envelope import EventMapper, RecordedEvent, events_of
from ledger.ids import Position, Site, order_stream
from ledger.limits import LOG_PAGE_EVENTS
from ledger.order import fold
from projections.order_document import order_json
from tests.fuzz.answers import operation_of
from tests.fuzz.playground import Playground
from tests.fuzz.wire import Exchange, Request

# A success of these may change nothing: what is set is there already.
_MAY_CHANGE_NOTHING = {"update", "assign_order_number", "update_webhook_endpoint"}

_REPLAYED = "chargebee-idempotency-replayed"

_mapper = EventMapper()


async def check_ledger(services: Services, playground: Playground, done: Sequence[Exchange]) -> None:
    """Raise AssertionError where log, view and answers do not agree."""
    log = await _whole_log(services, playground.site)
    head = await services.store.head_position(playground.site)
    assert [event.position for event in log] == list(range(1, len(log) + 1)), "positions have gaps"
    assert head == len(log)
    _check_events(log[playground.start :], done)
    _check_replays(done)
    await _check_view(services, playground.site, log)


async def _whole_log(services: Services, site: Site) -> list[RecordedEvent]:
    log: list[RecordedEvent] = []
    while page := await services.store.read_log(site, after=Position(len(log))):
        log += page
        if len(page) < LOG_PAGE_EVENTS:
            break
    return log


def _check_events(events: Sequence[RecordedEvent], done: Sequence[Exchange]) -> None:
    """Each event was asked for by a request that was told of a success, and each success has its events."""
    changed = {_mapper.open(event.body)[0].metadata.request_id for event in events}
    succeeded: set[str] = set()
    for each in done:
        if each.answer and each.answer.status == 200 and each.request.method == b"POST":
            request_id = each.answer.headers["x-request-id"]
            replayed = _REPLAYED in each.answer.headers
            if not replayed:
                succeeded.add(request_id)
            if not replayed and operation_of(each.request) not in _MAY_CHANGE_NOTHING:
                assert request_id in changed, f"a success without an event: {each}"
    assert changed <= succeeded, "an event without a success"


def _check_replays(done: Sequence[Exchange]) -> None:
    """An answer that is told to be given before was given before to the same key."""
    given: defaultdict[bytes | None, set[bytes]] = defaultdict(set)
    for each in done:
        if each.answer and _REPLAYED not in each.answer.headers:
            given[_key_of(each.request)].add(each.answer.body)
    for each in done:
        if each.answer and _REPLAYED in each.answer.headers:
            assert each.answer.body in given[_key_of(each.request)], f"a replay of nothing: {each}"


def _key_of(request: Request) -> bytes | None:
    headers = {name.lower(): value for name, value in request.headers}
    return headers.get(b"chargebee-idempotency-key") or headers.get(b"x-cb-idempotency-key")


async def _check_view(services: Services, site: Site, log: Sequence[RecordedEvent]) -> None:
    """The view holds what the events fold to, and nothing else."""
    streams: defaultdict[str, list[RecordedEvent]] = defaultdict(list)
    for event in log:
        if event.stream.startswith("order-"):
            streams[event.stream].append(event)
    rows = await services.pool.fetch(_VIEW, site)
    view = {order_stream(row["id"]): row["document"] for row in rows}
    assert view.keys() == streams.keys(), "the view has other orders than the log"
    for stream, events in streams.items():
        order = fold(events_of(_mapper, events))
        assert order is not None
        assert view[order_stream(order.id)] == order_json(order), f"the view of {stream} is not what its events say"


_VIEW = "SELECT id, document FROM ledger.order_view WHERE site = $1"
