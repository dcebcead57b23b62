"""Settings of the site, each change an event with its actor."""

import msgspec

from ledger.commands import ChangeSettings
from ledger.decision import Context, Decision, Recording, Stream
from ledger.events import SettingsChanged
from ledger.settings import SiteSettings


def change_settings(command: ChangeSettings, settings: Stream[SiteSettings], context: Context) -> Decision:
    """Record the settings that differ from those in force."""
    wanted = msgspec.convert(command.settings, SiteSettings)
    different = {
        name: value
        for name, value in command.settings.items()
        if getattr(wanted, name) != getattr(settings.state, name)
    }
    recording = Recording(context.now_ms)
    if different:
        recording.add(settings, SettingsChanged, settings=different)
    return Decision(events=recording.events)
