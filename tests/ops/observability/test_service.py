"""A service with two workers, watched as its operator does: one answer for all processes, and logs that machines read.

All tests share one service; each looks at what the others do not change.
"""

import json
import re
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from tests.serving import PATIENCE_S, Server, is_gone, running_server, until

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "ops" / "deploy"
ALERTS = DEPLOY / "prometheus" / "alerts.yml"
DASHBOARD = DEPLOY / "grafana" / "order-ledger.json"
DOCUMENT = (ROOT / "docs" / "observability.md").read_text(encoding="utf-8")
WORKERS = 2
# Of a sample beyond the name of its family.
SUFFIXES = r"(_bucket|_sum|_count|_total)?$"

pytestmark = pytest.mark.timeout(600)


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    options = ("--workers", str(WORKERS), "--log-format", "json", "--log-level", "debug", "--metrics-sites", "5")
    with running_server(tmp_path_factory.mktemp("watched") / "var", *options) as server:
        create(server, "first")
        yield server


def create(server: Server, order_id: str) -> str:
    """A new order, over a connection of its own; returns the id of the request."""
    form = urllib.parse.urlencode({"invoice_id": "inv_0001", "id": order_id, "note": "confidential"}).encode()
    request = urllib.request.Request(f"{server.url}/api/v2/orders", form, server.headers)
    with urllib.request.urlopen(request, timeout=PATIENCE_S) as response:
        return str(response.headers["x-request-id"])


def scrape(server: Server) -> str:
    with urllib.request.urlopen(f"{server.url}/metrics", timeout=PATIENCE_S) as response:
        return str(response.read().decode())


def value(server: Server, name: str, **labels: str) -> float:
    """The sum over the series that have these labels."""
    return sum(
        sample.value
        for family in text_string_to_metric_families(scrape(server))
        for sample in family.samples
        if sample.name == f"order_ledger_{name}" and labels.items() <= sample.labels.items()
    )


def families(server: Server) -> set[str]:
    return {family.name for family in text_string_to_metric_families(scrape(server))}


def is_told(name: str, known: set[str]) -> bool:
    return name in known or re.sub(SUFFIXES, "", name) in known


def names_in(expressions: list[str]) -> set[str]:
    return set(re.findall(r"order_ledger_[a-z_]+", " ".join(expressions)))


def lines(server: Server) -> list[dict[str, Any]]:
    # What is being written is not a line yet.
    return [json.loads(line) for line in server.errors.rpartition("\n")[0].splitlines()]


# Metrics


def test_every_answer_is_of_the_whole_service_whichever_process_gives_it(server: Server) -> None:
    until(lambda: value(server, "processes") == WORKERS + 1, what="all processes count")
    before = value(server, "request_duration_seconds_count", operation="create")
    for number in range(20):
        create(server, f"counted-{number}")
    for _ in range(10):
        assert value(server, "request_duration_seconds_count", operation="create") == before + 20


def test_a_worker_that_is_killed_takes_no_count_with_it(server: Server) -> None:
    before = value(server, "request_duration_seconds_count", operation="create")
    for number in range(10):
        create(server, f"before-the-kill-{number}")
    killed = server.workers()[0]
    server.kill(killed)
    until(lambda: is_gone(killed) and len(server.workers()) == WORKERS, what="another worker runs")
    until(lambda: value(server, "processes", role="worker") == WORKERS, what="the other worker counts")
    assert value(server, "request_duration_seconds_count", operation="create") == before + 10


def test_the_age_of_the_last_anchor_goes_back_once_there_is_one(server: Server) -> None:
    until(lambda: value(server, "anchor_timestamp_seconds", place="file") > 0, what="a first anchor")
    until(lambda: value(server, "unanchored_seconds", place="file") == 0, what="all is anchored")
    until(lambda: value(server, "consumer_lag_events") == 0, what="all consumers have caught up")


def test_nobody_elses_proxy_reads_metrics(server: Server) -> None:
    request = urllib.request.Request(f"{server.url}/metrics", headers={"X-Forwarded-For": "192.0.2.1"})
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=PATIENCE_S)
    with refused.value:
        assert refused.value.code == 403


