"""How far a verification has come that also compares views, as one number of events."""

from ledger.transparency.log_audit import OnProgress


class VerificationProgress:
    """Puts together how far the log is verified and how far the orders are compared.

    Beside each other the slower one tells; one after the other, each is half of the way.
    """

    def __init__(self, tell: OnProgress = lambda *_: None) -> None:
        self._tell = tell
        self._verified = 0
        self._head = 0
        self._compares = False
        self._is_beside = False
        self._folded = 0.0

    def compares_orders(self, *, is_beside: bool) -> None:
        """Orders are compared too: beside the verification, or after it."""
        self._compares, self._is_beside = True, is_beside

    def on_verified(self, position: int, head: int) -> None:
        """The log is verified up to a position."""
        self._verified, self._head = position, head
        self._told()

    def on_folded(self, events: int, total: int) -> None:
        """So many events of orders are compared, of those that there are."""
        self._folded = events / total if total else 1.0
        self._told()

    def _told(self) -> None:
        compared = int(self._folded * self._head)
        if not self._compares:
            self._tell(self._verified, self._head)
        elif self._is_beside:
            self._tell(min(self._verified, compared), self._head)
        else:
            self._tell((self._verified + compared) // 2, self._head)
