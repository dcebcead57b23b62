"""Anchors in a folder: one file a site, to which every anchored checkpoint is added and in which nothing is changed.

    {"anchored_at":1767700000000,"size":42,"note":"..."}        one JSON object a line, durable when written

A kill may leave half a line. It is ended by the next one and told apart by not being JSON; nothing is lost with it,
because what was not anchored is anchored the next time. A copy of the file kept elsewhere, on a medium that cannot be
written twice or with somebody else, is worth the more the less the ledger's operator can reach it.
"""

import fcntl
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO

import msgspec

from ledger.ids import Site
from ledger.merkle.limits import NOTE_BYTES_MAX
from ledger.transparency.durable_files import make_folder, sync_folder

_LINE_BYTES_MAX = 2 * NOTE_BYTES_MAX


class AnchorLine(msgspec.Struct, frozen=True):
    """An anchored checkpoint. ``anchored_at`` in milliseconds since 1970."""

    anchored_at: int
    size: int
    note: str


@dataclass(slots=True)
class AnchorReading:
    """Reads an anchor file up to where it ended when this was made; later lines belong to a later look at the log."""

    path: Path
    end: int
    torn: int = 0

    def lines(self) -> Iterator[AnchorLine]:
        """The anchors in the order in which they were taken; what is no line is counted in ``torn``."""
        if self.end == 0:
            return
        with self.path.open("rb") as file:
            while file.tell() < self.end and (line := file.readline(_LINE_BYTES_MAX)):
                if anchor := _parsed(line):
                    yield anchor
                else:
                    self.torn += 1


class AnchorFiles:
    """The anchor files of all sites."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path_of(self, site: Site) -> Path:
        """The file of a site."""
        return self.folder / f"{site}.jsonl"

    def reading(self, site: Site) -> AnchorReading:
        """What the site's file holds by now."""
        return read_anchors(self.path_of(site))

    def last(self, site: Site) -> AnchorLine | None:
        """The last anchor of a site."""
        try:
            with self.path_of(site).open("rb") as file:
                return _last(file)
        except FileNotFoundError:
            return None

    def append(self, site: Site, anchor: AnchorLine) -> AnchorLine:
        """Add an anchor, durably, unless the last one is of this size or larger; the last one afterwards."""
        make_folder(self.folder)
        path = self.path_of(site)
        is_new = not path.exists()
        descriptor = os.open(path, os.O_RDWR | os.O_APPEND | os.O_CREAT, 0o600)
        with os.fdopen(descriptor, "r+b", buffering=0) as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            last = _last(file)
            if last and last.size >= anchor.size:
                return last
            line = msgspec.json.encode(anchor) + b"\n"
            os.write(file.fileno(), line if _ends_with_a_line(file) else b"\n" + line)
            os.fsync(file.fileno())
        if is_new:
            sync_folder(self.folder)
        return anchor


def read_anchors(path: Path) -> AnchorReading:
    """What an anchor file holds by now; nothing where there is none."""
    return AnchorReading(path, path.stat().st_size if path.exists() else 0)


def _last(file: IO[bytes]) -> AnchorLine | None:
    """The last whole line, looked for from the end."""
    end = file.seek(0, os.SEEK_END)
    reach = _LINE_BYTES_MAX
    while end:
        file.seek(max(0, end - reach))
        lines = file.read(reach).split(b"\n")
        # The first one may have begun before what was read.
        whole = lines if reach >= end else lines[1:]
        for line in reversed(whole):
            if anchor := _parsed(line):
                return anchor
        if reach >= end:
            return None
        reach *= 2
    return None


def _ends_with_a_line(file: IO[bytes]) -> bool:
    end = file.seek(0, os.SEEK_END)
    if not end:
        return True
    file.seek(end - 1)
    return file.read(1) == b"\n"


def _parsed(line: bytes) -> AnchorLine | None:
    try:
        return _DECODER.decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError):
        return None


_DECODER = msgspec.json.Decoder(AnchorLine)
