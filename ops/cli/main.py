"""``order-ledger``: the commands, and what a refusal looks like on the command line."""

import sys
from importlib.metadata import version as installed_version

import typer

from ledger.errors import LedgerError
from ops.cli import (
    checkpoint,
    diff,
    drill,
    events,
    export,
    history,
    intake,
    invoices,
    keys,
    list_orders,
    log,
    parked,
    proof,
    rebuild,
    replay,
    requests,
    schema,
    serve,
    settings,
    show,
    sites,
    verify,
    webhooks,
)
from ops.cli.options import err
from ops.embedded import EmbeddedPostgresError

REFUSED = 1

app = typer.Typer(
    name="order-ledger",
    help="An event-sourced order ledger behind Chargebee's Orders API, with audit history.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve.serve)
app.add_typer(keys.app, name="keys")
app.add_typer(sites.app, name="sites")
app.add_typer(invoices.app, name="invoices")
app.add_typer(intake.app, name="intake")
app.add_typer(settings.app, name="settings")
app.command("replay")(replay.replay)
app.command("rebuild")(rebuild.rebuild)
app.add_typer(parked.app, name="parked")
app.add_typer(requests.app, name="requests")
app.add_typer(webhooks.app, name="webhooks")
app.command("migrate")(schema.migrate)
app.command("verify")(verify.verify)
app.command("drill")(drill.drill)
app.add_typer(proof.app, name="proof")
app.add_typer(checkpoint.app, name="checkpoint")
app.command("history")(history.history)
app.command("log")(log.log)
app.add_typer(events.app, name="events")
app.command("export")(export.export)
app.command("show")(show.show)
app.command("list")(list_orders.list_orders)
app.command("diff")(diff.diff)


@app.command()
def version() -> None:
    """Print the version."""
    print(installed_version("order-ledger"))


def run() -> None:
    """Run the command line; a refusal is one line on standard error and exit status 1."""
    try:
        app()
    except (LedgerError, EmbeddedPostgresError, OSError) as refused:
        text = refused.message if isinstance(refused, LedgerError) else str(refused)
        err.print(f"order-ledger: {text}", markup=False, style="red")
        sys.exit(REFUSED)
