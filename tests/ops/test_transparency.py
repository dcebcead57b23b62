"""The commands that verify, prove and manage keys, on real data of a real service."""

import asyncio
import json
import shutil
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from typer.testing import CliRunner, Result

from ledger.ids import Position, Site
from ledger.merkle.export_line import encode_export_line
from ledger.store import Store
from ledger.transparency.anchor_file import AnchorFiles
from ops.cli.main import app
from ops.database import reachable, service_pool
from ops.target import Target
from ops.view_audits import audit
from ops.view_audits.other_process import other_process
from tests.serving import PATIENCE_S, SITE, Server, running_server, until

runner = CliRunner()


def run(*arguments: object, data_dir: Path) -> Result:
    """A command in this process, on the data folder."""
    return runner.invoke(app, [*map(str, arguments), "--data-dir", str(data_dir)])


def as_json(result: Result) -> Any:
    assert result.exception is None, result.output
    return json.loads(result.stdout)


def post(server: Server, path: str, form: str) -> Any:
    request = urllib.request.Request(f"{server.url}/api/v2/{path}", form.encode(), server.headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        return json.loads(response.read())


def get(server: Server, path: str) -> bytes:
    request = urllib.request.Request(f"{server.url}/api/v2/{path}", headers=server.headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        body: bytes = response.read()
        return body


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A service that runs, with a few orders that are signed and anchored."""
    data_dir = tmp_path_factory.mktemp("lived") / "data"
    with running_server(data_dir, "--anchor-seconds", "0.1", "--origin", "ledger.example") as server:
        for number in range(3):
            post(server, "orders", f"invoice_id=inv_0001&id=order{number}")
            post(server, f"orders/order{number}", "note=changed")
        _until_anchored(server, 16)
        yield server


def _until_anchored(server: Server, size: int) -> None:
    files = AnchorFiles(server.data_dir / "anchors")
    until(lambda: getattr(files.last(Site(SITE)), "size", 0) >= size, what="an anchor of all events")


def _until_followed(data_dir: Path) -> None:
    """Wait until all views have come to the end of the log."""

    def is_followed() -> bool:
        [told] = as_json(run("verify", "--full", "--json", "--site", SITE, data_dir=data_dir))
        return all(view["position"] == told["size"] for view in told["views"])

    until(is_followed, what="all views at the end of the log")


def test_a_service_signs_and_anchors_by_itself(lived: Server) -> None:
    note = get(lived, "ledger/checkpoint").decode()
    assert note.splitlines()[0] == f"ledger.example/{SITE}"
    printed = run("checkpoint", "show", "--site", SITE, data_dir=lived.data_dir)
    assert printed.stdout == note
    told = as_json(run("checkpoint", "show", "--site", SITE, "--json", data_dir=lived.data_dir))
    assert told["note"] == note
    assert [place["place"] for place in told["anchors"]] == ["file"]


def test_verify_reports_what_it_verified(lived: Server) -> None:
    _until_followed(lived.data_dir)
    full = run("verify", "--full", data_dir=lived.data_dir)
    assert full.exit_code == 0, full.output
    assert f"{SITE}: sound" in full.stdout
    assert "all sound" in full.stdout
    assert "3 orders agree with what their events come to" in full.stdout
    [told] = as_json(run("verify", "--full", "--json", "--site", SITE, data_dir=lived.data_dir))
    assert told["sound"] is True
    assert (told["begun_after"], told["unanchored"], told["orders"]) == (0, 0, 3)
    assert told["size"] == told["events"] == told["anchored"] == told["checkpointed"]
    assert (
        f"{told['size']} rows of the index of the log agree with what events 1 to {told['size']} come to" in full.stdout
    )
    views = {view["view"]: view for view in told["views"]}
    assert list(views) == ["orders", "order_versions", "order_version_documents", "order_version_pages", "changes"]
    assert all(view["sound"] and view["position"] == told["size"] and not view["parked"] for view in views.values())
    assert views["changes"]["rows"] == told["size"]


def test_two_processes_verify_a_log_that_is_long(lived: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    """And say what one says."""
    started: list[str] = []

    def recorded(*arguments: Any) -> Any:
        started.append(arguments[1])
        return other_process(*arguments)

    _until_followed(lived.data_dir)
    arguments = ("verify", "--full", "--json", "--site", SITE)
    [alone] = as_json(run(*arguments, data_dir=lived.data_dir))
    monkeypatch.setattr(audit, "COMPARED_APART_FROM_EVENTS", 1)
    monkeypatch.setattr(audit, "processors", lambda: 2)
    monkeypatch.setattr(audit, "other_process", recorded)
    [both] = as_json(run(*arguments, data_dir=lived.data_dir))
    assert both["views"] == alone["views"]
    assert both["sound"] is True
    assert started == [SITE]


def test_verify_goes_on_where_it_was_before(lived: Server) -> None:
    [full] = as_json(run("verify", "--full", "--json", "--site", SITE, data_dir=lived.data_dir))
    post(lived, "orders", "invoice_id=inv_0001&note=later")
    _until_anchored(lived, full["size"] + 1)
    [quick] = as_json(run("verify", "--json", "--site", SITE, data_dir=lived.data_dir))
    assert (quick["begun_after"], quick["events"]) == (full["size"], 1)
    again = run("verify", "--site", SITE, data_dir=lived.data_dir)
    assert "were verified before; --full verifies them again" in again.stdout


def test_proofs_are_written_and_checked_without_a_database(lived: Server, tmp_path: Path) -> None:
    [key] = as_json(run("checkpoint", "keys", "list", "--site", SITE, "--json", data_dir=lived.data_dir))
    verifier = key["verifier_key"]
    order, event = tmp_path / "order.tlog-proof", tmp_path / "event.tlog-proof"
    assert run("proof", "order", "order1", "--site", SITE, "--out", order, data_dir=lived.data_dir).exit_code == 0
    assert run("proof", "event", "11", "--site", SITE, "--out", event, data_dir=lived.data_dir).exit_code == 0
    assert order.read_bytes() == get(lived, "orders/order1/proof")

    checked = runner.invoke(app, ["proof", "check", str(order), "--key", verifier])
    assert checked.exit_code == 0, checked.output
    assert "order-order1, version 2, order.updated" in checked.stdout
    assert f"proven to stand in the log ledger.example/{SITE}" in checked.stdout

    data = event.read_bytes()
    event.write_bytes(data.replace(b"index 10", b"index 11"))
    altered = runner.invoke(app, ["proof", "check", str(event), "--key", verifier])
    assert (altered.exit_code, altered.stdout.startswith("FAULT: Event 12 is not proven")) == (2, True)
    event.write_bytes(b"nothing")
    assert runner.invoke(app, ["proof", "check", str(event), "--key", verifier]).exit_code == 2
    refused = runner.invoke(app, ["proof", "check", str(order), "--key", "nonsense"])
    assert "not a verifier key" in str(refused.exception)


async def test_the_auditors_program_agrees_on_a_real_export(lived: Server, tmp_path: Path) -> None:
    printed = runner.invoke(app, ["proof", "auditor"])
    program, export, note = tmp_path / "audit.py", tmp_path / "export.jsonl", tmp_path / "note"
    program.write_text(printed.stdout, encoding="utf-8")
    with reachable(Target(lived.data_dir)) as address:
        async with service_pool(address) as pool:
            events = await Store(pool).read_log(Site(SITE), after=Position(0))
    lines = [encode_export_line(event.position, event.body) for event in events]
    note.write_bytes(get(lived, "ledger/checkpoint"))
    key = json.loads(get(lived, "ledger/keys"))["keys"][0]["verifier_key"]

    def audited(content: bytes) -> int:
        export.write_bytes(content)
        command = [sys.executable, program, "export", export, "--checkpoint", note, "--key", key]
        return subprocess.run(command, capture_output=True, check=False).returncode

    assert audited(b"".join(lines)) == 0
    assert audited(b"".join(lines[:-1])) == 2
    assert audited(b"".join(lines).replace(b"changed", b"chamged", 1)) == 2


def test_a_log_never_changes_its_origin(data_dir: Path) -> None:
    operator = (data_dir / "keys" / "operator").read_text().strip()
    result = run("serve", "--port", "0", "--origin", "other.example", data_dir=data_dir)
    assert f"have the origin {operator}. A log never changes it" in str(result.exception)


def test_keys_are_rotated_while_the_service_runs(data_dir: Path) -> None:
    with running_server(data_dir, "--anchor-seconds", "0.1") as server:
        post(server, "orders", "invoice_id=inv_0001&id=first")
        _until_anchored(server, 11)
        rotated = run("checkpoint", "keys", "rotate", "--site", SITE, data_dir=data_dir)
        assert rotated.exit_code == 0, rotated.output
        post(server, "orders", "invoice_id=inv_0001&id=second")
        _until_anchored(server, 12)
        assert get(server, "ledger/checkpoint").decode().count("— ") == 2
        [old, new] = json.loads(get(server, "ledger/keys"))["keys"]
        assert new["verifier_key"] == rotated.stdout.strip()
        retired = run(
            "checkpoint", "keys", "retire", old["verifier_key"].split("+")[1], "--site", SITE, data_dir=data_dir
        )
        assert retired.exit_code == 0, retired.output
        post(server, "orders", "invoice_id=inv_0001&id=third")
        _until_anchored(server, 13)
        assert get(server, "ledger/checkpoint").decode().count("— ") == 1
        assert run("verify", "--full", data_dir=data_dir).exit_code == 0


def test_a_service_on_an_older_database_answers_and_signs_nothing(data_dir: Path, tmp_path: Path) -> None:
    backup = Path(shutil.copytree(data_dir / "postgres", tmp_path / "backup", ignore=shutil.ignore_patterns("run")))
    with running_server(data_dir, "--anchor-seconds", "0.1") as server:
        for number in range(3):
            post(server, "orders", f"invoice_id=inv_0001&id=lost{number}")
        _until_anchored(server, 13)
        assert server.stop() == 0
    shutil.rmtree(data_dir / "postgres")
    shutil.copytree(backup, data_dir / "postgres")
    with running_server(data_dir, "--anchor-seconds", "0.1") as server:
        until(lambda: "Nothing will be signed for site acme" in server.errors, what="a word about the older database")
        for number in range(5):
            assert post(server, "orders", f"invoice_id=inv_0001&id=new{number}")["order"]["id"] == f"new{number}"
        until(lambda: "Nothing is signed any more for site acme" in server.errors, what="a refusal")
        assert b'"id":"new4"' in get(server, "orders/new4")
    seen = run("verify", data_dir=data_dir)
    assert seen.exit_code == 2, seen.output
    assert "are not those that the " in seen.stdout


def test_verify_names_an_edited_view_and_an_edited_event(data_dir: Path) -> None:
    with running_server(data_dir) as server:
        post(server, "orders", "invoice_id=inv_0001&id=first&note=mine")
        _until_followed(data_dir)
    tamper(
        data_dir, "UPDATE ledger.order_view SET document = replace(convert_from(document,'UTF8'), 'mine', 'his')::bytea"
    )
    seen = run("verify", "--full", data_dir=data_dir)
    assert seen.exit_code == 2, seen.output
    assert "The view of the order 'first' says note is 'his', but its events come to 'mine'." in seen.stdout
    tamper(data_dir, "UPDATE ledger.change SET actor = 'nobody' WHERE position = 2")
    both = run("verify", "--full", data_dir=data_dir)
    assert "agree with what their events come to; then the fault above" in both.stdout
    assert (
        "then: The index of the log says of event 2 that its actor is 'nobody', but the log says 'root'." in both.stdout
    )
    tamper(data_dir, "DELETE FROM ledger.order_view")
    assert "does not show the order 'first'" in run("verify", "--full", data_dir=data_dir).stdout
    tamper(data_dir, "UPDATE ledger.event SET body = body || ' '::bytea WHERE position = 3")
    [told] = json.loads(run("verify", "--full", "--json", data_dir=data_dir).stdout)
    assert (told["sound"], told["fault"]["kind"], told["fault"]["position"]) == (False, "leaf_differs", 3)


def test_what_cannot_run_is_no_verdict(data_dir: Path, tmp_path: Path) -> None:
    assert "There is no site nobody" in str(run("verify", "--site", "nobody", data_dir=data_dir).exception)
    without = run("verify", "--keys-dir", tmp_path / "none", data_dir=data_dir)
    assert "no signing keys" in str(without.exception)


def tamper(data_dir: Path, statement: str) -> None:
    asyncio.run(_tamper(data_dir, statement))


async def _tamper(data_dir: Path, statement: str) -> None:
    with reachable(Target(data_dir)) as address:
        owner = await asyncpg.connect(**address.owner)
        await owner.execute(statement)
        await owner.close()


def test_the_key_folder_may_be_elsewhere(data_dir: Path, tmp_path: Path) -> None:
    elsewhere = tmp_path / "keys"
    (data_dir / "keys").rename(elsewhere)
    with running_server(data_dir, "--keys-dir", str(elsewhere), "--anchor-seconds", "0.1") as server:
        post(server, "orders", "invoice_id=inv_0001")
        _until_anchored(server, 11)
    assert not (data_dir / "keys").exists()
    assert run("verify", "--keys-dir", elsewhere, data_dir=data_dir).exit_code == 0
