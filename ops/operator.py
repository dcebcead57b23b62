"""Who acts on the command line."""

import getpass

from ledger.envelope import Metadata
from ledger.handler import Caller
from ledger.ids import IdSource, Site
from ledger.limits import KEY_NAME_LENGTH_MAX
from ledger.vocabulary import EventSource


def operator(site: Site, *, live: bool, ids: IdSource) -> Caller:
    """The caller of what is done on the command line: the login, recorded as an operator."""
    name = _login()[:KEY_NAME_LENGTH_MAX]
    request_id = ids.request_id()
    return Caller(
        site=site,
        live=live,
        name=name,
        metadata=Metadata(
            actor=name,
            actor_kind="operator",
            source=EventSource.MIGRATION,
            request_id=request_id,
            correlation_id=request_id,
            causation_id=request_id,
        ),
    )


def _login() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"
