"""What holds of the kept requests after any batch: all that there should be, with the status that was answered."""

from collections.abc import Sequence

from api.services import Services
from tests.fuzz.answers import operation_of
from tests.fuzz.playground import Playground
from tests.fuzz.wire import Exchange

_REPLAYED = "chargebee-idempotency-replayed"
_KEPT = "SELECT id, status, is_replayed FROM ledger.request WHERE site = $1"


async def check_requests(services: Services, playground: Playground, done: Sequence[Exchange]) -> None:
    """Raise AssertionError where a request is not kept as it was answered."""
    await services.recorder.flush()
    rows = await services.pool.fetch(_KEPT, playground.site)
    kept = {row["id"]: (row["status"], row["is_replayed"]) for row in rows}
    known = {playground.words[b"~KEY~"], playground.words[b"~READER~"]}
    for each in done:
        if each.answer is None or each.request.raw is not None or "x-request-id" not in each.answer.headers:
            continue
        headers = {name.lower(): value for name, value in each.request.headers}
        is_of_caller = headers.get(b"authorization") in known and isinstance(operation_of(each.request), str)
        is_kept = is_of_caller and (each.request.method == b"POST" or each.answer.status >= 400)
        told = (each.answer.status, _REPLAYED in each.answer.headers) if is_kept else None
        assert kept.get(each.answer.headers["x-request-id"]) == told, f"not kept as it was answered: {each}"
