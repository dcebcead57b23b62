"""What filters of the list of events mean, event by event, against the words of the documentation."""

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from ledger.ids import Position
from ledger.vocabulary import EventSource, WebhookStatus
from projections.changes.row import ChangeRow
from projections.chargebee_events.event_types import SHOWN
from projections.chargebee_events.query import wanted_of
from projections.chargebee_events.vocabulary import KNOWN_EVENT_TYPES
from projections.listing import Filter, Operator
from tests.projections.chargebee_events.oracle import DAY_S, expected

NOW_S = 1_700_000_000
IDS = ("ev_1", "ev_12", "ev_2", "EV_1", "other")
SECONDS = st.sampled_from((0, NOW_S - 7 * DAY_S, NOW_S - 6 * DAY_S - 1, NOW_S - 6 * DAY_S, NOW_S, NOW_S + 1))

Facts = dict[str, Any]


@st.composite
def choices(draw: st.DrawFn, name: str, values: tuple[str, ...]) -> Filter:
    operator = draw(st.sampled_from([Operator.IS, Operator.IS_NOT, Operator.IN, Operator.NOT_IN]))
    size = 3 if operator in {Operator.IN, Operator.NOT_IN} else 1
    found = draw(st.lists(st.sampled_from(values), min_size=1, max_size=size, unique=True))
    return Filter(name, operator, tuple(found))


@st.composite
def times(draw: st.DrawFn) -> Filter:
    operator = draw(st.sampled_from([Operator.AFTER, Operator.BEFORE, Operator.BETWEEN, Operator.ON]))
    first, last = sorted((draw(SECONDS), draw(SECONDS)))
    has_two = operator in {Operator.BETWEEN, Operator.ON}
    return Filter("occurred_at", operator, (first, last) if has_two else (first,))


filters = st.lists(
    st.one_of(
        choices("id", IDS),
        st.sampled_from(("", "ev_", "ev_1", "E", "x")).map(lambda text: Filter("id", Operator.STARTS_WITH, (text,))),
        choices(
            "event_type", (*(each for each in KNOWN_EVENT_TYPES if each.startswith("order_")), "invoice_generated")
        ),
        choices("source", tuple(map(str, EventSource))),
        choices("webhook_status", tuple(map(str, WebhookStatus))),
        times(),
        st.sampled_from(("be_1", "be_2")).map(lambda entity: Filter("business_entity_id", Operator.IS, (entity,))),
    ),
    max_size=4,
)
events = st.fixed_dictionaries(
    {
        "id": st.sampled_from(IDS),
        "type": st.sampled_from(tuple(SHOWN)),
        "source": st.sampled_from(tuple(map(str, EventSource))),
        "occurred_at": SECONDS,
        "business_entity_id": st.sampled_from(("be_1", "be_2", None)),
        "statuses": st.one_of(
            st.just(frozenset({WebhookStatus.NOT_CONFIGURED})),
            st.frozensets(st.sampled_from(list(WebhookStatus)[1:]), min_size=1, max_size=2),
        ),
    }
)


@given(filters, events)
def test_an_event_passes_where_all_filters_hold(asked: list[Filter], event: Facts) -> None:
    facts = event | {
        "position": 1,
        "event_type": str(SHOWN[event["type"]]),
        "webhook_status": set(map(str, event["statuses"])),
    }
    row = ChangeRow(
        position=Position(1),
        recorded_at=event["occurred_at"] * 1000 + 999,
        type=event["type"],
        actor="a",
        source=event["source"],
        request_id="r",
        business_entity_id=event["business_entity_id"],
    )
    wanted = wanted_of(asked, now_s=NOW_S)
    passes = (
        wanted is not None
        and wanted.holds(row)
        and wanted.holds_id(event["id"])
        and wanted.holds_statuses(event["statuses"])
    )
    assert passes == bool(expected([facts], asked, descending=True, now_s=NOW_S))


def test_other_events_than_those_of_orders_never_pass() -> None:
    wanted = wanted_of((), now_s=NOW_S)
    assert wanted is not None
    row = ChangeRow(
        position=Position(1), recorded_at=1, type="invoice.recorded", actor="a", source="api", request_id="r"
    )
    assert not wanted.holds(row)


def test_what_nothing_can_be_is_known_without_a_look() -> None:
    for name, value in (("event_type", "invoice_generated"), ("event_type", "gift_claimed")):
        assert wanted_of([Filter(name, Operator.IS, (value,))], now_s=NOW_S) is None
    contradiction = [Filter("source", Operator.IS, ("api",)), Filter("source", Operator.IS_NOT, ("api",))]
    assert wanted_of(contradiction, now_s=NOW_S) is None
