"""What Prometheus reads at ``/metrics`` (docs/decisions/0022-metrics-and-traces.md)."""
