"""The units of systemd start a command that there is, and wait long enough for it to stop."""

import shutil
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest

from ops.embedded.limits import FAST_STOP_SECONDS_MAX, IMMEDIATE_STOP_SECONDS_MAX
from ops.serving.configuration import LEAVE_S
from tests.ops.deploy.program import DEPLOY, parse, variables

PROGRAM = "/opt/order-ledger/bin/order-ledger"
UNITS = ("order-ledger.service", "order-ledger.socket")


def settings(unit: str) -> dict[str, list[str]]:
    """What the unit says, by name; a name may stand there several times."""
    found = defaultdict(list)
    for line in (DEPLOY / unit).read_text(encoding="utf-8").splitlines():
        name, is_setting, value = line.partition("=")
        if is_setting and not line.startswith("#"):
            found[name].append(value)
    return found


def test_the_service_runs_a_command_that_there_is_with_variables_that_are_read() -> None:
    said = settings("order-ledger.service")
    [start] = said["ExecStart"]
    program, *arguments = start.split()
    assert program == PROGRAM
    parse(arguments)
    assert {each.partition("=")[0] for each in said["Environment"]} <= variables()
    [folder] = said["StateDirectory"]
    assert said["Environment"] == [f"ORDER_LEDGER_DATA_DIR=%S/{folder}"]


def test_a_stop_is_given_the_time_that_it_may_take() -> None:
    said = settings("order-ledger.service")
    assert int(said["TimeoutStopSec"][0]) > LEAVE_S + FAST_STOP_SECONDS_MAX + IMMEDIATE_STOP_SECONDS_MAX
    # The parent stops its children itself, PostgreSQL last.
    assert said["KillMode"] == ["mixed"]
    assert said["KillSignal"] == ["SIGTERM"]


def test_recovery_after_a_power_cut_is_given_all_the_time_it_takes() -> None:
    said = settings("order-ledger.service")
    assert said["TimeoutStartSec"] == ["infinity"]
    assert said["Type"] == ["notify"]


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_finds_nothing_wrong_with_the_units(tmp_path: Path) -> None:
    for unit in UNITS:
        text = (DEPLOY / unit).read_text(encoding="utf-8")
        (tmp_path / unit).write_text(text.replace(PROGRAM, sys.executable), encoding="utf-8")
    units = [str(tmp_path / unit) for unit in UNITS]
    verified = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, check=False, timeout=120
    )
    assert (verified.returncode, verified.stderr) == (0, "")
