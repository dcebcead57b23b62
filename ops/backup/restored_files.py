"""Puts back what stands beside the database: what was signed, the keys and the anchors."""

from enum import StrEnum
from pathlib import Path

from ledger.transparency.durable_files import make_folder, write_durably
from ledger.transparency.key_copies import copy_keys, copy_memory
from ledger.transparency.signing_hold import hold
from ops.backup.manifest import ANCHORS, KEYS, Manifest
from ops.target import Target

_OPERATOR = "operator"


class Keys(StrEnum):
    """Which keys the restored logs have, and whether they sign."""

    KEPT = "kept"
    """Those that were in the folder already: they and their memory of what was signed are not touched."""
    HELD = "held"
    """Those of the backup, which sign nothing until the operator has decided."""
    PUBLISHED = "published"
    """The published halves of the backup: they verify and cannot sign."""
    NONE = "none"
    """The backup has no keys."""


def put_back_files(folder: Path, manifest: Manifest, target: Target) -> Keys:
    """Copy keys and anchors of a backup to where a service looks for them."""
    if (folder / ANCHORS).is_dir():
        make_folder(target.anchors.folder)
        for path in sorted((folder / ANCHORS).iterdir()):
            write_durably(target.anchors.folder / path.name, path.read_bytes())
    if (target.keys.path / _OPERATOR).exists():
        return Keys.KEPT
    if not (folder / KEYS).is_dir():
        return Keys.NONE
    if manifest.signing_keys:
        # Before the keys: there is no moment at which they sign.
        hold(target.keys.path, _held_reason(manifest.moment))
    copy_memory(folder / KEYS, target.keys.path)
    copy_keys(folder / KEYS, target.keys.path, private=True)
    return Keys.HELD if manifest.signing_keys else Keys.PUBLISHED


def _held_reason(made_at: str) -> str:
    return (
        f"they came out of a backup of {made_at}, and what was signed after it is not known here. `order-ledger "
        "checkpoint resume` lets them sign again where that was nothing; else `order-ledger checkpoint new-log` begins "
        "another log."
    )
