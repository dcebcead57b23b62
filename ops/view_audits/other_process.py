"""The other side of ``order_process``: starts it, and follows what it tells."""

import asyncio
from contextlib import AbstractAsyncContextManager

import msgspec

from ledger.errors import OperationFailed
from ledger.ids import Site
from ledger.transparency.log_audit import ViewChecked
from ops.database import Address
from ops.second_process import SecondProcess, second_process
from ops.view_audits.by_order import OnFolded
from ops.view_audits.messages import Folded, Message, NoSnapshot, Work

_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
# A fault quotes members of an order, which may be long.
_LINE_BYTES_MAX = 16 * 1024 * 1024

OtherProcess = SecondProcess[tuple[ViewChecked, ...] | None]
"""A comparison by order that runs beside this process; its result is None where it could not see what this one sees."""


class ComparisonEnded(OperationFailed):
    """The process that compares views with the events of orders ended without a result."""


def other_process(
    address: Address, site: Site, snapshot: str, on_folded: OnFolded
) -> AbstractAsyncContextManager[OtherProcess]:
    """Compare by order beside this process, for no longer than the block; the result may raise ComparisonEnded.

    Args:
        snapshot: that a transaction of this process has exported; it must stay open.
    """

    async def follow(lines: asyncio.StreamReader) -> tuple[ViewChecked, ...] | None:
        async for line in lines:
            message = _decoder.decode(line)
            match message:
                case Folded(events, total):
                    on_folded(events, total)
                case NoSnapshot():
                    return None
                case _:
                    return tuple(view.checked() for view in message.views)
        raise ComparisonEnded

    work = Work(site=site, snapshot=snapshot, service=address.service, is_embedded=address.is_embedded)
    return second_process("ops.view_audits.order_process", work, follow, line_bytes_max=_LINE_BYTES_MAX)
