"""The command line, against a database that somebody else runs."""

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner, Result

from ledger.sites import digest_of
from ops.cli.main import app
from ops.database import Address

runner = CliRunner()


@pytest.fixture
def database_url(address: Address) -> str:
    login = address.owner
    return f"postgresql://{login['user']}@/{login['database']}?host={login['host']}&port={login['port']}"


@pytest.fixture
def site_name(database_url: str) -> str:
    name = f"cli-{os.urandom(6).hex()}"
    assert run("sites", "create", name, database_url=database_url).exit_code == 0
    return name


def run(*arguments: str, database_url: str, stdin: str | bytes | None = None) -> Result:
    return runner.invoke(app, [*arguments, "--database-url", database_url], input=stdin)


def as_json(result: Result) -> Any:
    assert result.exit_code == 0, result.output
    return json.loads(result.stdout)


def test_a_key_is_printed_alone_and_only_its_hash_is_kept(database_url: str, site_name: str) -> None:
    created = run("keys", "create", "--site", site_name, "--name", "shop", database_url=database_url)
    assert created.exit_code == 0, created.output
    [key] = created.stdout.split()
    listed = as_json(run("keys", "list", "--site", site_name, "--json", database_url=database_url))
    assert [(entry["name"], entry["kind"], entry["hint"]) for entry in listed] == [("shop", "full", key[-4:])]
    assert key not in json.dumps(listed)
    assert len(digest_of(key)) == 32


def test_a_key_name_is_used_once_at_a_time(database_url: str, site_name: str) -> None:
    arguments = ("keys", "create", "--site", site_name, "--name", "shop", "--read-only")
    assert run(*arguments, database_url=database_url).exit_code == 0
    taken = run(*arguments, database_url=database_url)
    assert taken.exception is not None
    assert "has a key named shop" in str(taken.exception)
    revoked = run("keys", "revoke", "--site", site_name, "--name", "shop", database_url=database_url)
    assert "revoked shop" in revoked.stdout
    assert run(*arguments, database_url=database_url).exit_code == 0
    again = run("keys", "revoke", "--site", site_name, "--name", "nobody", database_url=database_url)
    assert again.exit_code == 1


def test_a_site_is_made_once(database_url: str, site_name: str) -> None:
    assert run("sites", "create", site_name, database_url=database_url).exit_code == 1
    assert run("sites", "create", "Not A Site", database_url=database_url).exit_code == 2
    sites = as_json(run("sites", "list", "--json", database_url=database_url))
    assert {"site": site_name, "live": False, "position": 0}.items() <= next(
        entry.items() for entry in sites if entry["site"] == site_name
    )


def test_a_command_for_an_unknown_site_says_so(database_url: str) -> None:
    result = run("keys", "create", "--site", "nobody", "--name", "x", database_url=database_url)
    assert "There is no site nobody" in str(result.exception)


INVOICE = '{"id":"i1","status":"paid","currency_code":"USD","line_items":[]}'


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (INVOICE + "\n" + INVOICE.replace("i1", "i2"), "loaded 2, unchanged 0, refused 0"),
        (f"[{INVOICE},\n {INVOICE.replace('i1', 'i2')}]", "loaded 2, unchanged 0, refused 0"),
        (json.dumps(json.loads(INVOICE), indent=2), "loaded 1, unchanged 0, refused 0"),
        (f'{{"invoice": {INVOICE}}}', "loaded 1, unchanged 0, refused 0"),
        (INVOICE + "\n" + INVOICE, "loaded 1, unchanged 1, refused 0"),
        ("", "loaded 0, unchanged 0, refused 0"),
    ],
)
def test_invoices_are_loaded_from_every_form_of_json(
    database_url: str, site_name: str, text: str, expected: str
) -> None:
    result = run("invoices", "load", "--site", site_name, "-", database_url=database_url, stdin=text)
    assert result.exit_code == 0, result.output
    assert result.stdout.strip() == expected


def test_a_bad_invoice_is_named_with_its_line_and_the_others_are_loaded(
    database_url: str, site_name: str, tmp_path: Path
) -> None:
    file = tmp_path / "invoices.jsonl"
    bad_total = INVOICE.replace('"paid"', '"paid","total":-5')
    lines = [INVOICE.encode(), b"", b"{nonsense", bad_total.encode(), b'{"id":"\xff"}', b"[1]"]
    file.write_bytes(b"\n".join(lines))
    arguments = ("invoices", "load", "--site", site_name, str(file), "--json")
    result = run(*arguments, database_url=database_url)
    assert result.exit_code == 1, result.exception
    report = json.loads(result.stdout)
    assert (report["loaded"], [line for line, _ in report["refused"]]) == (1, [3, 4, 5, 6])
    reasons = dict(report["refused"])
    assert "not JSON" in reasons[3]
    assert "total" in reasons[4]


def test_an_older_state_of_an_invoice_changes_nothing(database_url: str, site_name: str) -> None:
    def load(version: int, status: str) -> str:
        text = INVOICE.replace('"paid"', f'"{status}","resource_version":{version}')
        return run("invoices", "load", "-s", site_name, "-", database_url=database_url, stdin=text).stdout.strip()

    assert load(2000, "paid") == "loaded 1, unchanged 0, refused 0"
    assert load(1000, "not_paid") == "loaded 0, unchanged 1, refused 0"
    assert load(3000, "voided") == "loaded 1, unchanged 0, refused 0"


def test_migrate_says_what_it_did(database_url: str) -> None:
    assert "up to date" in run("migrate", database_url=database_url).stdout
    assert as_json(run("migrate", "--json", database_url=database_url)) == {"applied": []}


def test_every_command_explains_itself() -> None:
    for arguments in ([], ["serve"], ["keys"], ["keys", "create"], ["sites"], ["invoices", "load"], ["migrate"]):
        shown = runner.invoke(app, [*arguments, "--help"])
        assert shown.exit_code == 0
        assert "Usage" in shown.stdout


def test_what_commands_do_not_need_is_not_imported() -> None:
    """People wait for it: aiohttp takes longer than all the rest of these commands."""
    program = """
import sys, ops.cli.main
for name in ("serve", "keys", "intake", "sites", "history", "requests", "log", "webhooks"):
    __import__(f"ops.cli.{name}")
    assert not {"aiohttp", "marshmallow", "pycountry", "importlib.metadata"} & set(sys.modules), name
"""
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_database_that_is_away_is_told_in_one_line() -> None:
    result = run("sites", "list", database_url="postgresql://nobody@127.0.0.1:1/x")
    assert "The database cannot be reached" in str(result.exception)
