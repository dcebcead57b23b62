"""A worker: one process with one event loop that answers requests on a socket it got from its parent.

It works through outages of the database: requests are answered 503 meanwhile, and all is well afterwards. What goes
on beside requests is in a process of its own (``ops.serving.background``).
"""

import gc
import socket

if __name__ == "__main__":
    # What is imported stays: to look through it for garbage while it grows takes a fifth of the time of a start. From
    # ``run`` on there is a collector again.
    gc.disable()

from api.app import create_app
from api.metrics.answering import answering
from api.metrics.sampling import sampling
from api.metrics.service import Role
from api.server import LedgerRunner
from api.services import build_services
from ledger.subscription import Announcer, Wakeups
from ops.database import closed_in_time, connect_as_service, create_service_pool
from ops.migrations import MigrationsPending, pending
from ops.observability.watch import watch as watched
from ops.serving.child import Ending, beside, run, tell_ready
from ops.serving.configuration import Configuration
from ops.serving.connection_counts import ConnectionCounts
from ops.serving.fair_site import FairSite
from ops.serving.metrics import metrics_settings


async def serve(configuration: Configuration) -> None:
    """Answer requests until told to end, then finish those that run."""
    ending = Ending()
    address = configuration.address
    wakeups = Wakeups()
    announcer = Announcer(lambda: connect_as_service(address), wakeups)
    watch = watched(Role.WORKER, configuration.watching.metrics_fd)
    pool = create_service_pool(address, size_min=0, on_query=watch.on_query)
    async with closed_in_time(pool):
        await pool

        async def check_ready() -> None:
            async with pool.acquire() as connection:
                if await pending(connection):
                    raise MigrationsPending

        services = build_services(
            pool,
            on_appended=announcer.announce,
            wakeups=wakeups,
            check_ready=check_ready,
            requests_per_minute=configuration.requests_per_minute,
            keys=configuration.signing.keys,
            anchors=configuration.signing.anchors,
            webhook_ports=configuration.webhooks.ports,
            metrics=watch.metrics,
            verifications=configuration.console.verifications,
            command_handler=watch.handler,
        )
        looking = sampling(watch.metrics, Role.WORKER, pool, services.appender, more=answering(services))
        async with beside(announcer.run(), services.recorder.run(), looking):
            app = create_app(
                services,
                console=configuration.console.settings,
                metrics=metrics_settings(configuration),
                around=watch.around,
            )
            counts = ConnectionCounts(configuration.connections_fd)
            runner = LedgerRunner(app, counts.has)
            await runner.setup()
            site = FairSite(runner, socket.socket(fileno=configuration.socket_fd), counts)
            await site.start()
            tell_ready(configuration)
            await ending.wanted.wait()
            await site.stop()
            services.streams.close()
            await runner.drain(ending.at_once)
            await runner.cleanup()
            await services.appender.close()
            await services.recorder.close()
    watch.close()


if __name__ == "__main__":
    run(serve, process="worker")
