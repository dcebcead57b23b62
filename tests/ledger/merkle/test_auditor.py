"""The verifier for people without this project, run as they run it (ledger/merkle/auditor.py)."""

import ast
import shutil
import subprocess
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

import pytest
from hypothesis import strategies as st

from ledger.envelope import RecordedEvent
from ledger.ids import Site
from ledger.merkle import auditor
from ledger.merkle.body import UnreadableBody, read_body
from ledger.merkle.checkpoint import (
    Checkpoint,
    MalformedCheckpoint,
    OtherOrigin,
    open_checkpoint,
    sign_checkpoint,
)
from ledger.merkle.keys import MalformedKey, SigningKey, parse_verifier_key
from ledger.merkle.note import BadSignature, MalformedNote, UnknownKey, sign_note
from ledger.merkle.proof import verify_inclusion
from ledger.merkle.proof_file import EventProof, StreamProof, decode_proof, encode_proof
from ledger.merkle.tree import EMPTY_ROOT, root_of_leaves
from ledger.merkle.verify_proof import check_proof
from tests.ledger.laws import for_all
from tests.ledger.merkle.given import (
    KEY,
    NEXT_KEY,
    ORIGIN,
    SITE,
    THIEF,
    Happened,
    checkpoint_of,
    edited,
    event_proof,
    export_of,
    history,
    log_of,
    proven,
    recorded,
    renumbered,
    signed,
    stream_proof,
)
from tests.ledger.merkle.vectors import ENOCH_KEY, PETER_KEY, SIGNED_NOTE_KEY, SMALL_ORDER

SOURCE = Path(auditor.__file__)
LOG = log_of(12)
STREAM = LOG[0].stream
EXPORT = export_of(LOG)
VKEY = str(KEY.verifier)
Log = list[RecordedEvent]


class Ran(NamedTuple):
    """How a run ended."""

    status: int
    words: str


@pytest.fixture
def run(tmp_path: Path) -> Callable[..., Ran]:
    """Runs a copy of the auditor, away from this project, over files of these contents."""
    program = Path(shutil.copy(SOURCE, tmp_path / "auditor.py"))

    def run_auditor(what: str, file: bytes, *checkpoints: bytes, keys: tuple[str, ...] = (VKEY,)) -> Ran:
        (tmp_path / "file").write_bytes(file)
        arguments = [what, "file"]
        for number, note in enumerate(checkpoints):
            (tmp_path / f"checkpoint-{number}").write_bytes(note)
            arguments += ["--checkpoint", f"checkpoint-{number}"]
        arguments += [argument for key in keys for argument in ("--key", key)]
        ended = subprocess.run(
            [sys.executable, "-I", program, *arguments], cwd=tmp_path, capture_output=True, check=False, timeout=60
        )
        assert b"Traceback" not in ended.stderr
        return Ran(ended.returncode, (ended.stdout + ended.stderr).decode())

    return run_auditor


# The file itself


def test_the_auditor_can_be_read_in_one_sitting() -> None:
    assert len(SOURCE.read_text().splitlines()) <= 300


def test_the_auditor_imports_the_standard_library_and_cryptography() -> None:
    imported: set[str] = set()
    for node in ast.walk(ast.parse(SOURCE.read_text())):
        if isinstance(node, ast.Import):
            imported |= {alias.name.split(".")[0] for alias in node.names}
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0
            imported.add((node.module or "").split(".")[0])
    assert imported - sys.stdlib_module_names == {"cryptography"}


# Exports


def test_a_sound_export_holds(run: Callable[..., Ran]) -> None:
    ran = run("export", EXPORT, signed(LOG))
    assert ran.status == 0
    assert ran.words.endswith("OK\n")
    assert f"12 events of {ORIGIN}, root {root_of_leaves(event.leaf for event in LOG).hex()}" in ran.words


def test_events_behind_the_checkpoint_are_told(run: Callable[..., Ran]) -> None:
    ran = run("export", EXPORT, signed(LOG[:9]), signed(LOG[:4]), signed([]))
    assert ran.status == 0
    assert "events 10 to 12 are covered by no checkpoint" in ran.words


