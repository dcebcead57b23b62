"""``order-ledger show``: an order as it is or as it was."""

from typing import Annotated

import typer
from rich.text import Text

from api.typed_moments import MOMENT_HELP, read_moment
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, out
from ops.cli.order_text import order_rows, time_text
from ops.cli.past import OrderIdArgument, SitePast, look_back
from ops.cli.printing import print_json, print_table
from ops.cli.site_choice import MaybeSite
from ops.target import Target
from projections.history.document_shape import plain_document
from projections.history.order_states import OrderAt
from projections.visible_text import visible


def show(
    order_id: OrderIdArgument,
    at: Annotated[str | None, typer.Option("--at", metavar="V|TIME|#POSITION", help=f"When: {MOMENT_HELP}.")] = None,
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Show an order as it is, or as it was then; deleted ones too."""

    async def work(past: SitePast) -> OrderAt:
        return await past.history.at(past.site, order_id, read_moment(at, past.zone))

    found = look_back(Target(data_dir, database_url), site, work)
    document = plain_document(found.order)
    if as_json:
        print_json(document)
        return
    place = found.as_of
    told = f"version {place.version}, position {place.position}, recorded at {time_text(place.recorded_at)}"
    out.print(Text(f"Order {visible(found.order.id)}: {told}", style="bold"))
    print_table(("MEMBER", "VALUE"), list(order_rows(document)))
