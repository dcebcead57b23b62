"""The settings of sites as a process has read them: the newest, and what they were before each change."""

from collections.abc import Iterable

import msgspec
from msgspec.structs import replace

from ledger.decision import Stream
from ledger.envelope import EventMapper, RecordedEvent, events_of
from ledger.ids import SETTINGS_STREAM, Position, Site
from ledger.settings import SiteSettings, fold_settings


class KnownSettings(msgspec.Struct, frozen=True, kw_only=True):
    """The settings in force, and after each change, with its place in the log.

    Old ones are kept without their catalogs, which may be large and are asked for as of today alone.
    """

    stream: Stream[SiteSettings] = Stream(SETTINGS_STREAM, SiteSettings())
    changes: tuple[tuple[Position, SiteSettings], ...] = ()

    def before(self, position: Position) -> SiteSettings:
        """The settings as they were at a place in the log, without a catalog."""
        earlier = (settings for place, settings in reversed(self.changes) if place < position)
        return next(earlier, SiteSettings())

    def after(self, mapper: EventMapper, news: Iterable[RecordedEvent]) -> "KnownSettings":
        """What is known after reading on. Events that are known already change nothing."""
        known = self
        for record in news:
            if record.version > known.stream.version:
                known = known._after(mapper, record)
        return known

    def _after(self, mapper: EventMapper, record: RecordedEvent) -> "KnownSettings":
        settings = fold_settings(events_of(mapper, [record]), self.stream.state)
        return KnownSettings(
            stream=Stream(SETTINGS_STREAM, settings, record.version, record.recorded_at, record.leaf),
            changes=(*self.changes, (record.position, replace(settings, catalog={}))),
        )


NO_SETTINGS = KnownSettings()
"""Of a site whose settings nobody has read yet, or that has none."""

SettingsMemory = dict[Site, KnownSettings]
"""What a process knows of the settings of each site."""
