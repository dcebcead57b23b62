"""Documents cannot lie: examples are run, and what is listed is compared with the code."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
import typer

from api.intake.event import TAKEN_IN
from api.intake.operation import INTAKE_ROUTES
from api.routes import ROUTES
from ops.cli.main import app
from tests.serving import Server, running_server

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
AUDIT = (ROOT / "docs" / "audit.md").read_text(encoding="utf-8")
INTEGRATION = (ROOT / "docs" / "integration.md").read_text(encoding="utf-8")
PROGRAMS = Path(sys.executable).parent


def blocks(language: str, document: str = README) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", document, re.DOTALL)


@pytest.fixture
def server(prepared_data_dir: Path, tmp_state_dir: Path) -> Iterator[Server]:
    folder = shutil.copytree(prepared_data_dir, tmp_state_dir / "var")
    with running_server(folder) as server:
        yield server


def run(command: list[str], server: Server, folder: Path) -> str:
    env = os.environ | {"URL": server.url, "KEY": server.key or "", "PATH": f"{PROGRAMS}:{os.environ['PATH']}"}
    done = subprocess.run(command, env=env, cwd=folder, capture_output=True, text=True, timeout=280, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_every_example_of_the_readme_works_as_printed(server: Server, tmp_state_dir: Path) -> None:
    first_order, own_site = blocks("sh")
    requests = first_order.replace("export URL=http://127.0.0.1:8080", f"export URL={server.url}")
    answers = run(["bash", "-euc", requests], server, tmp_state_dir)
    assert answers.count('{"order":') == 6  # four orders and a list of two
    assert "api_error_code" not in answers

    [sdk] = blocks("python")
    assert "was resent in part as" in run([sys.executable, "-c", sdk], server, tmp_state_dir)

    shutil.copy(ROOT / "ops/samples/invoices.jsonl", tmp_state_dir / "invoices.jsonl")
    printed = run(["bash", "-euc", own_site], server, tmp_state_dir)
    assert "created test site shop" in printed
    assert "loaded 10, unchanged 0, refused 0" in printed


def test_the_story_of_an_order_is_told_as_printed(server: Server, tmp_state_dir: Path) -> None:
    start, *steps = blocks("sh", AUDIT)
    begin = "\n".join(line for line in start.splitlines() if "URL=" not in line)
    # The drill has tests of its own, and takes its time.
    steps = [step for step in steps if "drill" not in step]
    told = run(["bash", "-euc", "\n".join([begin, *steps])], server, tmp_state_dir)
    for words in (
        "Cancelled: product unsatisfactory, credit note 1.00 EUR",
        '"Berlin" → "Hamburg"',
        "refused: A cancelled order cannot be resent.",
        "the order is as it was answered then",
        "the view is what the log says",
        "all sound",
        "signed by",
    ):
        assert words in AUDIT.replace("`", ""), f"{words} is not in the document"
        assert words in told
    assert told.count("\nOK\n") == 2


def test_the_trial_of_the_integration_works_as_printed(server: Server, tmp_state_dir: Path) -> None:
    start, *steps = blocks("sh", INTEGRATION)
    begin = "\n".join(line for line in start.splitlines() if "URL=" not in line)
    told = run(["bash", "-euc", "\n".join([begin, *steps])], server, tmp_state_dir)
    assert "api_error_code" not in told
    for words in (
        '{"outcome":"recorded","event_id":"ev_trial_1","event_type":"payment_succeeded","recorded":[',
        '{"outcome":"duplicate","event_id":"ev_trial_1","event_type":"payment_succeeded","recorded":[]}',
        "0 looked at, 0 changed",
    ):
        assert words in INTEGRATION, f"{words} is not in the document"
        assert words in told
    assert told.count('"total":10000') == 3
    assert re.search(r"subscription_cancelled +recorded +1", told)


def test_the_integration_names_every_event_that_is_taken_in() -> None:
    table = INTEGRATION.partition("## 4.")[2].partition("## 5.")[0]
    for event_type in TAKEN_IN:
        assert f"`{event_type}`" in table, event_type


def test_the_readme_lists_every_operation() -> None:
    for route in (*ROUTES, *INTAKE_ROUTES):
        assert f"{route.method} {route.path}`" in README, route


def test_the_readme_lists_every_command_and_every_setting() -> None:
    command = typer.main.get_command(app)
    assert isinstance(command, typer.core.TyperGroup)
    names = command.list_commands(typer.Context(command))
    assert {"serve", "sites", "version"} <= set(names)
    for name in names:
        # Commands are made when they are asked for.
        each = command.get_command(typer.Context(command), name)
        assert each, name
        members = each.commands if isinstance(each, typer.core.TyperGroup) else {}
        for found in [f"{name} {member}" for member in members] or [name]:
            assert re.search(rf"`{found}\b", README), f"{found} is not in the README"
        for parameter in (each, *members.values()):
            for option in parameter.params:
                for variable in [option.envvar] if isinstance(option.envvar, str) else option.envvar or []:
                    assert f"`{variable}`" in README, f"{variable} is not in the README"
