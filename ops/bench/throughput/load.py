"""Runs a load in a process of its own, and tells what it cost everybody."""

import contextlib
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping

import msgspec

from ops.bench.throughput.failure import BenchFailed
from ops.bench.throughput.plan import Began, Ended, Failed, Message, Outcome, Plan, Went
from ops.bench.throughput.processes import with_parent
from ops.bench.throughput.processors import used_s

_GENERATOR = (sys.executable, "-P", "-m", "ops.bench.throughput.generator")


class Measured(msgspec.Struct, frozen=True):
    """One round: what came of it, and microseconds of processor time an answer by who spent them."""

    outcome: Outcome
    processor_us: dict[str, float]

    @property
    def rate_per_s(self) -> float:
        """Answers a second."""
        return self.outcome.rate_per_s


def run_load(
    plan: Plan, families: Mapping[str, int], *, on_answers: Callable[[int], None] = lambda _: None
) -> Measured:
    """Send a plan's requests.

    Args:
        families: pids of those whose processor time counts, each with what it has started.
        on_answers: called now and then with the answers so far, where the plan has a count.

    Raises:
        BenchFailed: an answer was no 2xx, or there was none.
    """
    before: dict[str, float] = {}
    after: dict[str, float] = {}
    outcome: Outcome | None = None
    with _generator(plan) as messages:
        for message in messages:
            match message:
                case Began():
                    before = used_s(families)
                case Ended():
                    after = used_s(families)
                case Went(answers):
                    on_answers(answers)
                case Failed(reason):
                    raise BenchFailed(f"a request was not answered as it should have been: {reason}")
                case Outcome():
                    outcome = message
    if outcome is None or not outcome.answers:
        raise BenchFailed("the generator of load ended without a result")
    spent = {name: after[name] - before[name] for name in families} | {"load": outcome.processor_s}
    return Measured(outcome, {name: seconds * 1e6 / outcome.answers for name, seconds in spent.items()})


@contextlib.contextmanager
def _generator(plan: Plan) -> Iterator[Iterator[Message]]:
    decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
    process = subprocess.Popen(with_parent(_GENERATOR), stdin=subprocess.PIPE, stdout=subprocess.PIPE)  # noqa: S603
    try:
        assert process.stdin is not None
        assert process.stdout is not None
        with process.stdin as told:
            told.write(msgspec.msgpack.encode(plan))
        yield (decoder.decode(line) for line in process.stdout)
    finally:
        process.terminate()
        process.wait()
        assert process.stdout is not None
        process.stdout.close()
