"""Settings of the site, each change an event with its actor."""

from typing import Any

import msgspec

from ledger.commands import ChangeSettings
from ledger.decision import Context, Decision, Recording, Stream
from ledger.envelope import has_canonical_form
from ledger.errors import ParamWrongValue
from ledger.events import SettingsChanged
from ledger.settings import SiteSettings


def change_settings(command: ChangeSettings, settings: Stream[SiteSettings], context: Context) -> Decision:
    """Record the settings that differ from those in force."""
    different = {
        name: value for name, value in command.settings.items() if _read(name, value) != getattr(settings.state, name)
    }
    recording = Recording(context.now_ms)
    if different:
        recording.add(settings, SettingsChanged, settings=different)
    return Decision(events=recording.events)


def _read(name: str, value: Any) -> Any:
    """The setting as it will be read with every command to come; what could not be read is refused."""
    if name not in SiteSettings.__struct_fields__ or not has_canonical_form(value):
        raise ParamWrongValue("is no setting or has no canonical form", param=name)
    try:
        return getattr(msgspec.convert({name: value}, SiteSettings), name)
    except msgspec.ValidationError as error:
        raise ParamWrongValue(f"cannot be read: {error}", param=name) from error
