"""What all descriptions that come in from Chargebee have in common: they must be readable for ever, and newer than
what is known (chargebee/order-generation.md, section 1).
"""

from collections.abc import Callable, Mapping
from typing import Any, Protocol, TypeVar

import msgspec

from ledger.envelope import has_canonical_form
from ledger.errors import InvalidRequest


class Facts(Protocol):
    """What the ledger reads of any description."""

    @property
    def id(self) -> str:
        """The id that it gives itself."""

    @property
    def resource_version(self) -> int | None:
        """Its version, in milliseconds."""


class Described(Protocol):
    """What is known of a resource: what is read of its last description, and that itself if there was one."""

    @property
    def facts(self) -> Facts:
        """What is read of it."""

    @property
    def description(self) -> Mapping[str, Any] | None:
        """All that was said."""


F = TypeVar("F", bound=Facts)


def readable(noun: str, resource_id: str, description: dict[str, Any], read: Callable[[dict[str, Any]], F]) -> F:
    """What is read of a description; what could not be read later is refused, whoever brings it.

    Raises:
        InvalidRequest: the description has no canonical form, lacks what is read, or is another's.
    """
    if not has_canonical_form(description):
        raise InvalidRequest(f"The {noun} holds a value that has no canonical form.")
    try:
        facts = read(description)
    except msgspec.ValidationError as error:
        raise InvalidRequest(f"The {noun} cannot be read: {error}") from error
    if facts.id != resource_id:
        raise InvalidRequest(f"The {noun} {resource_id} describes itself as another one.")
    return facts


def is_news(known: Described | None, facts: Facts, description: Mapping[str, Any]) -> bool:
    """Whether a description says anything new: neither one from before what is known nor the same once more."""
    if known is None:
        return True
    before, after = known.facts.resource_version, facts.resource_version
    if before is not None and (after is None or after < before):
        return False
    return known.description != description
