"""Checkpoints: C2SP's examples, strict reading, keys that change, and witnesses (merkle/checkpoint.py)."""

import base64
from dataclasses import replace

import pytest
from hypothesis import strategies as st

from ledger.merkle.checkpoint import (
    Checkpoint,
    MalformedCheckpoint,
    OtherOrigin,
    open_checkpoint,
    parse_checkpoint,
    sign_checkpoint,
)
from ledger.merkle.keys import Signature, SignatureType, SigningKey, VerifierKey, cosigned_at_s, parse_verifier_key
from ledger.merkle.limits import TREE_SIZE_MAX
from ledger.merkle.note import BadSignature, MalformedNote, UnknownKey, parse_note
from ledger.merkle.tree import EMPTY_ROOT
from tests.ledger.laws import for_all
from tests.ledger.merkle.given import KEY, NEXT_KEY, ORIGIN, THIEF
from tests.ledger.merkle.vectors import COSIGNED_AT_S, COSIGNED_CHECKPOINT, GO_CHECKPOINTS, GO_KEY, GO_ORIGIN

CHECKPOINT = Checkpoint(ORIGIN, 120, bytes(range(32)))
KEYS = [KEY.verifier]
WITNESS_SIGNER = SigningKey("witness.example/w1", bytes(range(2, 34)))
WITNESS = VerifierKey(WITNESS_SIGNER.name, WITNESS_SIGNER.verifier.public_key, SignatureType.COSIGNATURE)
ROOT = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8="

lines = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20)
checkpoints = st.builds(
    Checkpoint,
    lines,
    st.integers(0, TREE_SIZE_MAX),
    st.binary(min_size=32, max_size=32),
    st.lists(lines, max_size=3).map(tuple),
)


def cosigned(text: str, time_s: int, name: str = WITNESS.name) -> Signature:
    """A witness's statement about a checkpoint, as tlog-cosignature has it made."""
    value = WITNESS_SIGNER.sign(f"cosignature/v1\ntime {time_s}\n{text}").value
    return Signature(name, WITNESS.id, time_s.to_bytes(8, "big") + value)


# Published checkpoints


@pytest.mark.parametrize("size", GO_CHECKPOINTS)
def test_tree_heads_of_the_go_checksum_database_are_opened(size: int) -> None:
    opened = open_checkpoint(GO_CHECKPOINTS[size].encode(), origin=GO_ORIGIN, keys=[parse_verifier_key(GO_KEY)])
    assert (opened.checkpoint.origin, opened.checkpoint.size) == (GO_ORIGIN, size)


def test_the_example_of_tlog_checkpoint_is_read() -> None:
    note = parse_note(COSIGNED_CHECKPOINT.encode())
    checkpoint = parse_checkpoint(note.text)
    assert (checkpoint.origin, checkpoint.size) == ("example.com/behind-the-sofa", 20852163)
    assert checkpoint.root == base64.b64decode("CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=")
    assert checkpoint.extensions == ()
    assert checkpoint.text == note.text
    assert [cosigned_at_s(signature) for signature in note.signatures[1:]] == [COSIGNED_AT_S]


def test_the_example_of_tlog_checkpoint_verifies_under_the_name_it_was_signed_with() -> None:
    theirs = COSIGNED_CHECKPOINT.replace("example.com/behind-the-sofa", GO_ORIGIN, 1)
    theirs = theirs.replace("— example.com/behind-the-sofa", "— sum.golang.org")
    opened = open_checkpoint(theirs.encode(), origin=GO_ORIGIN, keys=[parse_verifier_key(GO_KEY)])
    assert opened.checkpoint.size == 20852163


# Form


def test_a_checkpoint_is_three_lines() -> None:
    assert CHECKPOINT.text == f"ledger.example/acme\n120\n{ROOT}\n"
    assert parse_checkpoint(CHECKPOINT.text) == CHECKPOINT


