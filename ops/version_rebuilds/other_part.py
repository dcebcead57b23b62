"""The other side of ``part_process``: starts it, and follows what it tells."""

import asyncio
from collections.abc import Callable
from contextlib import AbstractAsyncContextManager

import msgspec

from ledger.errors import OperationFailed
from ops.second_process import SecondProcess, second_process
from ops.version_rebuilds.messages import Counted, Done, Message, Work

_decoder: msgspec.json.Decoder[Message] = msgspec.json.Decoder(Message)
# The last line names all orders that differ: a million ids, and more than there are of most sites.
_LINE_BYTES_MAX = 256 * 1024 * 1024

OnCounted = Callable[[Counted], None]


class PartEnded(OperationFailed):
    """The process that rebuilds a part of the index ended without a result."""


def other_part(work: Work, on_counted: OnCounted) -> AbstractAsyncContextManager[SecondProcess[Done]]:
    """Rebuild a part beside this process, for no longer than the block; its result may raise PartEnded."""

    async def follow(lines: asyncio.StreamReader) -> Done:
        async for line in lines:
            message = _decoder.decode(line)
            if isinstance(message, Done):
                return message
            on_counted(message)
        raise PartEnded

    return second_process("ops.version_rebuilds.part_process", work, follow, line_bytes_max=_LINE_BYTES_MAX)