def test_an_export_holds_under_the_old_and_the_new_key(run: Callable[..., Ran]) -> None:
    note = signed(LOG, KEY, NEXT_KEY)
    for keys in ((KEY,), (NEXT_KEY,), (KEY, NEXT_KEY)):
        assert run("export", EXPORT, note, keys=tuple(str(key.verifier) for key in keys)).status == 0


def test_an_export_of_an_empty_log_holds(run: Callable[..., Ran]) -> None:
    assert run("export", b"", signed([])).status == 0


def edited_in_place(log: Log, position: int) -> Log:
    other = edited(log[position - 1], data={"note": "edited"})
    return [*log[: position - 1], other, *log[position:]]


OTHER_LOG = recorded([*history(7), Happened("order-0ü", "rewritten"), *history(12)[8:]])
FROM_OTHER_SITE = recorded(history(12), Site("other"))
BACK_IN_TIME = [*LOG[:3], edited(LOG[3], recorded_at=LOG[0].recorded_at)]
LINES = EXPORT.splitlines(keepends=True)


@pytest.mark.parametrize(
    ("export", "checkpoint", "words"),
    [
        pytest.param(
            export_of(edited_in_place(LOG, 5)),
            signed(LOG),
            "Event 8: version 3 of order-1ü does not name the leaf of the version before it.",
            id="an edited body",
        ),
        pytest.param(
            export_of(edited_in_place(LOG, 12)),
            signed(LOG),
            "Events 1 to 12 are not those that the checkpoint of this size was made of.",
            id="an edited body that nothing follows",
        ),
        pytest.param(
            EXPORT.replace(b"change 4", b"change  4"),
            signed(LOG),
            "Event 8: version 3 of order-1ü does not name the leaf",
            id="a space more in a text",
        ),
        pytest.param(
            EXPORT.replace(rb"\"schema\":1", rb"\"schema\": 1", 1),
            signed(LOG),
            "Event 1: its body is not canonical JSON: it can be written in another form.",
            id="another form of the same JSON",
        ),
        pytest.param(
            EXPORT.replace(rb"\"schema\":1", rb"\"schema\":1.0", 1),
            signed(LOG),
            "Event 1: its body is not canonical JSON: ",
            id="a float",
        ),
        pytest.param(
            export_of(LOG[:4] + LOG[5:]), signed(LOG), "Event 6 stands where event 5 should.", id="a deleted event"
        ),
        pytest.param(
            export_of(renumbered(LOG[:4] + LOG[5:])),
            signed(LOG),
            "Event 7: version 3 of order-1ü stands where version 2 should be.",
            id="a deleted event whose gap was closed",
        ),
        pytest.param(
            export_of(LOG[:5] + LOG[4:]), signed(LOG), "Event 5 stands where event 6 should.", id="a repeated event"
        ),
        pytest.param(
            export_of(renumbered([*LOG[:4], recorded([Happened("order-x", "new")])[0], *LOG[4:]])),
            signed(LOG),
            "Events 1 to 12 are not those that the checkpoint",
            id="an inserted event",
        ),
        pytest.param(
            export_of(renumbered([*LOG[:4], LOG[7], *LOG[5:7], LOG[4], *LOG[8:]])),
            signed(LOG),
            "Event 5: version 3 of order-1ü stands where version 2 should be.",
            id="reordered events of one stream",
        ),
        pytest.param(
            export_of(renumbered([*LOG[:4], LOG[5], LOG[4], *LOG[6:]])),
            signed(LOG),
            "Events 1 to 12 are not those that the checkpoint",
            id="reordered events of two streams",
        ),
        pytest.param(
            export_of(LOG[:8]),
            signed(LOG),
            "A checkpoint covers 12 events, but the export ends at 8.",
            id="a cut off end",
        ),
        pytest.param(
            export_of(OTHER_LOG), signed(LOG), "Events 1 to 12 are not those", id="a rewritten log with good links"
        ),
        pytest.param(
            export_of(FROM_OTHER_SITE), signed(LOG), "Event 1 is of site 'other'", id="the log of another site"
        ),
        pytest.param(
            EXPORT, signed(LOG, THIEF), "signed by none of the keys", id="a checkpoint signed with another key"
        ),
        pytest.param(
            EXPORT,
            signed(LOG).replace(b"\n12\n", b"\n11\n"),
            f"a signature of {ORIGIN} that is bad",
            id="a changed checkpoint",
        ),
        pytest.param(
            EXPORT,
            sign_checkpoint(Checkpoint("x/acme", 12, EMPTY_ROOT), SigningKey("x/acme", KEY.private_key)).encode(),
            "signed by none of the keys",
            id="a checkpoint of another log",
        ),
        pytest.param(
            EXPORT,
            sign_note(Checkpoint("x/acme", 12, EMPTY_ROOT).text, [KEY]).encode(),
            f"The checkpoint is of 'x/acme', but the key is that of '{ORIGIN}'.",
            id="a checkpoint of another log with the key of this one",
        ),
        pytest.param(
            export_of(BACK_IN_TIME),
            signed(BACK_IN_TIME),
            "Event 4: version 2 of order-0ü was not recorded after the version before it.",
            id="a time that goes back",
        ),
        pytest.param(EXPORT, b"garbage", "The checkpoint is not an origin, a size", id="no checkpoint"),
        pytest.param(EXPORT[:-1], signed(LOG), "Line 12 is not a position and a body.", id="a torn last line"),
        pytest.param(b"{}\n" + EXPORT, signed(LOG), "Line 1 is not a position and a body.", id="no line"),
        pytest.param(b'{"position":1,"body":"{}"}\n', signed(LOG), "Event 1: its body is not an event.", id="no event"),
        pytest.param(
            b"".join([*LINES[:4], LINES[4].replace(b'"position":5', b'"position":"5"'), *LINES[5:]]),
            signed(LOG),
            "Line 5 is not a position and a body.",
            id="a position that is no number",
        ),
        pytest.param(b"\xff\xfe", signed(LOG), "Line 1 is not a position and a body.", id="no text"),
    ],
)
def test_a_tampered_export_is_named(run: Callable[..., Ran], export: bytes, checkpoint: bytes, words: str) -> None:
    ran = run("export", export, checkpoint)
    assert ran.status == 2
    assert ran.words.startswith("FAULT: ")
    assert words in ran.words


