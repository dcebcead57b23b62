"""One parameter of one operation: how to ask for it, and where the command keeps it."""

from dataclasses import dataclass
from typing import Any

import pytest

from api.parameters import Bracket, Parameter
from api.schemas.listing import ListRequest
from ledger.commands import CancelOrder, UpdateOrder
from tests.contract.contract import OPERATIONS, SCHEMAS, read

VALID = {"boolean": "true", "money": "100", "integer": "7", "timestamp": "1517000000"}


@dataclass(frozen=True)
class Case:
    """One parameter of one operation, as the contract describes it."""

    operation: str
    contract: dict[str, Any]

    @property
    def name(self) -> str:
        return str(self.contract["name"])

    @property
    def wire(self) -> str:
        """The name in a request."""
        return f"{self.name}[0]" if self.contract["bracket"] == Bracket.INDEXED_LIST else self.name

    @property
    def is_required(self) -> bool:
        """Required of the request, or of an entry of a list."""
        return self.contract["required"] or self.name == "order_line_items[id]"

    def valid(self) -> str:
        """A value that is right."""
        match self.contract:
            case {"type": "enum"}:
                return str(self.contract["enum"][-1])
            case {"format": "email"}:
                return "ann@example.com"
            case {"type": "string"} if self.name.endswith("[country]"):
                return "US"
            case {"type": "string", "max_length": int(length)}:
                return "x" * length
        return VALID[str(self.contract["type"])]

    def others(self) -> list[tuple[str, str]]:
        """What else the request needs to be right."""
        needed = [Case(self.operation, found) for found in OPERATIONS[self.operation]["params"] if found["required"]]
        pairs = [(other.wire, other.valid()) for other in needed if other.name != self.name]
        if self.wire.startswith("order_line_items") and self.name != "order_line_items[id]":
            pairs.append(("order_line_items[id][0]", "o_li_1"))
        return pairs

    def read(self, *values: str) -> Any:
        """The command of a request in which the parameter is given with these values, in this order."""
        return read(self.operation, [*self.others(), *((self.wire, value) for value in values)])

    def value_in(self, command: Any) -> Any:
        """Where the command keeps the parameter."""
        if isinstance(command, CancelOrder) and self.name == "credit_note[total]":
            return command.credit_note_total
        member = Parameter(name=self.name, type="").member or self.name
        return getattr(self._holder(command), member, None)

    def _holder(self, command: Any) -> Any:
        """The part of the command that has the parameter as a member."""
        if isinstance(command, ListRequest):
            return command if self.name == "offset" else command.query
        root = self.name.partition("[")[0]
        part = getattr(command, root, None)
        if self.contract["bracket"] == Bracket.INDEXED_LIST:
            return part[0] if part else None
        if self.contract["bracket"] == Bracket.NESTED and root != "credit_note":
            return part
        return command.changes if isinstance(command, UpdateOrder) else command


def cases(*types: str) -> list[Any]:
    """Every parameter of every order operation, of these types, for ``pytest.mark.parametrize``."""
    return [
        pytest.param(Case(name, parameter), id=f"{name}-{parameter['name']}")
        for name in SCHEMAS
        for parameter in OPERATIONS[name].get("params", [])
        if not types or parameter["type"] in types
    ]