# What is made of metrics


def test_every_metric_is_described_and_every_metric_described_is_told(server: Server) -> None:
    known = families(server)
    described = names_in(re.findall(r"^\| `(order_ledger_[a-z_]+)", DOCUMENT, re.MULTILINE))
    assert known - {re.sub(SUFFIXES, "", name) for name in described} - described == set()
    assert {name for name in described if not is_told(name, known)} == set()


def test_alert_rules_are_complete_and_of_metrics_that_are_told(server: Server) -> None:
    known = families(server)
    groups = yaml.safe_load(ALERTS.read_text(encoding="utf-8"))["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len({rule["alert"] for rule in rules}) == len(rules) > 0
    for rule in rules:
        assert {*rule} <= {"alert", "expr", "for", "labels", "annotations"}, rule["alert"]
        assert rule["labels"]["severity"] in {"critical", "warning", "info"}, rule["alert"]
        assert {"summary", "description"} == {*rule["annotations"]}, rule["alert"]
        names = names_in([rule["expr"]])
        assert names, rule["alert"]
        assert {name for name in names if not is_told(name, known)} == set(), rule["alert"]
        assert f"`{rule['alert']}`" in DOCUMENT, rule["alert"]


def test_the_dashboard_is_of_metrics_that_are_told(server: Server) -> None:
    known = families(server)
    dashboard = json.loads(DASHBOARD.read_text(encoding="utf-8"))
    panels = dashboard["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    for panel in panels:
        expressions = [target["expr"] for target in panel.get("targets", [])]
        assert expressions or panel["type"] == "row", panel["title"]
        assert all(names_in([expression]) for expression in expressions), panel["title"]
        assert {name for name in names_in(expressions) if not is_told(name, known)} == set(), panel["title"]
    variables = {each["name"] for each in dashboard["templating"]["list"]}
    used = set(re.findall(r"\$\{?([a-z]+)\b", json.dumps(panels)))
    assert used - {"__rate_interval"} <= variables


def test_panels_of_the_dashboard_do_not_lie_on_each_other() -> None:
    taken: dict[tuple[int, int], str] = {}
    for panel in json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]:
        place = panel["gridPos"]
        for x in range(place["x"], place["x"] + place["w"]):
            for y in range(place["y"], place["y"] + place["h"]):
                assert (x, y) not in taken, (panel["title"], taken[x, y])
                assert x < 24, panel["title"]
                taken[x, y] = panel["title"]


@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed (apt-get install prometheus)")
def test_prometheus_takes_what_it_is_given(server: Server) -> None:
    for arguments, given in (
        (["check", "metrics"], scrape(server)),
        (["check", "rules", str(ALERTS)], None),
        (["check", "config", str(ALERTS.with_name("prometheus.yml"))], None),
    ):
        done = subprocess.run(["promtool", *arguments], input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stdout + done.stderr


# Logs


def test_every_line_is_an_object_that_says_of_which_process_it_is(server: Server) -> None:
    request_id = create(server, "logged")
    until(lambda: any(line.get("request_id") == request_id for line in lines(server)), what="the line of the request")
    [line] = [line for line in lines(server) if line.get("request_id") == request_id]
    assert (line["process"], line["operation"], line["status"]) == ("worker", "create", 200)
    assert line["pid"] in server.workers()
    for each in lines(server):
        assert {"time", "level", "logger", "message", "process", "pid"} <= {*each}


def test_the_parent_writes_the_same_lines(server: Server) -> None:
    [background] = server.background()
    server.kill(background)
    until(
        lambda: any(line["process"] == "parent" and str(background) in line["message"] for line in lines(server)),
        what="the parent tells of a process that ended",
    )
    until(lambda: server.background() not in ([], [background]), what="another background process runs")


def test_no_line_holds_a_key_or_what_was_sent(server: Server) -> None:
    request_id = create(server, "own-id")
    until(lambda: request_id in server.errors, what="the line of the request")
    assert server.key
    assert server.key not in server.errors
    assert "confidential" not in server.errors
    assert "own-id" not in server.errors
