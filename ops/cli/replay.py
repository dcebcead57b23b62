"""``order-ledger replay``: step through what happened to an order, forward and back."""

import itertools
import sys
from collections.abc import Iterator, Sequence
from typing import Annotated, Any

import msgspec
import typer
from rich.text import Text

from ops.cli.history import print_change
from ops.cli.keys_pressed import keys_pressed
from ops.cli.options import DATA_DIR, AsJson, DatabaseUrl, DataDir, out
from ops.cli.order_text import NOTHING, change_rows, order_rows
from ops.cli.past import OrderIdArgument, SitePast, look_back
from ops.cli.printing import print_json, print_table
from ops.cli.site_choice import MaybeSite
from ops.target import Target
from projections.history.replay import Agreement, CodeCheck, Step, step
from projections.orders import OrderViews
from projections.visible_text import visible

DISAGREES = 2

_KEYS = "n next  p previous  g first  G last  s state on/off  q quit"
_NEXT = frozenset({"n", " ", "\n", "j", "\x1b[C", "\x1b[B"})
_PREVIOUS = frozenset({"p", "k", "\x7f", "\x1b[D", "\x1b[A"})
_QUIT = frozenset({"q", "\x04"})
_ANSWERS = {
    Agreement.SAME: "the order is as it was answered then",
    Agreement.DIFFERS: "the order is not as it was answered then",
    Agreement.NOT_RECORDED: "what was answered then is not recorded with this event",
}


def replay(
    order_id: OrderIdArgument,
    plain: Annotated[bool, typer.Option("--plain", help="Print all steps instead of stepping with keys.")] = False,
    state: Annotated[bool, typer.Option("--state/--no-state", help="Show the order after each step.")] = True,
    with_current_code: Annotated[
        bool,
        typer.Option(
            "--with-current-code", help="Hold what this version makes of each event against what was recorded."
        ),
    ] = False,
    site: MaybeSite = None,
    data_dir: DataDir = DATA_DIR,
    database_url: DatabaseUrl = None,
    as_json: AsJson = False,
) -> None:
    """Replay an order: what each event did, and the order after it.

    On a terminal, keys step forward and back. Nothing can be changed: the database refuses every write of this
    command. With --with-current-code each step also tells what this version of the service reads or answers
    otherwise than was recorded at the time; the exit status is then 2 if anything differs.
    """

    async def work(past: SitePast) -> list[Step]:
        return await _steps(past, order_id, with_current_code=with_current_code)

    steps = look_back(Target(data_dir, database_url), site, work)
    if as_json:
        print_json(steps)
    elif plain or not (sys.stdin.isatty() and sys.stdout.isatty()):
        for place in range(len(steps)):
            _print(steps, place, state=state)
    else:
        _walk(steps, state=state)
    if any(each.code is not None and not each.code.agrees for each in steps):
        raise typer.Exit(DISAGREES)


async def _steps(past: SitePast, order_id: str, *, with_current_code: bool) -> list[Step]:
    entries = await past.history.entries(past.site, order_id)
    newest = await OrderViews(past.pool).shown(past.site, order_id) if with_current_code else None
    return [
        step(
            entry,
            with_current_code=with_current_code,
            shown=newest.document if newest and newest.version == entry.record.version else None,
        )
        for entry in entries
    ]


def _walk(steps: Sequence[Step], *, state: bool) -> None:
    place = 0
    with keys_pressed() as keys:
        for key in itertools.chain([""], keys):
            if key in _QUIT:
                return
            place = _moved(place, key, last=len(steps) - 1)
            state = state != (key == "s")
            out.clear()
            _print(steps, place, state=state)
            out.print(Text(_KEYS, style="dim"))


def _moved(place: int, key: str, *, last: int) -> int:
    if key in _NEXT:
        return min(place + 1, last)
    if key in _PREVIOUS:
        return max(place - 1, 0)
    return {"g": 0, "G": last}.get(key, place)


def _print(steps: Sequence[Step], place: int, *, state: bool) -> None:
    shown = steps[place]
    out.print(Text(f"Step {place + 1} of {len(steps)}", style="bold"))
    print_change(shown.change)
    if shown.code is not None:
        for line in _code_lines(shown.code):
            out.print(Text(line, style="" if shown.code.agrees else "red"))
    if state:
        print_table(("MEMBER", "VALUE"), list(order_rows(shown.order)))
    out.print()


def _code_lines(code: CodeCheck) -> Iterator[str]:
    schema = f"stored with schema {code.stored_schema}, read as schema {code.current_schema}"
    yield f"    under current code: {schema}; {_ANSWERS[code.answer]}"
    for change in code.data:
        yield f"        {visible(change.path)}: stored {_json(change.before)}, now {_json(change.after)}"
    for path, before, after in change_rows(code.document):
        yield f"        {path}: shown {before}, now {after}"


def _json(value: Any) -> str:
    return NOTHING if value is None else visible(msgspec.json.encode(value).decode())
