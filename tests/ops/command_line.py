"""Commands as processes of their own, as a shell runs them."""

import os
import subprocess
import sys
from pathlib import Path

from typer.testing import CliRunner

from ledger.errors import LedgerError
from ops.cli.main import app
from ops.database import Address
from tests.serving import PATIENCE_S

PROGRAM = Path(sys.executable).with_name("order-ledger")


def run(*arguments: str, database_url: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the service to its end, in this process: a new one takes a second to start."""
    done = CliRunner().invoke(app, [*arguments, "--database-url", database_url])
    refused = done.exception if isinstance(done.exception, LedgerError) else None
    if done.exception and not refused and not isinstance(done.exception, SystemExit):
        raise done.exception
    errors = done.stderr + (refused.message if refused else "")
    return subprocess.CompletedProcess(arguments, done.exit_code, done.stdout_bytes.decode(), errors)


def run_command(*arguments: str, database_url: str) -> "subprocess.CompletedProcess[str]":
    """Run a command of the service to its end, as a shell does."""
    return run_program(PROGRAM, *arguments, "--database-url", database_url)


def run_program(*command: str | Path) -> "subprocess.CompletedProcess[str]":
    """Run a program to its end. Ends of lines are left as they are."""
    done = subprocess.run(command, capture_output=True, check=False, timeout=PATIENCE_S)
    return subprocess.CompletedProcess(command, done.returncode, done.stdout.decode(), done.stderr.decode())


def run_unread(*arguments: str, database_url: str) -> "subprocess.CompletedProcess[bytes]":
    """Run a command whose output nobody reads any more."""
    reader, writer = os.pipe()
    os.close(reader)
    try:
        return subprocess.run(
            [PROGRAM, *arguments, "--database-url", database_url],
            stdout=writer,
            stderr=subprocess.PIPE,
            check=False,
            timeout=PATIENCE_S,
        )
    finally:
        os.close(writer)


def url_of(address: Address) -> str:
    """The URL of a database, for its owner."""
    login = address.owner
    return f"postgresql://{login['user']}@/{login['database']}?host={login['host']}&port={login['port']}"
