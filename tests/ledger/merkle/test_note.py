"""Signed notes and keys: the examples of C2SP and of Go, and strict reading (merkle/note.py, merkle/keys.py)."""

import base64

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from hypothesis import strategies as st

from ledger.merkle.keys import (
    MalformedKey,
    Signature,
    SignatureType,
    SigningKey,
    VerifierKey,
    decode_base64,
    parse_verifier_key,
)
from ledger.merkle.limits import NOTE_BYTES_MAX, NOTE_SIGNATURES_MAX
from ledger.merkle.note import (
    BadSignature,
    MalformedNote,
    SignedNote,
    UnknownKey,
    parse_note,
    sign_note,
    verify_note,
)
from tests.ledger.laws import for_all
from tests.ledger.merkle.vectors import (
    CRYPTOGRAPHY_TEXT,
    ENOCH_KEY,
    ENOCH_LINE,
    GO_CHECKPOINTS,
    GO_KEY,
    PETER_KEY,
    PETER_LINE,
    PETER_NAME,
    PETER_PRIVATE,
    SIGNED_NOTE,
    SIGNED_NOTE_KEY,
    SMALL_ORDER,
)

PETER = parse_verifier_key(PETER_KEY)
ENOCH = parse_verifier_key(ENOCH_KEY)
BOTH = CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE + ENOCH_LINE

names = st.text(st.characters(exclude_categories=["Cs", "Cc", "Zs", "Zl", "Zp"], exclude_characters="+"), min_size=1)
texts = st.text(st.characters(exclude_categories=["Cs", "Cc"], include_characters="\n")).map(lambda text: text + "\n")
private_keys = st.builds(SigningKey, names, st.binary(min_size=32, max_size=32))


def parsed(text: str) -> SignedNote:
    return parse_note(text.encode())


# Published notes


@pytest.mark.parametrize(
    ("note", "key"),
    [
        (SIGNED_NOTE, SIGNED_NOTE_KEY),
        (CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE, PETER_KEY),
        (CRYPTOGRAPHY_TEXT + "\n" + ENOCH_LINE, ENOCH_KEY),
        *((note, GO_KEY) for note in GO_CHECKPOINTS.values()),
    ],
)
def test_the_published_notes_verify(note: str, key: str) -> None:
    signed = verify_note(parsed(note), [parse_verifier_key(key)])
    assert [str(each) for each, _ in signed] == [key]
    assert parsed(note).encode() == note.encode()


def test_the_published_private_key_makes_the_published_note() -> None:
    key = SigningKey(PETER_NAME, base64.b64decode(PETER_PRIVATE)[1:])
    assert str(key.verifier) == PETER_KEY
    assert sign_note(CRYPTOGRAPHY_TEXT, [key]).encode().decode() == CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE


def test_the_text_of_a_note_may_have_empty_lines() -> None:
    key = SigningKey("quasimodo.example/salvatore", bytes(32))
    text = "Ognuno sta solo sul cuor della terra\ntrafitto da un raggio di sole:\n\ned è subito sera.\n"
    assert parse_note(sign_note(text, [key]).encode()).text == text


# Known and unknown keys


def test_signatures_by_unknown_keys_are_kept_and_ignored() -> None:
    note = parsed(BOTH)
    assert [key.name for key, _ in verify_note(note, [PETER])] == ["PeterNeumann"]
    assert [key.name for key, _ in verify_note(note, [ENOCH, PETER])] == ["PeterNeumann", "EnochRoot"]
    assert [signature.key_name for signature in note.signatures] == ["PeterNeumann", "EnochRoot"]


def test_a_note_that_no_known_key_signed_is_refused() -> None:
    with pytest.raises(UnknownKey):
        verify_note(parsed(BOTH), [])
    same_name = SigningKey(PETER_NAME, bytes(32)).verifier
    with pytest.raises(UnknownKey):
        verify_note(parsed(BOTH), [same_name])


def test_a_bad_signature_by_a_known_key_makes_the_note_suspect() -> None:
    other_text = BOTH.replace("cryptography", "geography")
    with pytest.raises(BadSignature, match="PeterNeumann"):
        verify_note(parsed(other_text), [PETER])
    long = PETER_LINE[:60] + "ABCD" + PETER_LINE[60:]
    with pytest.raises(BadSignature, match="PeterNeumann"):
        verify_note(parsed(CRYPTOGRAPHY_TEXT + "\n" + ENOCH_LINE + long), [PETER, ENOCH])


