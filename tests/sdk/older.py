"""The SDK as many still have it, 2.60.1, behind ``tests.sdk.calls.Sdk``: it runs in a process of its own.

``make test`` installs it beside the test environment, in the folder ``chargebee-2`` of the virtual environment.
"""

import contextlib
import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any
from urllib.parse import urlsplit

from tests.sdk.calls import WITH_ID, WITHOUT_PARAMETERS, EventReply, Refused, Reply

VERSION = "2.60.1"
FOLDER = Path(sys.prefix) / "chargebee-2"
_PROCESS = Path(__file__).with_name("older_process.py")
_PATIENCE_S = 30.0


class OlderIsMissing(Exception):
    """Chargebee's SDK 2.60.1 is not installed beside the test environment."""

    def __init__(self) -> None:
        super().__init__(
            f"There is no {FOLDER}. `make test` makes it; by hand: "
            f"{sys.executable} -m pip install --target {FOLDER} chargebee=={VERSION}"
        )


class Older:
    """Version 2.60.1. Filters of lists are flat there, ``status[in]``, with lists written as JSON."""

    def __init__(self, process: "OlderProcess", key: str) -> None:
        self._process = process
        self._key = key

    def call(
        self,
        operation: str,
        resource_id: str | None = None,
        params: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> Reply:
        arguments: list[Any] = [resource_id] if operation in WITH_ID else []
        if operation not in WITHOUT_PARAMETERS:
            arguments.append(_flat(params) if operation == "list" and params else params)
        return Reply(**self._ask("Order", operation, arguments, headers))

    def events(self, params: dict[str, Any]) -> EventReply:
        return EventReply(**self._ask("Event", "list", [_flat(params)]))

    def event(self, event_id: str) -> EventReply:
        return EventReply(**self._ask("Event", "retrieve", [event_id]))

    def _ask(
        self, resource: str, operation: str, arguments: list[Any], headers: dict[str, str] | None = None
    ) -> dict[str, Any]:
        request = {"key": self._key, "resource": resource, "operation": operation, "arguments": arguments}
        answer = self._process.ask(request | {"headers": headers})
        if "refused" in answer:
            raise Refused(**answer["refused"])
        return answer


class OlderProcess:
    """The process in which the SDK runs, for one server."""

    def __init__(self, requests: IO[str], answers: IO[str]) -> None:
        self._requests = requests
        self._answers = answers

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Have a call made; one at a time."""
        self._requests.write(json.dumps(request) + "\n")
        self._requests.flush()
        return self.hear()

    def hear(self) -> dict[str, Any]:
        """What the process says next."""
        line = self._answers.readline()
        assert line, "the process with the SDK has ended"
        answer: dict[str, Any] = json.loads(line)
        return answer


@contextlib.contextmanager
def older_sdk(url: str) -> Iterator[OlderProcess]:
    """The SDK in its own process.

    Raises:
        OlderIsMissing: it is not installed.
    """
    if not (FOLDER / "chargebee").is_dir():
        raise OlderIsMissing
    command = [sys.executable, "-I", str(_PROCESS), str(FOLDER), urlsplit(url).netloc]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, encoding="utf-8", env={"NO_PROXY": "*"}
    ) as process:
        assert process.stdin
        assert process.stdout
        older = OlderProcess(process.stdin, process.stdout)
        started = older.hear()
        assert started["version"] == VERSION
        assert Path(started["home"]).is_relative_to(FOLDER)
        yield older
        process.stdin.close()
        assert process.wait(_PATIENCE_S) == 0


def _flat(params: dict[str, Any]) -> dict[str, Any]:
    flat: dict[str, Any] = {}
    for name, value in params.items():
        if isinstance(value, dict):
            flat |= {f"{name}[{operator}]": each for operator, each in value.items()}
        else:
            flat[name] = value
    return flat
