"""Runs PostgreSQL's programs: a dump into a folder, and a dump into an empty database, whole or not at all."""

import asyncio
import contextlib
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import deque
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from ledger.limits import BACKUP_LOCK_WAIT_S_MAX
from ops.backup.tools import Login, ToolFailed, Tools

# The end of what a program said before it failed: where the reason stands.
_TOLD_LINES_MAX = 20
_PIPE_BYTES = 1024 * 1024
# A dump of PostgreSQL 17 or later begins with this, and older servers do not know it.
_UNKNOWN_BEFORE_17 = b"SET transaction_timeout = 0;\n"
# What the program says of each part of the database, and nothing of the rest.
_PARTS = ("dumping contents of", "processing data for", "creating ")

OnPart = Callable[[str], None]
"""Told each part of the database when its turn comes."""


async def dump(tools: Tools, login: Login, snapshot: str, folder: Path, on_part: OnPart = lambda _: None) -> None:
    """Dump the ledger's schemas as a snapshot shows them into a new folder.

    Raises:
        ToolFailed: with what pg_dump said.
    """
    command = [
        tools.program("pg_dump"),
        "--format=directory",
        "--compress=1",  # most of what more would save is in documents that are compressed already
        "--schema=ledger",
        "--schema=ledger_migration",
        f"--snapshot={snapshot}",
        f"--lock-wait-timeout={BACKUP_LOCK_WAIT_S_MAX}s",
        "--no-password",
        "--verbose",
        f"--file={folder}",
        f"--dbname={login.database}",
    ]
    async with _running(command, login) as program:
        told = await _told(program, on_part)
        if await program.wait():
            raise ToolFailed("pg_dump", told)


async def count_parts(tools: Tools, folder: Path) -> int:
    """How many parts a dump has."""
    command = [tools.program("pg_restore"), "--list", str(folder)]
    program = await asyncio.create_subprocess_exec(*command, stdin=DEVNULL, stdout=PIPE, stderr=PIPE)
    listed, told = await program.communicate()
    if program.returncode:
        raise ToolFailed("pg_restore", told.decode(errors="replace"))
    return sum(not line.startswith(b";") for line in listed.splitlines())


async def load(tools: Tools, login: Login, folder: Path, on_part: OnPart = lambda _: None) -> None:
    """Put a dump into a database, in one transaction.

    Not by pg_restore alone: what a newer one writes first is an error to a server before version 17, and it could only
    be ignored together with all other errors.

    Raises:
        ToolFailed: with what the program said; the database is as it was.
    """
    reading = [tools.program("pg_restore"), "--no-owner", "--verbose", "--file=-", str(folder)]
    writing = [
        *(tools.program("psql"), "--no-psqlrc", "--quiet", "--no-password", "--set=ON_ERROR_STOP=1", "--file=-"),
        f"--dbname={login.database}",
    ]
    async with _running(reading, login, stdout=PIPE) as reader, _running(writing, login, stdin=PIPE) as writer:
        told_by_writer = asyncio.create_task(_told(writer, lambda _: None))
        told_by_reader = asyncio.create_task(_told(reader, on_part))
        # A writer that has failed does not read any more; what it said tells why.
        with contextlib.suppress(BrokenPipeError, ConnectionResetError):
            await _carry(reader, writer)
            if await reader.wait():
                raise ToolFailed("pg_restore", await told_by_reader)
            await _commit(writer)
        if await writer.wait():
            raise ToolFailed("psql", await told_by_writer)


async def _carry(reader: Process, writer: Process) -> None:
    """The dump from one to the other. Whatever ends early, the transaction is not committed."""
    assert reader.stdout is not None
    assert writer.stdin is not None
    writer.stdin.write(b"BEGIN;\n")
    while (line := await reader.stdout.readline()) and not line.startswith(b"CREATE SCHEMA"):
        writer.stdin.write(b"" if line == _UNKNOWN_BEFORE_17 else line)
    writer.stdin.write(line)
    while data := await reader.stdout.read(_PIPE_BYTES):
        writer.stdin.write(data)
        await writer.stdin.drain()


async def _commit(writer: Process) -> None:
    assert writer.stdin is not None
    writer.stdin.write(b"COMMIT;\n")
    await writer.stdin.drain()
    writer.stdin.close()


@contextlib.asynccontextmanager
async def _running(
    command: Sequence[str], login: Login, *, stdin: int = DEVNULL, stdout: int = DEVNULL
) -> AsyncIterator[Process]:
    """A program, which does not outlive the block."""
    program = await asyncio.create_subprocess_exec(
        *command, stdin=stdin, stdout=stdout, stderr=PIPE, env=login.environment, limit=_PIPE_BYTES
    )
    try:
        yield program
    finally:
        if program.returncode is None:
            with contextlib.suppress(ProcessLookupError):
                program.kill()
            await program.wait()


async def _told(program: Process, on_part: OnPart) -> str:
    """What a program says besides its progress: the end of it."""
    assert program.stderr is not None
    told: deque[str] = deque(maxlen=_TOLD_LINES_MAX)
    async for line in program.stderr:
        text = line.decode(errors="replace").rstrip()
        part = text.partition(": ")[2]
        if part.startswith(_PARTS):
            # Its kind and name: ACL "ledger.TABLE event"
            on_part(part.partition(" ")[2].replace('"', ""))
        else:
            told.append(text)
    return "\n".join(told)
