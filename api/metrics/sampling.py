"""What cannot be counted as it happens is looked at once a second: queues, connections, memory, processor time."""

import asyncio
import os
import resource
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

import asyncpg

from api.metrics.instruments import Gauge
from api.metrics.service import Role, ServiceMetrics
from ledger.appender import Appender

Looks = Mapping[Gauge, Callable[[], float]]

_PAUSE_S = 1.0
_STATM = Path("/proc/self/statm")
_NOTHING_MORE: Looks = {}


async def sampling(
    metrics: ServiceMetrics, role: Role, pool: asyncpg.Pool, appender: Appender, *, more: Looks = _NOTHING_MORE
) -> None:
    """Look at a process of the service once a second, until cancelled."""
    loop_delay = metrics.loop_delay[role.value,]
    cpu_s = 0.0
    while True:
        sample(metrics, role, pool, appender, more=more)
        now_cpu_s = time.process_time()
        metrics.cpu[role.value,].add(now_cpu_s - cpu_s)
        cpu_s = now_cpu_s
        due_s = time.perf_counter() + _PAUSE_S
        await asyncio.sleep(_PAUSE_S)
        loop_delay.observe(max(0.0, time.perf_counter() - due_s))


def sample(
    metrics: ServiceMetrics, role: Role, pool: asyncpg.Pool, appender: Appender, *, more: Looks = _NOTHING_MORE
) -> None:
    """Look once."""
    metrics.processes[role.value,].set(1)
    metrics.memory[role.value,].set(resident_bytes())
    metrics.queue.set(appender.queued)
    size, idle = pool.get_size(), pool.get_idle_size()
    metrics.connections["idle",].set(idle)
    metrics.connections["used",].set(size - idle)
    metrics.connections_max.set(pool.get_max_size())
    for gauge, look in more.items():
        gauge.set(look())


def resident_bytes() -> int:
    """Memory of this process; where the kernel does not tell what it has now, the most that it ever had."""
    try:
        return int(_STATM.read_text(encoding="ascii").split()[1]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return most if sys.platform == "darwin" else most * 1024
