"""What a tampering is: what is done, by whom it could be done, and what verification must say to it."""

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from ops.drill.victim import Victim

Where = Mapping[str, object]
"""Members that the fault must have, so that it names the right place (``ledger.merkle.faults``)."""


class By(StrEnum):
    """Who could do it."""

    NOBODY = "nobody"
    OWNER = "owner of the database"
    FILES = "whoever can write the anchor file"
    THIEF = "owner of the database with a copy of the keys"
    OWNER_OF_BOTH = "owner of the database and of the folder with the keys"
    RESTORER = "operator who restores a backup"


class Kind(StrEnum):
    """What the drill has it for."""

    CONTROL = "control"
    ATTACK = "attack"
    LIMIT = "limit"


@dataclass(frozen=True, slots=True)
class Tampering:
    """One way to tamper.

    ``faults`` are the kinds of fault that would name it (``faults.kind_of``), of which the first one found is told.
    ``do`` does it, and says where the fault must be; ``on_backup`` does it to the older copy of the database.
    """

    name: str
    what: str
    by: By
    faults: tuple[str, ...]
    do: Callable[[Victim], Awaitable[Where]]
    kind: Kind = Kind.ATTACK
    on_backup: bool = False
