"""Checks proof files and exports of an order ledger without the ledger: one file to read, then to run.

    python auditor.py proof FILE --key KEY
    python auditor.py export FILE --checkpoint NOTE --key KEY

Needs Python 3.11 and ``cryptography``. KEY is the log's verifier key, ``name+id+base64``; get it from somewhere else
than the files, and while a log changes its key give both. Several checkpoints may be given, say old ones that you kept:
a log that was rewritten since then does not fit them. Exit status 0: all that was checked holds. 2: something does
not, and the first fault is named. 1: an argument is wrong or a file cannot be read.

What holds is what the key's owner signed: these exact bodies in this order, none changed, left out or put in up to the
checkpoint. A proof of a stream shows its first events without a gap; whether later ones exist, only an export tells.
Sources: RFC 6962 (2.1), RFC 9162 (2.1.3.2), RFC 8785; c2sp.org: signed-note, tlog-checkpoint, tlog-proof.
"""

import argparse
import base64
import json
import re
import sqlite3
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Fault(ValueError):
    """Something does not hold; the text says what."""


def integer(text: str) -> int:
    if abs(number := int(text)) >= 2**53:
        raise ValueError(f"the number {text[:30]} is not within 2^53")
    return number


BYTES_MAX = 64 * 1024 * 1024
COUNT = re.compile(r"0|[1-9][0-9]{0,18}")
SMALL_ORDER = {0, 1, 0x76B9125B8BD5B257C2C2EBC2BA609C056BDF9E34B4F0A103AE4791859C155291}  # y * y of such points
MEMBERS = {"site": str, "stream": str, "version": int, "type": str, "recorded_at": int}
DECODER = json.JSONDecoder(parse_int=integer, parse_float=integer, parse_constant=integer)
ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"))


class Tree:
    """A Merkle tree that grows: its complete subtrees, the largest first."""

    def __init__(self) -> None:
        self.size = 0
        self.subtrees: list[bytes] = []

    def append(self, leaf: bytes) -> None:
        rest, self.size = self.size, self.size + 1
        while rest & 1:
            leaf, rest = node_hash(self.subtrees.pop(), leaf), rest >> 1
        self.subtrees.append(leaf)

    def root(self) -> bytes:
        root = self.subtrees[-1] if self.subtrees else sha256(b"").digest()
        for left in reversed(self.subtrees[:-1]):
            root = node_hash(left, root)
        return root


def leaf_hash(body: bytes) -> bytes:
    return sha256(b"\x00" + body).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right).digest()


def is_included(leaf: bytes, index: int, size: int, proof: list[bytes], root: bytes) -> bool:
    node, last = index, size - 1
    for sibling in proof:
        if last == 0:
            return False
        if node & 1 or node == last:
            leaf = node_hash(sibling, leaf)
            while node and not node & 1:
                node, last = node >> 1, last >> 1
        else:
            leaf = node_hash(leaf, sibling)
        node, last = node >> 1, last >> 1
    return index < size and last == 0 and leaf == root


class Key(NamedTuple):
    name: str
    id: bytes
    public: bytes


class Checkpoint(NamedTuple):
    size: int
    root: bytes
    origin: str
    signer: str


def parse_key(text: str) -> Key:
    name, key_id, encoded = text.split("+", 2)
    material = decode_base64(encoded, 33)
    is_weak = (int.from_bytes(material[1:], "little") % 2**255) ** 2 % (2**255 - 19) in SMALL_ORDER
    if not name or material[0] != 1 or key_id != sha256(name.encode() + b"\n" + material).hexdigest()[:8] or is_weak:
        raise Fault(f"not an Ed25519 verifier key, or one that anybody can sign for: {text}")
    return Key(name, bytes.fromhex(key_id), material[1:])


def open_checkpoint(note: bytes, keys: list[Key]) -> Checkpoint:
    # What is not UTF-8 is replaced, and then the signature of the text is not right.
    text, _, signatures = note.decode(errors="replace").rpartition("\n\n")
    lines = text.split("\n")
    if len(lines) < 3 or not all(lines) or not COUNT.fullmatch(lines[1]) or not signatures.endswith("\n"):
        raise Fault("The checkpoint is not an origin, a size, a root, an empty line and signatures.")
    signer = signer_of(text + "\n", signatures[:-1].split("\n"), keys)
    if lines[0] != signer.name:
        raise Fault(f"The checkpoint is of {lines[0]!r}, but the key is that of {signer.name!r}.")
    return Checkpoint(int(lines[1]), decode_base64(lines[2], 32), lines[0], f"{signer.name}+{signer.id.hex()}")


