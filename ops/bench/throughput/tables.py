"""A report for people: tables on a terminal, and the same in Markdown."""

from collections.abc import Sequence

from rich.table import Table

from ops.bench.throughput.report import Report, Row, Verdict

_PROCESSOR = ("service µs", "database µs", "load µs")
_FIGURES = ("work", "who", "a second", "rounds", "p50 ms", "p99 ms", *_PROCESSOR, "settled s")
_GOALS = ("work", "who", "goal", "measured", "in detail", "met")


def tables(report: Report) -> list[Table]:
    """Goals, and the figures behind them."""
    return [
        _table("Goals", _GOALS, [_goal(each) for each in report.verdicts], 3),
        _table("Figures: medians over the rounds", _FIGURES, [_figures(each) for each in report.rows], 2),
    ]


def markdown(report: Report) -> str:
    """The same with the machine and the notes."""
    parts = [
        report.machine,
        _markdown(_GOALS, [_goal(each) for each in report.verdicts]),
        _markdown(_FIGURES, [_figures(each) for each in report.rows]),
        "\n".join(f"- {note}" for note in report.notes),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _goal(verdict: Verdict) -> list[str]:
    met = "yes" if verdict.is_met else "no"
    return [verdict.work, verdict.who, verdict.goal, verdict.measured, verdict.detail, met]


def _figures(row: Row) -> list[str]:
    rounds = f"{min(row.rounds):,.0f} to {max(row.rounds):,.0f}" if row.rounds else ""
    times = [f"{time_ms:.1f}" if time_ms is not None else "" for time_ms in (row.p50_ms, row.p99_ms)]
    processor = [f"{spent:,.0f}" for spent in (row.service_us, row.database_us, row.load_us)]
    return [row.work, row.who, f"{row.rate_per_s:,.0f}", rounds, *times, *processor, f"{row.settled_s:.1f}"]


def _table(title: str, names: Sequence[str], lines: list[list[str]], text_columns: int) -> Table:
    table = Table(title=title, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for place, name in enumerate(names):
        table.add_column(name, justify="left" if place < text_columns else "right", no_wrap=True)
    for line in lines:
        table.add_row(*line)
    return table


def _markdown(names: Sequence[str], lines: list[list[str]]) -> str:
    if not lines:
        return ""
    head = [f"| {' | '.join(names)} |", "|---" * len(names) + "|"]
    return "\n".join(head + [f"| {' | '.join(line)} |" for line in lines])