def test_a_rewritten_log_with_a_new_checkpoint_is_named_by_one_that_was_kept(run: Callable[..., Ran]) -> None:
    assert run("export", export_of(OTHER_LOG), signed(OTHER_LOG)).status == 0
    ran = run("export", export_of(OTHER_LOG), signed(OTHER_LOG), signed(LOG[:9]))
    assert ran == Ran(2, "FAULT: Events 1 to 9 are not those that the checkpoint of this size was made of.\n")


# Proofs


def test_the_proof_of_an_event_holds(run: Callable[..., Ran]) -> None:
    ran = run("proof", encode_proof(event_proof(LOG, 5)))
    assert ran.status == 0
    assert "event 5: order-1ü, version 2, order.updated, recorded 2023-11-14T22:13:20.004+00:00\n" in ran.words
    assert f"1 of the 12 events of {ORIGIN}, signed by {KEY.name}+{KEY.verifier.id.hex()}\nOK\n" in ran.words


def test_the_proof_of_a_stream_holds(run: Callable[..., Ran]) -> None:
    ran = run("proof", encode_proof(stream_proof(LOG, STREAM)))
    assert ran.status == 0
    assert "event 10: order-0ü, version 4" in ran.words
    assert "4 of the 12 events" in ran.words


GOOD_EVENT, GOOD_STREAM = event_proof(LOG, 5), stream_proof(LOG, STREAM)
FORGED = renumbered([LOG[3], *LOG[1:3], LOG[0]])


