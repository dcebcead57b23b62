"""Tampers with one copy after the other, lets each be verified as ``order-ledger verify --full`` does, and judges."""

import contextlib
import shutil
import time
from collections.abc import AsyncIterator, Callable, Sequence
from pathlib import Path

from ops.database import as_owner, bring_up_to_date, service_pool
from ops.drill.sample import SAMPLE, make_sample
from ops.drill.scratch import ScratchServer
from ops.drill.sound_copy import SoundCopy, make_sound_copy
from ops.drill.source import Copied, copy_out
from ops.drill.tampering import Kind, Tampering
from ops.drill.tamperings import TAMPERINGS
from ops.drill.verdict import DrillReport, Outcome, Verdict, judge
from ops.drill.victim import NotPossible, Victim
from ops.target import Target
from ops.verification import verify_site

OnVerdict = Callable[[Verdict], None]


class Drill:
    """One drill on a scratch server.

    Args:
        folder: for keys, anchors and files of the copies.
        keep: leave the copies that were tampered with where they are.
        on_verdict: told of each tampering when it was verified.
    """

    def __init__(
        self, server: ScratchServer, folder: Path, *, keep: bool = False, on_verdict: OnVerdict = lambda _: None
    ) -> None:
        self._server = server
        self._folder = folder
        self._keep = keep
        self._on_verdict = on_verdict

    async def run(self, copied: Copied | None, sample_events: int) -> DrillReport:
        """Drill with the events of a site, or with a sample of so many.

        It ends with the control where that fails: what is not sound to begin with shows nothing.

        Raises:
            DrillImpossible: the events cannot be used.
        """
        began = time.monotonic()
        await bring_up_to_date(self._server.base)
        events = copied or await self._sample(sample_events)
        sound = await make_sound_copy(self._server, events, self._folder)
        verdicts: list[Verdict] = []
        for tampering in TAMPERINGS:
            verdicts.append(await self._verdict(sound, tampering))
            self._on_verdict(verdicts[-1])
            if tampering.kind is Kind.CONTROL and verdicts[-1].outcome is not Outcome.CLEAN:
                break
        return self._report(sound, verdicts, is_sample=copied is None, seconds=time.monotonic() - began)

    def _report(self, sound: SoundCopy, verdicts: Sequence[Verdict], *, is_sample: bool, seconds: float) -> DrillReport:
        return DrillReport(str(sound.site), sound.stages.size, is_sample, seconds, tuple(verdicts))

    async def _sample(self, events: int) -> Copied:
        address = await self._server.copy(self._server.base, "sample")
        async with service_pool(address) as pool:
            await make_sample(pool, SAMPLE, events)
            copied = await copy_out(pool, SAMPLE, events, self._folder)
        await self._server.drop(address)
        return copied

    async def _verdict(self, sound: SoundCopy, tampering: Tampering) -> Verdict:
        async with self._victim(sound, tampering) as victim:
            try:
                where = await tampering.do(victim)
            except NotPossible as reason:
                return Verdict(tampering, Outcome.NOT_TRIED, reason=reason.reason)
            try:
                async with service_pool(victim.address) as pool:
                    verified = await verify_site(pool, victim.site, victim.target, full=True)
            except Exception as error:
                # Whatever was done, verification must come to an end and name it.
                return Verdict(tampering, Outcome.BROKE_OFF, where=where, reason=repr(error))
            return judge(tampering, where, verified.audit, sound.stages)

    @contextlib.asynccontextmanager
    async def _victim(self, sound: SoundCopy, tampering: Tampering) -> AsyncIterator[Victim]:
        """A copy of the copy, with keys and anchors of its own."""
        target = Target(self._folder / tampering.name)
        shutil.copytree(sound.target.keys.path, target.keys.path)
        shutil.copytree(sound.target.anchors.folder, target.anchors.folder)
        template = sound.backup if tampering.on_backup else sound.address
        address = await self._server.copy(template, tampering.name)
        try:
            async with as_owner(address) as owner:
                yield Victim(sound, address, owner, target)
        finally:
            if not self._keep:
                await self._server.drop(address)
                shutil.rmtree(target.data_dir)
