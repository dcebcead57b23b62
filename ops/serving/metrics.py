"""How a worker answers who reads metrics."""

from api.metrics.settings import MetricsSettings
from ledger.transparency.anchors import FilePlace
from ops.serving.configuration import Configuration
from ops.serving.http_anchor import HttpPlace


def metrics_settings(configuration: Configuration) -> MetricsSettings:
    """What the operator says, for ``api.metrics``."""
    watching = configuration.watching
    return MetricsSettings(
        token=watching.metrics_token,
        sites_max=watching.metrics_sites_max,
        places=(FilePlace.name, *(HttpPlace(url).name for url in configuration.signing.anchor_urls)),
    )
