"""Creates and pages of a list where there are many orders beside where there are few."""

from ops.bench.throughput import forms
from ops.bench.throughput.measuring import measured, of_service
from ops.bench.throughput.report import Report, at_most
from ops.bench.throughput.stage import Stage

COST_MAX = 1.3


def measure(stage: Stage, report: Report) -> None:
    """Measure a service on each of two databases in turn; their orders are those of ``ops.bench.orders``."""
    options = stage.options
    services = {f"{size:,} orders": stage.shop(size) for size in (options.against, options.size)}
    works = {"create": forms.creates, "list of 100": forms.shop_pages}
    for work, requests in works.items():
        few, many = measured(
            stage,
            f"{work} by size",
            [of_service(stage, each, requests(each.key), name=name) for name, each in services.items()],
        )
        report.add(f"{work} by size", [few, many])
        report.verdicts.append(at_most(f"{work} by size", many, few, COST_MAX))
