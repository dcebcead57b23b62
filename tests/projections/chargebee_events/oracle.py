"""What the list of events should hold, read off the bodies of the whole log and the words of the documentation."""

import json
import random
from collections.abc import Mapping, Sequence
from typing import Any

from ledger.envelope import RecordedEvent
from ledger.ids import Position
from ledger.vocabulary import EventSource, WebhookStatus
from projections.listing import Filter, Operator
from tests.projections.changes.life import facts_of

DAY_S = 86_400
_SAME_NAME = ("cancelled", "delivered", "returned", "resent", "deleted", "ready_to_process", "ready_to_ship")
_BIRTHS = ("created", "imported", "created_from_resend", "generated")

Facts = dict[str, Any]


def event_facts(events: Sequence[RecordedEvent], statuses: Mapping[Position, Sequence[WebhookStatus]]) -> list[Facts]:
    """What can be asked of each event of an order, in the order of the log."""
    return [
        {
            "id": event.event_id,
            "position": event.position,
            "occurred_at": json.loads(event.body)["recorded_at"] // 1000,
            "event_type": _shown(event.type),
            "source": facts["source"],
            "business_entity_id": facts["business_entity_id"],
            "webhook_status": {str(each) for each in statuses.get(event.position, ("not_configured",))},
        }
        for event, facts in zip(events, facts_of(events), strict=True)
        if event.stream.startswith("order-")
    ]


def expected(facts: Sequence[Facts], filters: Sequence[Filter], *, descending: bool, now_s: int) -> list[str]:
    """The ids of the events that pass, in their order."""
    asked = {each.field for each in filters}
    since = now_s - 6 * DAY_S if "webhook_status" in asked and "occurred_at" not in asked else 0
    found = [each for each in facts if each["occurred_at"] >= since and all(_holds(each, one) for one in filters)]
    found.sort(key=lambda each: (each["occurred_at"], each["position"]), reverse=descending)
    return [each["id"] for each in found]


def random_filters(dice: random.Random, facts: Sequence[Facts]) -> tuple[Filter, ...]:
    """Filters of values that occur, and now and then of one that does not."""
    filters = []
    fields = ("id", "event_type", "source", "occurred_at", "webhook_status", "business_entity_id")
    for name in dice.sample(fields, dice.choice([0, 1, 1, 2, 2, 3])):
        if name == "occurred_at":
            filters += [_random_time(dice, facts) for _ in range(dice.choice([1, 1, 2]))]
        elif name == "business_entity_id":
            filters.append(Filter(name, Operator.IS, (dice.choice(["be_1", "be_2", "nobody"]),)))
        elif name == "id" and dice.random() < 0.4:
            event_id = dice.choice(facts)["id"]
            filters.append(Filter(name, Operator.STARTS_WITH, (event_id[: dice.randrange(1, len(event_id) + 1)],)))
        else:
            filters.append(_random_choice(dice, name, _known(name, facts)))
    return tuple(filters)


def _known(name: str, facts: Sequence[Facts]) -> list[str]:
    closed: dict[str, list[str]] = {
        "webhook_status": [str(each) for each in WebhookStatus],
        "source": [*{each["source"] for each in facts}, str(EventSource.PORTAL)],
        "event_type": [*{each["event_type"] for each in facts}, "invoice_generated"],
    }
    return sorted(closed.get(name) or [*(each["id"] for each in facts), "nobody"])


def _random_choice(dice: random.Random, name: str, known: Sequence[str]) -> Filter:
    operator = dice.choice([Operator.IS, Operator.IN, Operator.IN, Operator.IS_NOT, Operator.NOT_IN])
    several = operator in {Operator.IN, Operator.NOT_IN}
    return Filter(name, operator, tuple(dice.sample(known, dice.randrange(1, 4) if several else 1)))


def _random_time(dice: random.Random, facts: Sequence[Facts]) -> Filter:
    known = sorted(each["occurred_at"] for each in facts)
    first, last = sorted(dice.choices([*known, known[0] - 1, known[-1] + 1], k=2))
    operator = dice.choice([Operator.AFTER, Operator.BEFORE, Operator.BETWEEN])
    return Filter("occurred_at", operator, (first, last) if operator is Operator.BETWEEN else (first,))


def _shown(event_type: str) -> str:
    name = event_type.removeprefix("order.")
    if name in _BIRTHS:
        return "order_created"
    return f"order_{name}" if name in _SAME_NAME else "order_updated"


def _holds(facts: Facts, wanted: Filter) -> bool:
    found = facts[wanted.field]
    among = found if isinstance(found, set) else {found}
    first: Any = wanted.values[0]
    match wanted.operator:
        case Operator.IS | Operator.IN:
            return bool(among & set(wanted.values))
        case Operator.IS_NOT | Operator.NOT_IN:
            return not among & set(wanted.values)
        case Operator.STARTS_WITH:
            return bool(found.startswith(first))
        case Operator.AFTER:
            return bool(found > first)
        case Operator.BEFORE:
            return bool(found < first)
        case Operator.ON | Operator.BETWEEN:
            return bool(first <= found <= wanted.values[1])
    raise AssertionError(wanted)
