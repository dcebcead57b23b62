"""``order-ledger``: the commands, and what a refusal looks like on the command line.

A command's module is imported when it is called: most need little of the rest, and people wait for it.
"""

import sys
from importlib import import_module
from typing import Any

import typer
from typer.core import TyperGroup
from typer.main import get_command

from ledger.errors import LedgerError
from ops.cli.options import err
from ops.embedded.errors import EmbeddedPostgresError

REFUSED = 1

# By name in the order of the help: the module below ops.cli, and what it calls the command or the group of commands.
_COMMANDS: dict[str, tuple[str, str]] = {
    "serve": ("serve", "serve"),
    "keys": ("keys", "app"),
    "sites": ("sites", "app"),
    "invoices": ("invoices", "app"),
    "intake": ("intake", "app"),
    "settings": ("settings", "app"),
    "replay": ("replay", "replay"),
    "rebuild": ("rebuild", "rebuild"),
    "parked": ("parked", "app"),
    "requests": ("requests", "app"),
    "webhooks": ("webhooks", "app"),
    "migrate": ("schema", "migrate"),
    "backup": ("backup", "backup"),
    "restore": ("restore", "restore_backup"),
    "doctor": ("doctor", "doctor"),
    "verify": ("verify", "verify"),
    "drill": ("drill", "drill"),
    "bench": ("bench", "bench"),
    "proof": ("proof", "app"),
    "checkpoint": ("checkpoint", "app"),
    "history": ("history", "history"),
    "log": ("log", "log"),
    "events": ("events", "app"),
    "export": ("export", "export"),
    "show": ("show", "show"),
    "list": ("list_orders", "list_orders"),
    "diff": ("diff", "diff"),
}


class Commands(TyperGroup):
    """All commands; each is made when it is asked for."""

    def list_commands(self, ctx: Any) -> list[str]:
        """Their names."""
        return [*_COMMANDS, *super().list_commands(ctx)]

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        """The command with a name; None where there is none."""
        if cmd_name in _COMMANDS and cmd_name not in self.commands:
            self.commands[cmd_name] = _made(cmd_name)
        return super().get_command(ctx, cmd_name)


def _made(name: str) -> Any:
    module, attribute = _COMMANDS[name]
    found = getattr(import_module(f"ops.cli.{module}"), attribute)
    around = typer.Typer(add_completion=False)
    around.callback()(_nothing)
    if isinstance(found, typer.Typer):
        around.add_typer(found, name=name)
    else:
        around.command(name)(found)
    group: Any = get_command(around)
    return group.commands[name]


def _nothing() -> None:
    """What makes a group of one command."""


app = typer.Typer(
    name="order-ledger",
    cls=Commands,
    help="An event-sourced order ledger behind Chargebee's Orders API, with audit history.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)


@app.callback()
def commands() -> None:
    """An event-sourced order ledger behind Chargebee's Orders API, with audit history."""


@app.command()
def version() -> None:
    """Print the version."""
    # What finds it takes as long to import as all the rest of this module, and no other command needs it.
    print(import_module("importlib.metadata").version("order-ledger"))


def run() -> None:
    """Run the command line; a refusal is one line on standard error and exit status 1."""
    try:
        app()
    except (LedgerError, EmbeddedPostgresError, OSError) as refused:
        text = refused.message if isinstance(refused, LedgerError) else str(refused)
        err.print(f"order-ledger: {text}", markup=False, style="red")
        sys.exit(REFUSED)
