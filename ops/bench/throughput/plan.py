"""What the generator of load is told (MessagePack on standard input), and what it tells (JSON lines on its output)."""

import msgspec

Request = list[bytes]
"""An HTTP request in pieces; a number that no other request of the run has goes between each two of them."""


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """A load.

    Args:
        requests: sent in turn, again and again.
        warm_up_s: seconds before anything counts.
        seconds: seconds that count.
        count: send so many requests instead, all of which count.
        rate_per_s: requests a second, whatever the answers do (an open loop). None is a closed loop: each connection
            sends its next request when it has the answer to the last.
    """

    port: int
    connections: int
    requests: list[Request]
    warm_up_s: float = 0.0
    seconds: float = 0.0
    count: int | None = None
    rate_per_s: float | None = None
    host: str = "127.0.0.1"


class Began(msgspec.Struct, frozen=True, tag="began"):
    """From now on answers count."""


class Went(msgspec.Struct, frozen=True, tag="went"):
    """So many answers have counted until now."""

    answers: int


class Ended(msgspec.Struct, frozen=True, tag="ended"):
    """From now on answers do not count any more."""


class Outcome(msgspec.Struct, frozen=True, tag="outcome", kw_only=True):
    """What came of a load; all answers had a status of 2xx.

    Args:
        p50_ms: of the time from when a request was sent or, with a constant rate, from when it should have been. None
            where a load of another kind does not tell it.
        processor_s: what the generator itself needed meanwhile.
    """

    answers: int
    seconds: float
    p50_ms: float | None
    p99_ms: float | None
    processor_s: float

    @property
    def rate_per_s(self) -> float:
        """Answers a second."""
        return self.answers / self.seconds


class Failed(msgspec.Struct, frozen=True, tag="failed"):
    """An answer was no 2xx, or there was none."""

    reason: str


Message = Began | Went | Ended | Outcome | Failed
