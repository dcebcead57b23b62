"""`order-ledger bench` runs: not how fast, but that every figure is one that was measured, and nothing is left over."""

import json
import os
import subprocess
from importlib.util import find_spec
from pathlib import Path

from tests.serving import PATIENCE_S, PROGRAM


def test_a_quick_run_measures_service_and_peers_and_leaves_nothing_behind(tmp_state_dir: Path) -> None:
    markdown = tmp_state_dir / "figures.md"
    command = [PROGRAM, "bench", "--quick", "--seconds", "0.5", "--only", "create,retrieve", "--workers", "1"]
    done = subprocess.run(
        [*map(str, command), "--connections", "8", "--json", "--markdown", str(markdown)],
        env=os.environ | {"TMPDIR": str(tmp_state_dir)},
        capture_output=True,
        text=True,
        timeout=2 * PATIENCE_S,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)

    peers = ["bare aiohttp", *(["eventsourcing"] if find_spec("psycopg_pool") else []), "pgbench"]
    found = [(row["work"], row["who"]) for row in report["rows"]]
    assert found == [
        ("retrieve", "aiohttp + asyncpg"),
        ("retrieve", "ours, 1 worker"),
        *(("create", who) for who in [*peers, "ours, 1 worker"]),
    ]
    for row in report["rows"]:
        assert row["rate_per_s"] > 0
        assert row["service_us"] + row["database_us"] > 0
    goals = {verdict["goal"].rpartition(" of ")[2] for verdict in report["verdicts"]}
    assert goals == {"aiohttp + asyncpg", *peers} - {"pgbench"}
    assert "| create | ours, 1 worker |" in markdown.read_text(encoding="utf-8")
    assert list(tmp_state_dir.iterdir()) == [markdown]
