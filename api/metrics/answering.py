"""What a process that answers requests has to look at, beside what all have."""

from api.metrics.sampling import Looks
from api.services import Services


def answering(services: Services) -> Looks:
    """Its gauges."""
    metrics = services.metrics
    return {
        metrics.unkept: lambda: services.recorder.waiting,
        metrics.in_flight: lambda: services.traffic.in_flight,
        metrics.streams: lambda: services.streams.open,
    }