def test_a_signature_that_comes_twice_is_verified_twice() -> None:
    twice = CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE + PETER_LINE
    assert len(verify_note(parsed(twice), [PETER])) == 2
    bad = CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE + PETER_LINE.replace("nAM=", "nAQ=")
    with pytest.raises(BadSignature):
        verify_note(parsed(bad), [PETER])


def test_two_keys_with_the_same_name_and_id_are_refused() -> None:
    class Twin(VerifierKey):
        @property
        def id(self) -> bytes:
            return PETER.id

    twin = Twin(PETER_NAME, ENOCH.public_key)
    assert verify_note(parsed(BOTH), [PETER, PETER])
    with pytest.raises(MalformedKey, match="two keys"):
        verify_note(parsed(BOTH), [PETER, twin])


def test_a_new_signature_by_the_same_key_replaces_the_old_one() -> None:
    key = SigningKey(PETER_NAME, base64.b64decode(PETER_PRIVATE)[1:])
    stale = Signature(PETER_NAME, PETER.id, b"stale")
    note = SignedNote(CRYPTOGRAPHY_TEXT, (stale,)).signed_by(key.sign(CRYPTOGRAPHY_TEXT))
    assert note.encode().decode() == CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE


# Strict reading


@pytest.mark.parametrize(
    "note",
    [
        "",
        "\n",
        "\n\n",
        CRYPTOGRAPHY_TEXT,
        CRYPTOGRAPHY_TEXT + "\n",
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE[:-1],
        CRYPTOGRAPHY_TEXT + PETER_LINE,
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE + "\n",
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE + "Unexpected line.\n",
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE.replace("— ", "- "),
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE.replace("— ", "—"),
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE.replace("— ", "—  "),
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE.replace("Peter", "Peter "),
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE.replace("Peter", "Peter+"),
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE.replace("Peter", "Peter\u2003"),
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE.replace("PeterNeumann", ""),
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE.replace("nAM=\n", "nAM\n"),
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE.replace("nAM=\n", "nAM==\n"),
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE.replace("nAM=\n", "nAN=\n"),
        CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE.replace("nAM=\n", "nAM= \n"),
        CRYPTOGRAPHY_TEXT + "\n— PeterNeumann x08gow==\n",
        CRYPTOGRAPHY_TEXT + "\n— PeterNeumann \n",
        CRYPTOGRAPHY_TEXT + "\n— PeterNeumann\n",
        "\x01" + BOTH,
        BOTH.replace("\n", "\r\n"),
        BOTH.replace("problem", "pro\tblem"),
        BOTH.replace("problem", "pro\0blem"),
    ],
)
def test_what_is_no_note_is_refused(note: str) -> None:
    with pytest.raises(MalformedNote):
        parsed(note)


def test_a_note_is_utf_8() -> None:
    with pytest.raises(MalformedNote):
        parse_note(b"\xff" + BOTH.encode())


