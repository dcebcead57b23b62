"""Updates of existing orders beside creates."""

from ops.bench.throughput import forms
from ops.bench.throughput.measuring import measured, of_service
from ops.bench.throughput.report import Report, at_least
from ops.bench.throughput.series import Series
from ops.bench.throughput.stage import Stage

WORK = "update"
OF_CREATE_MIN = 0.70


def measure(stage: Stage, report: Report) -> None:
    """Measure updates, and in turn with them the creates that they are held against."""
    ids = [forms.order_id(number) for number in range(stage.options.orders)]
    for service in stage.services:
        creates = of_service(stage, service, forms.creates(service.key), name=f"creates of {service.called}")
        updates = of_service(stage, service, forms.updates(service.key, ids))
        beside, ours = measured(stage, WORK, [creates, updates])
        report.add(WORK, [beside, ours])
        report.verdicts.append(at_least(WORK, ours, Series("its creates", beside.rounds), OF_CREATE_MIN))
