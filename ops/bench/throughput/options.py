"""What a run measures, for how long, and at which sizes."""

from dataclasses import dataclass

WORKS = ("create", "update", "retrieve", "list", "latency", "scale", "memory", "log")


@dataclass(frozen=True, kw_only=True, slots=True)
class Options:
    """The size of a run.

    Args:
        works: some of ``WORKS``.
        connections: of each load, at once.
        seconds: of each round that count; ``warm_up_s`` come before them.
        rounds: of each contender, in turn with the others; medians over them are the result.
        workers: one service for each of these numbers of processes.
        orders: that the services hold while updates and reads are measured.
        size: orders of the large database that creates and lists are measured at, ``against`` those of the small one.
        memory_commands: commands over which memory is watched.
        log_orders: orders of the log that is rebuilt and verified, which has three or four events of each.
    """

    works: tuple[str, ...] = WORKS
    connections: int = 64
    seconds: float = 10.0
    warm_up_s: float = 3.0
    rounds: int = 5
    workers: tuple[int, ...] = (1, 2)
    orders: int = 10_000
    size: int = 1_000_000
    against: int = 10_000
    memory_commands: int = 1_000_000
    log_orders: int = 100_000


def quick(options: Options) -> Options:
    """Over everything in little time: to see that it works, not to learn how fast it is."""
    return Options(
        works=options.works,
        workers=options.workers,
        connections=options.connections,
        seconds=1.0,
        warm_up_s=0.5,
        rounds=1,
        orders=1_200,
        size=5_000,
        against=500,
        memory_commands=5_000,
        log_orders=300,
    )
