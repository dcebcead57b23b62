"""``order-ledger diff``: what differs between two states of an order, or of two orders."""

from typing import Annotated

import typer
from rich.text import Text

from api.typed_moments import MOMENT_HELP, read_moment
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, out
from ops.cli.order_text import change_rows, time_text
from ops.cli.past import OrderIdArgument, SitePast, look_back
from ops.cli.printing import print_json, print_table
from ops.cli.site_choice import MaybeSite
from ops.target import Target
from projections.history.order_states import DiffDocument, Place, Side
from projections.visible_text import visible


def diff(
    order_id: OrderIdArgument,
    before: Annotated[
        str | None, typer.Argument(metavar="FROM", help=f"When: {MOMENT_HELP}. Else the version before TO.")
    ] = None,
    after: Annotated[str | None, typer.Argument(metavar="TO", help="The same. Else the newest.")] = None,
    other: Annotated[
        str | None, typer.Option("--with", metavar="OTHER_ID", help="Compare with this order, newest with newest.")
    ] = None,
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Compare two states of an order, or two orders."""

    async def work(past: SitePast) -> DiffDocument:
        ours = Side(order_id, read_moment(before, past.zone))
        theirs = Side(other or order_id, read_moment(after, past.zone))
        return await past.history.diff(past.site, ours, theirs)

    found = look_back(Target(data_dir, database_url), site, work)
    if as_json:
        print_json(found)
        return
    out.print(Text(f"from {_told(found.from_) if found.from_ else 'nothing'}\nto   {_told(found.to)}", style="bold"))
    rows = list(change_rows(found.changes))
    if rows:
        print_table(("MEMBER", "BEFORE", "AFTER"), rows)
    else:
        out.print("There is no difference.")


def _told(place: Place) -> str:
    where = f"version {place.version}, position {place.position}"
    return f"order {visible(place.order_id)}, {where}, recorded at {time_text(place.recorded_at)}"
