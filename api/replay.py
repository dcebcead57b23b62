"""Idempotent requests: the same key and the same request get the same answer (chargebee/conventions.md, section 6).

The answer of a success is stored by the append that makes it true, and the append finds an answer that is there: so
nobody looks for one before a command. It is looked for where the command is refused, and before numbers are taken for
it, which cannot be given back. Answers of refusals are stored after the fact, which is safe, since a refusal changes
nothing.
"""

import contextlib
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web

from api.rendering import error_body
from api.responses import json_response
from ledger.batch import Answer
from ledger.errors import LedgerError, LockTimeout, UnableToProcess
from ledger.handler import AnsweredAlready, CommandHandler
from ledger.ids import Site
from ledger.limits import IDEMPOTENCY_WAIT_S_MAX, IDEMPOTENCY_WINDOW_MS
from ledger.locks import KeyedLocks
from ledger.shared_reads import SharedReads
from ledger.store import Store

# 401, 403, 405, 429 and what is our own fault are answered anew each time.
STORED_REFUSALS = frozenset({400, 404, 409, 422})

REPLAYED = "chargebee-idempotency-replayed"

# A retry carries the same of these; what else its headers hold may differ (an SDK counts its attempts there).
_COMPARED_PREFIX = "chargebee-"


@dataclass(frozen=True, slots=True)
class IdempotencyKey:
    """The key of a request, and the digest of what the request asks for."""

    site: Site
    key: str
    digest: bytes

    def answer(self, status: int, body: bytes, now_ms: int) -> Answer:
        """The answer to store for the key."""
        return Answer(
            key=self.key, digest=self.digest, status=status, body=body, expires_at=now_ms + IDEMPOTENCY_WINDOW_MS
        )


def request_digest(request: web.BaseRequest, body: bytes) -> bytes:
    """SHA-256 over method, path, body and the chargebee headers."""
    headers = sorted(
        (name.lower(), value) for name, value in request.headers.items() if name.lower().startswith(_COMPARED_PREFIX)
    )
    parts = [request.method.encode(), request.raw_path.encode("utf-8", "surrogateescape"), body]
    parts += [part.encode("utf-8", "surrogateescape") for header in headers for part in header]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big"))
        digest.update(part)
    return digest.digest()


class _Found(Exception):
    """The key has an answer already."""

    def __init__(self, answer: Answer) -> None:
        super().__init__()
        self.answer = answer


class Replays:
    """Runs requests with an idempotency key once."""

    def __init__(self, store: Store, handler: CommandHandler, clock_ms: Callable[[], int]) -> None:
        self._answers = SharedReads[str, Answer](lambda site, keys: store.find_answers(site, keys, clock_ms()))
        self._handler = handler
        self._clock_ms = clock_ms
        self._running = KeyedLocks(IDEMPOTENCY_WAIT_S_MAX)

    async def once(
        self, key: IdempotencyKey, run: Callable[[], Awaitable[web.StreamResponse]], *, is_command: bool
    ) -> web.StreamResponse:
        """The stored answer, or that of a first run.

        Args:
            is_command: the run does nothing but one command, whose append proves that there was no answer.

        Raises:
            UnableToProcess: the key was used with another request.
            LockTimeout: the first request with the key is still running.
        """
        async with self._running.hold((key.site, key.key)):
            try:
                if not is_command:
                    await self.require_unanswered(key)
                return await self._run(key, run, is_command=is_command)
            except _Found as found:
                await self._confirm(key.site, found.answer)
                return _replayed(found.answer)

    async def require_unanswered(self, key: IdempotencyKey) -> None:
        """Return where the key has no answer; ``once`` is told otherwise, and replays it.

        Raises:
            UnableToProcess: the key was used with another request.
        """
        answer = await self._find(key)
        if answer is not None:
            raise _Found(answer)

    async def _run(
        self, key: IdempotencyKey, run: Callable[[], Awaitable[web.StreamResponse]], *, is_command: bool
    ) -> web.StreamResponse:
        try:
            return await run()
        except AnsweredAlready:
            return await self._stored_by_another(key)
        except LedgerError as refusal:
            if refusal.http_status not in STORED_REFUSALS:
                raise
            if is_command:
                await self.require_unanswered(key)
            return await self._keep_refusal(key, refusal)

    async def _find(self, key: IdempotencyKey) -> Answer | None:
        answer = (await self._answers.find(key.site, [key.key])).get(key.key)
        if answer is not None and answer.digest != key.digest:
            raise UnableToProcess
        return answer

    async def _confirm(self, site: Site, answer: Answer) -> None:
        """Return when the answer is as safe as a first one was.

        Where commits wait for a standby, one whose wait was cut short by a crash is seen while the standby lacks it. An
        append of the same waits for all commits before it.
        """
        with contextlib.suppress(AnsweredAlready):
            await self._handler.keep_answer(site, answer)

    async def _stored_by_another(self, key: IdempotencyKey) -> web.Response:
        # Whoever found out that there is an answer has waited for its commit.
        answer = await self._find(key)
        if answer is None:
            raise LockTimeout(retry_after_s=1)
        return _replayed(answer)

    async def _keep_refusal(self, key: IdempotencyKey, refusal: LedgerError) -> web.Response:
        body = error_body(refusal)
        try:
            await self._handler.keep_answer(key.site, key.answer(refusal.http_status, body, self._clock_ms()))
        except AnsweredAlready:
            return await self._stored_by_another(key)
        return json_response(refusal.http_status, body)


def _replayed(answer: Answer) -> web.Response:
    return json_response(answer.status, answer.body, headers={REPLAYED: "true"})