def test_a_note_is_bounded() -> None:
    assert len(parsed(CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE * NOTE_SIGNATURES_MAX).signatures) >= 16
    with pytest.raises(MalformedNote):
        parsed(CRYPTOGRAPHY_TEXT + "\n" + PETER_LINE * (NOTE_SIGNATURES_MAX + 1))
    with pytest.raises(MalformedNote):
        parsed("long " * (NOTE_BYTES_MAX // 5) + BOTH)


def test_sixteen_signatures_as_large_as_they_come_fit_into_a_note() -> None:
    large = tuple(Signature(f"witness-{number}.example", bytes(4), bytes(4_999)) for number in range(16))
    assert parse_note(SignedNote("text\n", large).encode()).signatures == large


@pytest.mark.parametrize("text", ["", "no newline", "control\x01\n", "control\r\n"])
def test_what_cannot_stand_in_a_note_is_not_signed(text: str) -> None:
    with pytest.raises(MalformedNote):
        sign_note(text, [SigningKey("name", bytes(32))])


def test_nobody_signs_with_no_key() -> None:
    with pytest.raises(MalformedNote):
        sign_note("text\n", [])


@for_all(text=texts, keys=st.lists(private_keys, min_size=1, max_size=3))
def test_a_note_is_read_back_and_verifies_as_it_was_signed(text: str, keys: list[SigningKey]) -> None:
    note = sign_note(text, keys)
    assert parse_note(note.encode()) == note
    assert [key for key, _ in verify_note(note, [key.verifier for key in keys])] == [key.verifier for key in keys]


@for_all(data=st.binary(max_size=200) | st.text(max_size=200).map(lambda text: text.encode(errors="replace")))
def test_random_bytes_are_a_note_or_refused(data: bytes) -> None:
    try:
        note = parse_note(data)
    except MalformedNote:
        return
    assert note.encode() == data


@for_all(place=st.integers(0, len(BOTH.encode()) - 1), byte=st.integers(0, 255), examples=200)
def test_a_note_with_another_byte_does_not_pass_for_the_signed_one(place: int, byte: int) -> None:
    data = BOTH.encode()
    other = data[:place] + bytes([byte]) + data[place + 1 :]
    try:
        note = parse_note(other)
        signed = verify_note(note, [PETER])
    except (MalformedNote, UnknownKey, BadSignature):
        return
    assert note.text == CRYPTOGRAPHY_TEXT
    assert [key for key, _ in signed] == [PETER]


# Keys


def test_a_key_does_not_survive_any_cut_or_change() -> None:
    for start in range(len(PETER_KEY)):
        for end in range(start + 1, len(PETER_KEY) + 1):
            if (start, end) != (0, len(PETER_KEY)):
                with pytest.raises(MalformedKey):
                    parse_verifier_key(PETER_KEY[start:end])
    for place, character in enumerate(PETER_KEY):
        with pytest.raises(MalformedKey):
            parse_verifier_key(PETER_KEY[:place] + chr(ord(character) + 1) + PETER_KEY[place + 1 :])


@pytest.mark.parametrize(
    "key",
    [
        "PeterNeumann+cc469956+ARpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TWBADKEY==",  # too long, with its right id
        "PeterNeumann+173116ae+ZRpc2QcUPDhMQegwxbzhKqiBfsVkmqq/LDE4izWy10TW",  # an unknown type, with its right id
        PETER_KEY.replace("c74f20a3", "C74F20A3"),
        PETER_KEY.replace("c74f20a3", "c74f20a30"),
        PETER_KEY + "\n",
        PETER_KEY + "=",
        "Peter Neumann" + PETER_KEY[12:],
        "n" * 10_000 + PETER_KEY,
        "",
        "++",
        "a+00000000+",
        "a+00000000+AQ==",
    ],
)
def test_what_is_no_key_is_refused(key: str) -> None:
    with pytest.raises(MalformedKey):
        parse_verifier_key(key)


@for_all(key=private_keys, type_=st.sampled_from(SignatureType))
def test_a_key_is_read_back_as_it_was_handed_out(key: SigningKey, type_: SignatureType) -> None:
    verifier = VerifierKey(key.name, key.verifier.public_key, type_)
    assert parse_verifier_key(str(verifier)) == verifier


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\nb", "a\u00a0b", "a\u2028b", "a\x7f\x1f", "\ud800"])
def test_a_key_has_a_name_that_can_stand_in_a_note(name: str) -> None:
    for key_type in (VerifierKey, SigningKey):
        with pytest.raises(MalformedKey):
            key_type(name, PETER.public_key)


@pytest.mark.parametrize("length", [0, 31, 33, 64])
def test_a_key_has_32_bytes(length: int) -> None:
    for key_type in (VerifierKey, SigningKey):
        with pytest.raises(MalformedKey):
            key_type("name", bytes(length))


@pytest.mark.parametrize("sign_bit", [0, 1])
@pytest.mark.parametrize("y", SMALL_ORDER)
def test_a_key_that_anybody_can_sign_for_is_refused(y: int, sign_bit: int) -> None:
    public_key = (y | sign_bit << 255).to_bytes(32, "little")
    nobodys = (1).to_bytes(32, "little") + bytes(32)
    verified = [is_verified(public_key, nobodys, b"message %d" % number) for number in range(100)]
    assert any(verified)
    with pytest.raises(MalformedKey, match="anybody"):
        VerifierKey("name", public_key)


def is_verified(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except InvalidSignature:
        return False
    return True


def test_a_private_key_does_not_show_itself() -> None:
    assert "secret" not in repr(SigningKey("name", b"secret".ljust(32)))


@for_all(public=st.binary(min_size=32, max_size=32), value=st.binary(max_size=80), type_=st.sampled_from(SignatureType))
def test_random_bytes_are_no_signature(public: bytes, value: bytes, type_: SignatureType) -> None:
    try:
        key = VerifierKey("name", public, type_)
    except MalformedKey:
        return
    assert not key.verifies("text\n", Signature("name", key.id, value))


@pytest.mark.parametrize("text", ["A", "AA", "AAA", "AAA=", "AA=A", "AB==", "AA==\n", " AA==", "AA-_", "AA==AA==", "ä"])
def test_base64_has_one_form(text: str) -> None:
    if text != "AAA=":
        with pytest.raises(ValueError, match="base64"):
            decode_base64(text)


@for_all(data=st.binary(max_size=50))
def test_base64_is_read_back(data: bytes) -> None:
    assert decode_base64(base64.b64encode(data).decode()) == data