@for_all(checkpoint=checkpoints)
def test_a_checkpoint_is_read_back_as_it_was_written(checkpoint: Checkpoint) -> None:
    assert parse_checkpoint(checkpoint.text) == checkpoint


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "origin\n",
        "origin\n1\n",
        f"origin\n1\n{ROOT}",
        f"\n1\n{ROOT}\n",
        f"origin\n\n{ROOT}\n",
        f"origin\n1\n\n{ROOT}\n",
        f"origin\n1\n{ROOT}\nextension",
        f"origin\n1\n{ROOT}\n\n",
        f"origin\n1\n{ROOT}\n\nextension\n",
        f"origin\n01\n{ROOT}\n",
        f"origin\n00\n{ROOT}\n",
        f"origin\n+1\n{ROOT}\n",
        f"origin\n-1\n{ROOT}\n",
        f"origin\n1 \n{ROOT}\n",
        f"origin\n0x1\n{ROOT}\n",
        f"origin\n1_0\n{ROOT}\n",
        f"origin\n\u0661\n{ROOT}\n",
        f"origin\n{2**63}\n{ROOT}\n",
        f"origin\n{'9' * 5_000}\n{ROOT}\n",
        f"origin\n1\n{ROOT[:-1]}\n",
        f"origin\n1\n{ROOT}=\n",
        "origin\n1\nAAAA\n",
        f"origin\n1\n{ROOT[:-2]}9=\n",
        f"origin\r\n1\r\n{ROOT}\r\n",
    ],
)
def test_what_is_no_checkpoint_is_refused(text: str) -> None:
    with pytest.raises(MalformedCheckpoint):
        parse_checkpoint(text)


@pytest.mark.parametrize(
    "members",
    [
        {"origin": ""},
        {"origin": "a\nb"},
        {"origin": "a\tb"},
        {"origin": "\ud800"},
        {"size": -1},
        {"size": 2**63},
        {"root": b""},
        {"root": bytes(33)},
        {"extensions": ("",)},
        {"extensions": ("a\nb",)},
    ],
)
def test_values_that_cannot_stand_in_a_checkpoint_are_refused(members: dict[str, object]) -> None:
    with pytest.raises(MalformedCheckpoint):
        replace(CHECKPOINT, **members)  # type: ignore[arg-type]


@for_all(text=st.text(max_size=100) | st.from_regex(r"[a-z]{0,2}\n?[0-9]{0,3}\n?[A-Za-z=]{0,4}\n?", fullmatch=True))
def test_a_random_text_is_a_checkpoint_or_refused(text: str) -> None:
    try:
        checkpoint = parse_checkpoint(text)
    except MalformedCheckpoint:
        return
    assert checkpoint.text == text


# Signatures


def test_a_signed_checkpoint_is_opened() -> None:
    note = sign_checkpoint(CHECKPOINT, KEY)
    opened = open_checkpoint(note.encode(), origin=ORIGIN, keys=KEYS)
    assert (opened.checkpoint, opened.note) == (CHECKPOINT, note)
    assert (opened.keys, opened.cosignatures) == ((KEY.verifier,), ())


def test_the_checkpoint_of_an_empty_log_can_be_signed() -> None:
    empty = Checkpoint(ORIGIN, 0, EMPTY_ROOT)
    assert open_checkpoint(sign_checkpoint(empty, KEY).encode(), origin=ORIGIN, keys=KEYS).checkpoint == empty


def test_while_keys_change_a_checkpoint_satisfies_who_knows_the_old_key_and_who_knows_the_new_one() -> None:
    note = sign_checkpoint(CHECKPOINT, KEY, NEXT_KEY).encode()
    for known in (KEY, NEXT_KEY):
        assert open_checkpoint(note, origin=ORIGIN, keys=[known.verifier]).keys == (known.verifier,)
    both = [NEXT_KEY.verifier, KEY.verifier]
    assert open_checkpoint(note, origin=ORIGIN, keys=both).keys == (KEY.verifier, NEXT_KEY.verifier)


