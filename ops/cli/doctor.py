"""``order-ledger doctor``."""

from collections import Counter

import typer

from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, KeysDir, out, progress
from ops.cli.printing import print_json
from ops.doctor.doctor import examine
from ops.doctor.finding import Finding, Level
from ops.target import Target
from projections.visible_text import visible

FAULT = 2

_STYLES = {Level.OK: "green", Level.WARNING: "yellow", Level.FAULT: "red"}


def doctor(
    data_dir: DataDir = DATA_DIR, database_url: DatabaseUrl = None, keys_dir: KeysDir = None, as_json: AsJson = False
) -> None:
    """Look over this installation: versions, rights, settings, disk, clock, replication, schema, what follows the logs.

    Each thing that is not as it should be is told with what to do. Nothing is changed, also while a service runs;
    whether what was recorded is sound is for `order-ledger verify` to say.

    Exit status 0: no fault, perhaps warnings. 2: a fault. 1: it could not run.
    """
    findings = examine(Target(data_dir, database_url, keys_dir), report=progress)
    counts = Counter(each.level for each in findings)
    if as_json:
        print_json({"faults": counts[Level.FAULT], "warnings": counts[Level.WARNING], "findings": findings})
    else:
        for each in findings:
            _print(each)
        out.print(
            f"{_counted(counts[Level.FAULT], 'fault')}, {_counted(counts[Level.WARNING], 'warning')}", markup=False
        )
    if counts[Level.FAULT]:
        raise typer.Exit(FAULT)


def _print(finding: Finding) -> None:
    out.print(
        f"{finding.level:<8} {finding.check}: {visible(finding.text)}", markup=False, style=_STYLES[finding.level]
    )
    if finding.advice:
        out.print(f"{'':<8} to do: {visible(finding.advice)}", markup=False)


def _counted(number: int, what: str) -> str:
    return f"{number} {what}{'' if number == 1 else 's'}"
