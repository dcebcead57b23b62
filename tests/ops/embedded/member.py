"""A process that joins a state folder and then does what its standard input says. Run as a script.

It needs the standard library and `ops.embedded` alone, so that it also runs as a user who reaches nothing else.
Every line that it prints is one JSON object with a "kind": progress, open, reply or error.
"""

import argparse
import ctypes
import json
import os
import signal
import sys
from pathlib import Path
from typing import Any

from ops.embedded import EmbeddedPostgres, EmbeddedPostgresError, Role

PR_CAPBSET_DROP = 24


def say(kind: str, **content: Any) -> None:
    sys.stdout.write(json.dumps({"kind": kind, **content}) + "\n")
    sys.stdout.flush()


def main() -> None:
    options = parse_options()
    if options.without_capability:
        start_again_without(options.without_capability)
    try:
        postgres = EmbeddedPostgres.open(
            options.state_dir,
            role=Role(options.role),
            bin_dir=options.bin_dir,
            on_progress=lambda text: say("progress", text=text),
        )
    except EmbeddedPostgresError as error:
        say("error", type=type(error).__name__, text=str(error))
        return
    say("open", **status(postgres))
    for line in sys.stdin:
        say("reply", **obey(line.strip(), postgres))


def parse_options() -> argparse.Namespace:
    parser = argparse.ArgumentParser()
    parser.add_argument("state_dir", type=Path)
    parser.add_argument("--role", default="service")
    parser.add_argument("--bin-dir", type=Path)
    parser.add_argument("--without-capability", type=int, action="append")
    return parser.parse_args()


def start_again_without(capabilities: list[int]) -> None:
    for capability in capabilities:
        ctypes.CDLL(None).prctl(PR_CAPBSET_DROP, capability)
    dropped = [f"--without-capability={capability}" for capability in capabilities]
    os.execv(sys.executable, [sys.executable, *(word for word in sys.argv if word not in dropped)])


def status(postgres: EmbeddedPostgres) -> dict[str, Any]:
    return {
        "is_owner": postgres.is_owner,
        "postmaster_pid": postgres.postmaster_pid,
        "socket_dir": str(postgres.socket_dir),
    }


def obey(command: str, postgres: EmbeddedPostgres) -> dict[str, Any]:
    match command:
        case "stop":
            postgres.stop()
            return {}
        case "take over":
            postgres.try_take_over()
            return status(postgres)
        case "fork":
            return {"pid": fork_a_copy_that_stops_its_server_and_stays(postgres)}
        case _:
            return status(postgres)


def fork_a_copy_that_stops_its_server_and_stays(postgres: EmbeddedPostgres) -> int:
    pid = os.fork()
    if pid == 0:
        os.closerange(0, 2)  # or whoever listens to this process would wait for its copy
        postgres.stop()
        signal.pause()
    return pid


if __name__ == "__main__":
    main()
