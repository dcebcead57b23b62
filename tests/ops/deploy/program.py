"""What the files of ops/deploy name, held against the program: commands, options and variables."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import typer

from ops.cli.main import app

ROOT = Path(__file__).parents[3]
DEPLOY = ROOT / "ops" / "deploy"


def variables() -> set[str]:
    """Every environment variable that some command reads."""
    found: set[str] = set()
    for command in _commands():
        for parameter in command.params:
            read = parameter.envvar or []
            found |= {read} if isinstance(read, str) else set(read)
    return found


def parse(arguments: Sequence[str]) -> None:
    """Read a command line as the program does, without running it.

    Raises:
        typer._click.exceptions.UsageError: there is no such command or option, or it takes no such value.
    """
    program = _program()
    name, *options = arguments
    context = typer.Context(program)
    command = program.get_command(context, name)
    assert command, f"there is no command {name}"
    command.make_context(name, options, parent=context)


def _program() -> typer.core.TyperGroup:
    program = typer.main.get_command(app)
    assert isinstance(program, typer.core.TyperGroup)
    return program


def _commands() -> Iterator[Any]:
    program = _program()
    for name in program.list_commands(typer.Context(program)):
        command = program.get_command(typer.Context(program), name)
        yield command
        yield from command.commands.values() if isinstance(command, typer.core.TyperGroup) else ()
