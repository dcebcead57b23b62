"""Who did something and through which door, as pages tell it."""

from projections.changes.document import LoggedChange
from projections.history.changes import Change


def who_and_how(change: Change | LoggedChange) -> list[tuple[str, str]]:
    """By name; without what is not known."""
    request = change.request
    kind = f" ({change.actor_kind.replace('_', ' ')})" if change.actor_kind not in {"", change.actor} else ""
    told = [
        ("actor", f"{change.actor}{kind}"),
        ("source", change.source.replace("_", " ")),
        ("request", request.id),
        ("called", f"{request.method} {request.path}" if request.method else None),
        ("idempotency key", request.idempotency_key),
        ("on behalf of", request.origin_user),
        ("address", request.origin_ip),
        ("device", request.origin_device),
    ]
    return [(name, value) for name, value in told if value]