def test_a_checkpoint_of_a_thief_with_his_own_key_is_refused() -> None:
    with pytest.raises(UnknownKey):
        open_checkpoint(sign_checkpoint(CHECKPOINT, THIEF).encode(), origin=ORIGIN, keys=KEYS)


def test_a_checkpoint_that_was_changed_is_refused() -> None:
    note = sign_checkpoint(CHECKPOINT, KEY)
    for other in (replace(CHECKPOINT, size=119), replace(CHECKPOINT, root=EMPTY_ROOT)):
        with pytest.raises(BadSignature):
            open_checkpoint(replace(note, text=other.text).encode(), origin=ORIGIN, keys=KEYS)


def test_a_checkpoint_of_another_log_is_refused() -> None:
    other = replace(CHECKPOINT, origin="ledger.example/other")
    note = sign_checkpoint(other, SigningKey(other.origin, KEY.private_key)).encode()
    with pytest.raises(OtherOrigin, match="other"):
        open_checkpoint(note, origin=ORIGIN, keys=KEYS)


def test_a_note_that_is_no_checkpoint_is_refused() -> None:
    with pytest.raises(MalformedNote):
        open_checkpoint(b"garbage", origin=ORIGIN, keys=KEYS)
    with pytest.raises(MalformedCheckpoint):
        open_checkpoint(replace(sign_checkpoint(CHECKPOINT, KEY), text="x\n").encode(), origin=ORIGIN, keys=KEYS)


def test_a_log_signs_with_keys_of_its_own_name() -> None:
    for keys in ((), (WITNESS_SIGNER,), (KEY, WITNESS_SIGNER)):
        with pytest.raises(ValueError, match="keys of"):
            sign_checkpoint(CHECKPOINT, *keys)


# Witnesses


def test_the_cosignature_of_a_known_witness_is_verified() -> None:
    note = sign_checkpoint(CHECKPOINT, KEY).signed_by(cosigned(CHECKPOINT.text, 1_679_315_147))
    opened = open_checkpoint(note.encode(), origin=ORIGIN, keys=KEYS, witnesses=[WITNESS])
    assert [(each.witness, each.time_s) for each in opened.cosignatures] == [(WITNESS, 1_679_315_147)]


def test_the_cosignature_of_an_unknown_witness_is_kept() -> None:
    note = sign_checkpoint(CHECKPOINT, KEY).signed_by(cosigned(CHECKPOINT.text, 1))
    opened = open_checkpoint(note.encode(), origin=ORIGIN, keys=KEYS)
    assert opened.cosignatures == ()
    assert opened.note.encode() == note.encode()


@pytest.mark.parametrize("text", [CHECKPOINT.text.replace("120", "121"), "x\n"])
def test_the_cosignature_of_something_else_is_refused(text: str) -> None:
    note = sign_checkpoint(CHECKPOINT, KEY).signed_by(cosigned(text, 1))
    with pytest.raises(BadSignature, match="witness"):
        open_checkpoint(note.encode(), origin=ORIGIN, keys=KEYS, witnesses=[WITNESS])


def test_a_cosignature_is_bound_to_its_time() -> None:
    signature = cosigned(CHECKPOINT.text, 5)
    later = replace(signature, value=(6).to_bytes(8, "big") + signature.value[8:])
    beyond = cosigned(CHECKPOINT.text, 2**63)
    for other in (later, beyond, replace(signature, value=b""), replace(signature, value=signature.value[:8])):
        assert not WITNESS.verifies(CHECKPOINT.text, other)


def test_a_witness_is_no_log() -> None:
    note = sign_checkpoint(CHECKPOINT, THIEF).signed_by(cosigned(CHECKPOINT.text, 1))
    with pytest.raises(UnknownKey):
        open_checkpoint(note.encode(), origin=ORIGIN, keys=[*KEYS, WITNESS], witnesses=[WITNESS])