def signer_of(text: str, lines: list[str], keys: list[Key]) -> Key:
    """A known key that signed the text; signatures by others are ignored, a bad one by a known key is a fault."""
    signers = []
    for line in lines:
        mark, name, encoded = line.split(" ") if line.count(" ") == 2 else ("", "", "")
        signature = decode_base64(encoded)
        if mark != "—" or not name:
            raise Fault(f"The checkpoint has a line that is no signature: {line[:100]!r}.")
        for key in keys:
            if (key.name, key.id) == (name, signature[:4]):
                signers.append(key)
                try:
                    Ed25519PublicKey.from_public_bytes(key.public).verify(signature[4:], text.encode())
                except InvalidSignature:
                    raise Fault(f"The checkpoint bears a signature of {name} that is bad.") from None
    if not signers:
        raise Fault("The checkpoint is signed by none of the keys that were given.")
    return signers[0]


def decode_base64(text: str, length: int | None = None) -> bytes:
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        data = b""
    if not data or base64.b64encode(data).decode() != text or length not in {None, len(data)}:
        raise Fault(f"Not the base64 that was expected: {text[:100]!r}.")
    return data


def read_event(position: int, body: bytes, checkpoint: Checkpoint) -> dict[str, Any]:
    """The members of a body, which must be the one canonical form of what it says."""
    try:
        event = DECODER.decode(body.decode())
        if ENCODER.encode(event).encode() != body:
            raise ValueError("it can be written in another form")
    except (ValueError, RecursionError) as error:
        raise Fault(f"Event {position}: its body is not canonical JSON: {error}.") from None
    if not isinstance(event, dict) or {name: type(event.get(name)) for name in MEMBERS} != MEMBERS:
        raise Fault(f"Event {position}: its body is not an event.")
    if not checkpoint.origin.endswith("/" + event["site"]):
        raise Fault(f"Event {position} is of site {event['site']!r}, the checkpoint is of {checkpoint.origin!r}.")
    return event


class Streams:
    """The last event of each stream, in a temporary database that grows on disk and not in memory."""

    def __init__(self) -> None:
        self.database = sqlite3.connect("")
        self.database.execute("CREATE TABLE last (stream TEXT PRIMARY KEY, version, leaf, recorded_at) WITHOUT ROWID")

    def check(self, position: int, event: dict[str, Any], leaf: bytes) -> None:
        """An event must follow the last one of its stream: next version, link to its leaf, later time."""
        stream, version, recorded_at = event["stream"], event["version"], event["recorded_at"]
        query = "SELECT version, leaf, recorded_at FROM last WHERE stream = ?"
        before = self.database.execute(query, (stream,)).fetchone() or (0, None, recorded_at - 1)
        at = f"Event {position}: version {version} of {stream}"
        if version != before[0] + 1:
            raise Fault(f"{at} stands where version {before[0] + 1} should be.")
        if event.get("previous") != before[1]:
            raise Fault(f"{at} does not name the leaf of the version before it.")
        if recorded_at <= before[2]:
            raise Fault(f"{at} was not recorded after the version before it.")
        self.database.execute("REPLACE INTO last VALUES (?, ?, ?, ?)", (stream, version, leaf.hex(), recorded_at))


def audit_proof(path: Path, keys: list[Key]) -> None:
    head, _, note = read_file(path).partition(b"\n\n")
    header, *lines = head.decode(errors="replace").split("\n")
    starts = [place for place, line in enumerate(lines) if line.startswith("extra ")]
    is_stream = header == "order-ledger/stream-proof@v1"
    if starts[:1] != [0] or not (is_stream or (header == "c2sp.org/tlog-proof@v1" and len(starts) == 1)):
        raise Fault("The file is not a proof of an event or of a stream.")
    checkpoint, streams, previous = open_checkpoint(note, keys), Streams(), (-1, "")
    for start, end in zip(starts, [*starts[1:], len(lines)], strict=True):
        index, event, leaf = proven_event(lines[start:end], checkpoint)
        if index <= previous[0] or previous[1] not in {"", event["stream"]}:
            raise Fault(f"Event {index + 1} is of another stream, or stands before the version that it follows.")
        if is_stream:
            streams.check(index + 1, event, leaf)
        previous = (index, event["stream"])
        time = datetime.fromtimestamp(event["recorded_at"] / 1000, UTC).isoformat(timespec="milliseconds")
        say(f"event {index + 1}: {event['stream']}, version {event['version']}, {event['type']}, recorded {time}")
    say(f"{len(starts)} of the {checkpoint.size} events of {checkpoint.origin}, signed by {checkpoint.signer}")


