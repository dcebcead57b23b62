"""Updates of existing orders beside creates."""

from collections.abc import Mapping

from ops.bench.throughput import forms
from ops.bench.throughput.measuring import measured, of_service
from ops.bench.throughput.report import Report, at_least
from ops.bench.throughput.series import Series
from ops.bench.throughput.stage import Stage

WORK = "update"
OF_CREATE_MIN = 0.70


def measure(stage: Stage, report: Report, creates: Mapping[int, Series]) -> None:
    """Measure updates; the services' creates were measured before, and are what they are held against."""
    ids = [forms.order_id(number) for number in range(stage.options.orders)]
    ours = [of_service(stage, each, forms.updates(each.key, ids)) for each in stage.services]
    series = measured(stage, WORK, ours)
    report.add(WORK, series)
    for service, each in zip(stage.services, series, strict=True):
        report.verdicts.append(at_least(WORK, each, _named(creates[service.workers]), OF_CREATE_MIN))


def _named(creates: Series) -> Series:
    return Series("its creates", creates.rounds)
