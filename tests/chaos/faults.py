"""What is done to a running service: kills of each of its parts and of all, frozen processes, slow commits."""

import asyncio
import contextlib
import os
import random
import signal
from collections.abc import Awaitable, Callable, Iterable, Iterator
from functools import partial

import asyncpg

from ops.database import reachable
from ops.target import Target
from tests.chaos.load import Load
from tests.serving import Server, children_of, descendants_of, is_gone

# How long something stands still. It is the fault itself, not a wait for something to happen.
_FROZEN_S = 1.0
_SLOW_COMMIT_US = 50_000

Fault = Callable[[Load, Server, random.Random], Awaitable[bool]]
"""Does its harm, and waits until a part is replaced; whether the service has to be started again."""


async def kill_a_child(load: Load, server: Server, dice: random.Random) -> bool:
    """A process that answers, or the one that works beside those."""
    children = python_children(server)
    victim = dice.choice(children)
    server.kill(victim)
    await load.wait_until(lambda: _is_replaced(server, victim, len(children)), what="another process")
    return False


async def kill_all_children(load: Load, server: Server, _: random.Random) -> bool:
    """All that answer, and what works beside those, at once."""
    children = python_children(server)
    server.kill(*children)
    await load.wait_until(
        lambda: all(_is_replaced(server, victim, len(children)) for victim in children), what="other processes"
    )
    return False


async def kill_a_backend(load: Load, server: Server, dice: random.Random) -> bool:
    """PostgreSQL then ends all its other processes too, and recovers."""
    postmaster = server.postmaster()
    assert postmaster
    victim = dice.choice(children_of(postmaster))
    with contextlib.suppress(ProcessLookupError):
        os.kill(victim, signal.SIGKILL)
    await load.wait_until(partial(is_gone, victim), what="the end of a backend")
    return False


async def kill_the_postmaster(load: Load, server: Server, _: random.Random) -> bool:
    """The parent starts another."""
    postmaster = server.postmaster()
    assert postmaster
    server.kill(postmaster)
    await load.wait_until(lambda: server.postmaster() not in {None, postmaster}, what="another postmaster")
    return False


async def kill_the_parent(_: Load, server: Server, __: random.Random) -> bool:
    """Workers and database end by themselves, each in its own time."""
    server.kill()
    return True


async def kill_parent_and_children(_: Load, server: Server, __: random.Random) -> bool:
    """The database ends by itself."""
    server.kill(server.pid, *python_children(server))
    return True


async def kill_everything(_: Load, server: Server, __: random.Random) -> bool:
    """As a power cut does."""
    await asyncio.to_thread(server.kill_everything)
    return True


async def kill_the_postmaster_and_then_the_parent(_: Load, server: Server, __: random.Random) -> bool:
    """Processes are left that wait for a database."""
    postmaster = server.postmaster()
    assert postmaster
    server.kill(postmaster)
    server.kill()
    return True


async def freeze_the_database(_: Load, server: Server, __: random.Random) -> bool:
    """All its processes at once, as a storage that hangs does."""
    postmaster = server.postmaster()
    assert postmaster
    await _freeze({postmaster, *descendants_of(postmaster)})
    return False


async def freeze_a_child(_: Load, server: Server, dice: random.Random) -> bool:
    """One process, in the middle of whatever it does."""
    await _freeze([dice.choice(python_children(server))])
    return False


async def slow_commits(load: Load, server: Server, _: random.Random) -> bool:
    """Each commit takes long for a while."""
    await _set_commit_delay(server, _SLOW_COMMIT_US)
    await load.answered()
    await _set_commit_delay(server, 0)
    return False


KILLS: tuple[Fault, ...] = (
    kill_a_child,
    kill_a_backend,
    kill_the_postmaster,
    kill_the_parent,
    kill_everything,
    kill_all_children,
    kill_parent_and_children,
    kill_the_postmaster_and_then_the_parent,
)
"""The first ones are those that a short run is made of."""

STANDSTILLS: tuple[Fault, ...] = (freeze_the_database, freeze_a_child, slow_commits)


def python_children(server: Server) -> list[int]:
    """The parent's children beside the database."""
    return [pid for pid in children_of(server.pid) if pid != server.postmaster()]


def chosen(kills: int, dice: random.Random) -> Iterator[Fault]:
    """So many kills, all kinds about equally often, in random order, with standstills among them."""
    wanted = [KILLS[number % len(KILLS)] for number in range(kills)]
    wanted += [STANDSTILLS[number % len(STANDSTILLS)] for number in range(max(len(STANDSTILLS), kills // 5))]
    dice.shuffle(wanted)
    yield from wanted


def _is_replaced(server: Server, victim: int, wanted: int) -> bool:
    children = python_children(server)
    return len(children) == wanted and victim not in children


async def _freeze(pids: Iterable[int]) -> None:
    try:
        _signal(pids, signal.SIGSTOP)
        await asyncio.sleep(_FROZEN_S)
    finally:
        _signal(pids, signal.SIGCONT)


def _signal(pids: Iterable[int], number: signal.Signals) -> None:
    for pid in pids:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)


async def _set_commit_delay(server: Server, microseconds: int) -> None:
    with reachable(Target(server.data_dir)) as address:
        owner = await asyncpg.connect(**address.owner)
        try:
            await owner.execute("ALTER SYSTEM SET commit_siblings = 0")
            await owner.execute(f"ALTER SYSTEM SET commit_delay = {microseconds}")
            await owner.execute("SELECT pg_reload_conf()")
        finally:
            await owner.close()