@pytest.mark.parametrize(
    ("proof", "words"),
    [
        pytest.param(
            replace(GOOD_EVENT, event=replace(GOOD_EVENT.event, body=edited(LOG[4], data={}).body)),
            "Event 5 is not proven to stand in the log of 12 events as it is shown.",
            id="an edited body",
        ),
        pytest.param(
            replace(GOOD_EVENT, event=replace(GOOD_EVENT.event, index=5)), "Event 6 is not proven", id="another index"
        ),
        pytest.param(
            replace(GOOD_EVENT, event=replace(GOOD_EVENT.event, proof=(EMPTY_ROOT, *GOOD_EVENT.event.proof[1:]))),
            "Event 5 is not proven",
            id="another hash",
        ),
        pytest.param(replace(GOOD_EVENT, checkpoint=signed(LOG[:9])), "Event 5 is not proven", id="another checkpoint"),
        pytest.param(
            replace(GOOD_EVENT, checkpoint=signed(LOG, THIEF)), "signed by none of the keys", id="another key"
        ),
        pytest.param(
            replace(GOOD_STREAM, events=GOOD_STREAM.events[1:]),
            "Event 4: version 2 of order-0ü stands where version 1 should be.",
            id="a stream without its beginning",
        ),
        pytest.param(
            replace(GOOD_STREAM, events=GOOD_STREAM.events[:1] + GOOD_STREAM.events[2:]),
            "Event 7: version 3 of order-0ü stands where version 2 should be.",
            id="a stream with a gap",
        ),
        pytest.param(
            replace(GOOD_STREAM, events=(GOOD_STREAM.events[0], proven(LOG, LOG[1]))),
            "Event 2 is of another stream",
            id="two streams",
        ),
        pytest.param(
            StreamProof((proven(FORGED, FORGED[3]), proven(FORGED, FORGED[0])), signed(FORGED)),
            "Event 1 is of another stream, or stands before the version that it follows.",
            id="versions in another order",
        ),
    ],
)
def test_a_tampered_proof_is_named(run: Callable[..., Ran], proof: EventProof | StreamProof, words: str) -> None:
    ran = run("proof", encode_proof(proof))
    assert ran.status == 2
    assert words in ran.words.splitlines()[-1]
    assert ran.words.splitlines()[-1].startswith("FAULT: ")


@pytest.mark.parametrize("file", [b"", b"\xff", b"c2sp.org/tlog-proof@v1\n\n", EXPORT, signed(LOG)])
def test_what_is_no_proof_is_named(run: Callable[..., Ran], file: bytes) -> None:
    assert run("proof", file) == Ran(2, "FAULT: The file is not a proof of an event or of a stream.\n")


# Arguments


def test_wrong_arguments_and_missing_files_are_told_apart_from_faults(run: Callable[..., Ran], tmp_path: Path) -> None:
    assert run("export", EXPORT).status == 1
    assert run("proof", encode_proof(GOOD_EVENT), signed(LOG)).status == 1
    assert run("proof", encode_proof(GOOD_EVENT), keys=()).status == 1
    assert run("proof", encode_proof(GOOD_EVENT), keys=("no key",)).status == 1
    assert run("both", EXPORT).status == 1
    (tmp_path / "file").unlink()
    missing = subprocess.run(
        [sys.executable, "-I", tmp_path / "auditor.py", "proof", tmp_path / "none", "--key", VKEY],
        capture_output=True,
        check=False,
        timeout=60,
    )
    assert missing.returncode == 1
    assert b"none" in missing.stderr


# The two verifiers agree


PROVEN = [proven(LOG, event) for event in LOG]
CHECKPOINT = checkpoint_of(LOG)


@for_all(data=st.data(), examples=200)
def test_both_verifiers_agree_about_inclusion(data: st.DataObject) -> None:
    event = data.draw(st.sampled_from(PROVEN))
    index = data.draw(st.just(event.index) | st.integers(0, 40))
    size = data.draw(st.just(12) | st.integers(1, 40))
    proof = list(event.proof)[: data.draw(st.just(4) | st.integers(0, 4))]
    root = CHECKPOINT.root
    ours = verify_inclusion(event.leaf, index, size, proof, root)
    assert auditor.is_included(event.leaf, index, size, proof, root) == ours


def test_a_proof_that_ends_below_the_root_does_not_pass_the_auditor() -> None:
    leaf, index, size, proof, root = LOG[0].leaf, 0, 1, list[bytes](), LOG[0].leaf
    assert auditor.is_included(leaf, index, size, proof, root)
    assert not auditor.is_included(leaf, index, 2, proof, root)


