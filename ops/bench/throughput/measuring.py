"""Measures those who are on the stage: in turn, with the same load on each, and with progress."""

from collections.abc import Sequence

from ops.bench.throughput.databases import postmaster_of
from ops.bench.throughput.load import Measured, run_load
from ops.bench.throughput.plan import Plan, Request
from ops.bench.throughput.processes import Peer
from ops.bench.throughput.series import Contender, Series, in_turn
from ops.bench.throughput.service import Service
from ops.bench.throughput.stage import Stage


def of_peer(stage: Stage, name: str, peer: Peer, requests: list[Request]) -> Contender:
    """A peer as a contender."""
    return Contender(name, lambda: _round(stage, peer, postmaster_of(stage.postgres), requests))


def of_service(stage: Stage, service: Service, requests: list[Request], *, name: str | None = None) -> Contender:
    """The service as a contender; what it leaves to be followed is waited for."""
    return Contender(
        name or service.called, lambda: _round(stage, service, service.postmaster, requests), service.settle
    )


def of_half_loaded_service(stage: Stage, service: Service, requests: list[Request]) -> Contender:
    """The service at half the rate that it reaches right before: what a machine makes in a second changes."""

    def measure() -> Measured:
        peak = _round(stage, service, service.postmaster, requests)
        service.settle()
        return _round(stage, service, service.postmaster, requests, peak.rate_per_s / 2)

    return Contender(service.called, measure, service.settle)


def measured(stage: Stage, work: str, contenders: Sequence[Contender]) -> list[Series]:
    """All rounds of a piece of work."""
    rounds = stage.options.rounds
    task = stage.progress.add_task(work, total=rounds * len(contenders))

    def counted(contender: Contender) -> Contender:
        def measure() -> Measured:
            stage.progress.update(task, description=f"{work}: {contender.name}")
            found = contender.measure()
            stage.progress.advance(task)
            return found

        return Contender(contender.name, measure, contender.settle)

    return in_turn([counted(each) for each in contenders], rounds)


def _round(
    stage: Stage, target: Peer | Service, postmaster: int, requests: list[Request], rate_per_s: float | None = None
) -> Measured:
    options = stage.options
    plan = Plan(
        port=target.port,
        connections=options.connections,
        requests=requests,
        warm_up_s=options.warm_up_s,
        seconds=options.seconds,
        rate_per_s=rate_per_s,
    )
    return run_load(plan, {"service": target.pid, "database": postmaster})
