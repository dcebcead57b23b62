"""Checkpoints and proofs: what their calls take. Sizes are numbers of events, positions begin at 1."""

from dataclasses import dataclass
from typing import Any

from api.fields import Integer, Text
from api.schemas.operation import OperationSchema
from ledger.errors import InvalidRequest

EVENT_ID_LENGTH_MAX = 50


@dataclass(frozen=True, slots=True)
class WantedInclusion:
    """Which event is to be proven, and in which checkpoint; the last one where ``size`` is None."""

    position: int
    size: int | None


@dataclass(frozen=True, slots=True)
class WantedConsistency:
    """Which checkpoint is to be proven to continue which; ``newer`` is the last one where it is None."""

    older: int
    newer: int | None


@dataclass(frozen=True, slots=True)
class WantedEvent:
    """An event by its position or by its id; the other is None."""

    position: int | None
    event_id: str | None


class CheckpointSchema(OperationSchema[int | None]):
    """GET /ledger/checkpoint"""

    size = Integer(1)

    def build(self, members: dict[str, Any]) -> int | None:
        return members.get("size")


class InclusionSchema(OperationSchema[WantedInclusion]):
    """GET /ledger/proofs/inclusion"""

    position = Integer(1, required=True)
    size = Integer(1)

    def build(self, members: dict[str, Any]) -> WantedInclusion:
        return WantedInclusion(members["position"], members.get("size"))


class ConsistencySchema(OperationSchema[WantedConsistency]):
    """GET /ledger/proofs/consistency"""

    class Meta(OperationSchema.Meta):
        include = {"from": Integer(1, required=True), "to": Integer(1)}  # noqa: RUF012  # "from" is a word of Python

    def build(self, members: dict[str, Any]) -> WantedConsistency:
        return WantedConsistency(members["from"], members.get("to"))


class EventProofSchema(OperationSchema[WantedEvent]):
    """GET /ledger/proofs/event"""

    position = Integer(1)
    event_id = Text(EVENT_ID_LENGTH_MAX, clearable=False)

    def build(self, members: dict[str, Any]) -> WantedEvent:
        position, event_id = members.get("position"), members.get("event_id")
        if (position is None) == (event_id is None):
            raise InvalidRequest("Either position or event_id should be given, and not both")
        return WantedEvent(position, event_id)


CHECKPOINT = CheckpointSchema()
INCLUSION = InclusionSchema()
CONSISTENCY = ConsistencySchema()
EVENT_PROOF = EventProofSchema()