KEY_TEXTS = [VKEY, SIGNED_NOTE_KEY, PETER_KEY, ENOCH_KEY]


@for_all(
    text=st.sampled_from(KEY_TEXTS), place=st.integers(0, 60), to=st.characters(), whole=st.booleans(), examples=200
)
def test_both_verifiers_agree_about_keys(text: str, place: int, to: str, whole: bool) -> None:
    text = text if whole else text[:place] + to + text[place + 1 :]
    try:
        parse_verifier_key(text)
        ours = True
    except MalformedKey:
        ours = False
    try:
        auditor.parse_key(text)
        theirs = True
    except ValueError:
        theirs = False
    assert theirs == ours


@pytest.mark.parametrize("y", SMALL_ORDER)
def test_the_auditor_refuses_keys_that_anybody_can_sign_for(y: int) -> None:
    for sign_bit in (0, 1):
        public = (y | sign_bit << 255).to_bytes(32, "little")
        with pytest.raises(auditor.Fault, match="anybody"):
            auditor.parse_key(vkey_of(public))


def vkey_of(public: bytes) -> str:
    """The text of a key that ``VerifierKey`` would refuse."""
    weak = object.__new__(type(KEY.verifier))
    for name, value in (("name", "weak"), ("public_key", public), ("type", KEY.verifier.type)):
        object.__setattr__(weak, name, value)
    return str(weak)


NOTE = sign_checkpoint(CHECKPOINT, KEY, THIEF).encode()


@for_all(place=st.integers(0, len(NOTE) - 1), byte=st.binary(max_size=2), examples=200)
def test_no_changed_checkpoint_passes_the_auditor(place: int, byte: bytes) -> None:
    note = NOTE[:place] + byte + NOTE[place + 1 :]
    try:
        ours: Checkpoint | None = open_checkpoint(note, origin=ORIGIN, keys=[KEY.verifier]).checkpoint
    except (MalformedNote, MalformedCheckpoint, OtherOrigin, UnknownKey, BadSignature):
        ours = None
    try:
        opened = auditor.open_checkpoint(note, [auditor.parse_key(VKEY)])
    except auditor.Fault:
        return
    # The ledger is stricter about lines of others, which the auditor ignores.
    assert (opened.origin, opened.size, opened.root) == (CHECKPOINT.origin, CHECKPOINT.size, CHECKPOINT.root)
    assert ours in {CHECKPOINT, None}


@for_all(place=st.integers(0, len(LOG[4].body) - 1), byte=st.binary(max_size=2), examples=200)
def test_no_body_passes_the_ledger_that_does_not_pass_the_auditor(place: int, byte: bytes) -> None:
    body = LOG[4].body[:place] + byte + LOG[4].body[place + 1 :]
    try:
        read_body(body)
    except UnreadableBody:
        return
    assert auditor.read_event(5, body, auditor.Checkpoint(0, b"", "x/" + read_body(body).site, ""))


@for_all(data=st.data())
def test_no_proof_passes_the_auditor_that_does_not_pass_the_ledger(data: st.DataObject) -> None:
    good = data.draw(st.sampled_from([encode_proof(GOOD_EVENT), encode_proof(GOOD_STREAM)]))
    place = data.draw(st.integers(0, len(good) - 1))
    bad = good[:place] + data.draw(st.binary(max_size=2)) + good[place + 1 :]
    if accepts(bad):
        proof = decode_proof(bad)
        assert check_proof(proof, site=SITE, origin=ORIGIN, keys=[KEY.verifier]) is None
    assert accepts(good)


def accepts(proof: bytes) -> bool:
    """Whether the auditor has nothing to say against a proof."""
    file = _InMemory(proof)
    try:
        auditor.audit_proof(file, [auditor.parse_key(VKEY)])  # type: ignore[arg-type]
    except ValueError:
        return False
    return True


class _InMemory:
    """As much of a ``Path`` as the auditor needs."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self.st_size = len(data)

    def stat(self) -> "_InMemory":
        return self

    def read_bytes(self) -> bytes:
        return self._data
