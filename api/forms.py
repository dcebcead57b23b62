"""From the bytes of a request to its parameters: an ordered list of (name, value) pairs, decoded and bounded.

A body is a form, or a JSON object that says the same (chargebee/conventions.md, section 4); the query of a GET is
read like a form. Names keep their brackets here: what they mean is for ``api.nesting`` to say. All that cannot be
read is refused as a whole; nothing is repaired or guessed.
"""

import re
from typing import NoReturn
from urllib.parse import unquote_to_bytes

from api.json_bodies import read_json
from ledger.errors import InvalidRequest
from ledger.limits import REQUEST_BODY_BYTES_MAX, REQUEST_FIELDS_MAX

Pairs = list[tuple[str, str]]

_FORM = "application/x-www-form-urlencoded"
_JSON = "application/json"
_CHARSETS = ("utf-8", "utf8", "us-ascii")
_broken_escape = re.compile("%(?![0-9A-Fa-f]{2})").search


def read_body(content_type: str | None, body: bytes) -> Pairs:
    """The parameters of a POST.

    An empty body is accepted under any content type, since some clients name one for nothing; without a content
    type (curl, chargebee-cli) the body is a form.

    Raises:
        InvalidRequest: too large, too many fields, another content type or charset, or not readable.
    """
    if len(body) > REQUEST_BODY_BYTES_MAX:
        raise InvalidRequest(f"The request body should not be larger than {REQUEST_BODY_BYTES_MAX} bytes")
    if not body:
        return []
    if content_type and content_type != _FORM and _media_type(content_type) == _JSON:
        return read_json(_text_of(body))
    return _read_form(_text_of(body))


def read_query(query: str) -> Pairs:
    """The parameters of a GET, from the query string as it was sent: still percent-encoded, without the ``?``.

    Raises:
        InvalidRequest: too large, too many fields, or not readable.
    """
    if not query:
        return []
    if len(query) > REQUEST_BODY_BYTES_MAX:
        raise InvalidRequest(f"The query should not be larger than {REQUEST_BODY_BYTES_MAX} bytes")
    try:
        # The HTTP parser hands over bytes that are not UTF-8 as lone surrogates.
        query.encode()
    except UnicodeEncodeError:
        _refuse_encoding()
    return _read_form(query)


def _media_type(content_type: str) -> str:
    media_type, *options = content_type.lower().split(";")
    for option in options:
        name, _, value = option.partition("=")
        if name.strip() == "charset" and value.strip().strip('"') not in _CHARSETS:
            raise InvalidRequest("The charset of the request body should be UTF-8")
    media_type = media_type.strip()
    if media_type not in (_FORM, _JSON):
        raise InvalidRequest(f"The content type of the request body should be {_FORM} or {_JSON}")
    return media_type


def _read_form(text: str) -> Pairs:
    if text.count("&") >= REQUEST_FIELDS_MAX:
        raise InvalidRequest(f"The request should not hold more than {REQUEST_FIELDS_MAX} parameters")
    if "%" in text and _broken_escape(text):
        raise InvalidRequest("A percent sign in the request should be followed by two hexadecimal digits")
    pairs: Pairs = []
    for field in text.split("&"):
        name, _, value = field.partition("=")
        if name:
            pairs.append((_unescape_name(name), _unescape(value)))
    return pairs


def _unescape_name(text: str) -> str:
    # Nearly every escaped name is escaped for its brackets alone.
    if "%" in text:
        text = text.replace("%5B", "[").replace("%5D", "]")
    return _unescape(text)


def _unescape(text: str) -> str:
    if "+" in text:
        text = text.replace("+", " ")
    if "%" not in text:
        return text
    try:
        return unquote_to_bytes(text).decode()
    except UnicodeDecodeError:
        _refuse_encoding()


def _text_of(body: bytes) -> str:
    try:
        return body.decode()
    except UnicodeDecodeError:
        _refuse_encoding()


def _refuse_encoding() -> NoReturn:
    raise InvalidRequest("The request should be encoded in UTF-8")
