"""The background process: all that goes on beside requests, once for the whole service.

It follows the logs, makes orders of invoices and tells dates that are reached, carries checkpoints and webhooks out,
and forgets what is old. It has no socket, so no request waits for it, and a lower priority than the workers: whoever
asks comes first, and what follows the log catches up behind (docs/decisions/0005-workers-are-processes.md). Like a
worker it goes on after outages of the database.
"""

import contextlib
import gc
import os
from collections.abc import Coroutine
from typing import Any

if __name__ == "__main__":
    # What is imported stays: to look through it for garbage while it grows takes a fifth of the time of a start. From
    # ``run`` on there is a collector again.
    gc.disable()

from api.metrics.sampling import sampling
from api.metrics.service import Role
from ledger.consumer import ConsumerLoop
from ledger.probe import Probe
from ledger.subscription import Announcer, Wakeups
from ops.database import closed_in_time, connect_as_service, create_service_pool
from ops.observability.watch import watch as watched
from ops.serving.background_services import BackgroundServices, build_background_services
from ops.serving.child import Ending, beside, run, tell_ready
from ops.serving.configuration import Configuration
from ops.serving.consumers import anchoring, consumers, tell_of_older_database
from ops.serving.processes import processes
from ops.serving.retention import forgetting, forgetting_answers
from ops.serving.webhooks import delivering, forgetting_deliveries

# A third of the processor time of a worker where both want all, and as much as it likes where nobody asks.
_NICE = 5


async def follow(configuration: Configuration) -> None:
    """Work until told to end."""
    with contextlib.suppress(OSError):
        os.nice(_NICE)
    ending = Ending()
    address = configuration.address
    wakeups = Wakeups()
    announcer = Announcer(lambda: connect_as_service(address), wakeups)
    watch = watched(Role.BACKGROUND, configuration.watching.metrics_fd)
    pool = create_service_pool(address, size_min=0, on_query=watch.on_query)
    async with closed_in_time(pool):
        await pool
        services = build_background_services(pool, on_appended=announcer.announce, watch=watch)
        looking = sampling(watch.metrics, Role.BACKGROUND, pool, services.appender)
        async with beside(announcer.run(), looking, *_work(configuration, services, wakeups, watch.metrics)):
            tell_ready(configuration)
            await ending.wanted.wait()
        await services.appender.close()
    watch.close()


def _work(
    configuration: Configuration, services: BackgroundServices, wakeups: Wakeups, probe: Probe
) -> tuple[Coroutine[Any, Any, None], ...]:
    pool, signing = services.pool, configuration.signing
    running = processes(services)
    return (
        ConsumerLoop(pool, (*consumers(signing), *running.consumers), wakeups, probe).run(),
        *running.loops,
        anchoring(pool, signing, probe).run(),
        tell_of_older_database(pool, signing),
        delivering(services, configuration.webhooks, probe),
        forgetting(services, configuration.requests_kept_days),
        forgetting_answers(services),
        forgetting_deliveries(services),
    )


if __name__ == "__main__":
    run(follow, process="background")