def proven_event(lines: list[str], checkpoint: Checkpoint) -> tuple[int, dict[str, Any], bytes]:
    body = decode_base64(lines[0].removeprefix("extra "))
    word, _, number = lines[1].partition(" ") if len(lines) > 1 else ("", "", "")
    if word != "index" or not COUNT.fullmatch(number):
        raise Fault("The file has an event without its index.")
    index, leaf, proof = int(number), leaf_hash(body), [decode_base64(line, 32) for line in lines[2:]]
    if not is_included(leaf, index, checkpoint.size, proof, checkpoint.root):
        raise Fault(f"Event {index + 1} is not proven to stand in the log of {checkpoint.size} events as it is shown.")
    return index, read_event(index + 1, body, checkpoint), leaf


def audit_export(path: Path, notes: list[Path], keys: list[Key]) -> None:
    waiting = sorted((open_checkpoint(read_file(note), keys) for note in notes), reverse=True)
    largest, tree, streams = waiting[0], Tree(), Streams()
    check_roots(tree, waiting)
    for position, body in exported(path):
        if position != tree.size + 1:
            raise Fault(f"Event {position} stands where event {tree.size + 1} should.")
        event, leaf = read_event(position, body, largest), leaf_hash(body)
        streams.check(position, event, leaf)
        tree.append(leaf)
        check_roots(tree, waiting)
    if waiting:
        raise Fault(f"A checkpoint covers {waiting[-1].size} events, but the export ends at {tree.size}.")
    say(f"{tree.size} events of {largest.origin}, root {tree.root().hex()}, signed by {largest.signer}")
    if tree.size > largest.size:
        say(f"events {largest.size + 1} to {tree.size} are covered by no checkpoint that was given")


def check_roots(tree: Tree, waiting: list[Checkpoint]) -> None:
    while waiting and waiting[-1].size == tree.size:
        if waiting.pop().root != tree.root():
            raise Fault(f"Events 1 to {tree.size} are not those that the checkpoint of this size was made of.")


def exported(path: Path) -> Iterator[tuple[int, bytes]]:
    """Positions and bodies of an export: lines of {"position": 1, "body": "..."}."""
    with path.open("rb") as file:
        for number, line in enumerate(iter(lambda: file.readline(BYTES_MAX), b""), 1):
            try:
                members = json.loads(line)
                if type(members["position"]) is not int or len(members) != 2 or not line.endswith(b"\n"):
                    raise ValueError
                yield members["position"], members["body"].encode()
            except (ValueError, TypeError, LookupError, AttributeError, RecursionError):
                raise Fault(f"Line {number} is not a position and a body.") from None


def read_file(path: Path) -> bytes:
    if path.stat().st_size > BYTES_MAX:
        raise Fault(f"{path} is larger than {BYTES_MAX} bytes.")
    return path.read_bytes()


def say(words: str) -> None:
    sys.stdout.write(words + "\n")


def main() -> int:
    parser = argparse.ArgumentParser(description="Checks proof files and exports of an order ledger.")
    parser.add_argument("what", choices=("proof", "export"))
    parser.add_argument("file", type=Path)
    parser.add_argument("--key", action="append", required=True, type=parse_key, metavar="KEY")
    parser.add_argument("--checkpoint", action="append", default=[], type=Path, metavar="NOTE")
    try:
        arguments = parser.parse_args()
        if (arguments.what == "export") != bool(arguments.checkpoint):
            parser.error("an export is checked against a checkpoint, a proof has its own")
    except SystemExit as stop:
        return 1 if stop.code else 0
    try:
        if arguments.what == "proof":
            audit_proof(arguments.file, arguments.key)
        else:
            audit_export(arguments.file, arguments.checkpoint, arguments.key)
    except OSError as error:
        sys.stderr.write(f"{error}\n")
        return 1
    except ValueError as fault:
        say(f"FAULT: {fault}")
        return 2
    say("OK")
    return 0


if __name__ == "__main__":
    sys.exit(main())
