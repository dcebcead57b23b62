"""Whether traces are wanted, and whether they can be had. Where they are not, nothing of OpenTelemetry is imported.

Variables and their meanings are OpenTelemetry's own:
https://opentelemetry.io/docs/specs/otel/configuration/sdk-environment-variables/
"""

from collections.abc import Mapping
from importlib.util import find_spec

from ledger.errors import OperationFailed

_ENDPOINTS = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
_NEEDED = ("opentelemetry.sdk.trace", "opentelemetry.exporter.otlp.proto.http.trace_exporter")


class TracesUnavailable(OperationFailed):
    """Traces are configured (OTEL_EXPORTER_OTLP_ENDPOINT), and what sends them is not installed:
    pip install 'order-ledger[otel]'
    """


def traces_are_wanted(environ: Mapping[str, str]) -> bool:
    """Whether the environment names a collector and nothing in it turns traces off."""
    return (
        any(environ.get(name) for name in _ENDPOINTS)
        and environ.get("OTEL_SDK_DISABLED", "").lower() != "true"
        and environ.get("OTEL_TRACES_EXPORTER", "otlp") != "none"
    )


def require_traces(environ: Mapping[str, str]) -> None:
    """Raise TracesUnavailable where traces are wanted and cannot be had."""
    if traces_are_wanted(environ) and not all(map(_is_installed, _NEEDED)):
        raise TracesUnavailable


def _is_installed(module: str) -> bool:
    try:
        return find_spec(module) is not None
    except ModuleNotFoundError:
        return False
