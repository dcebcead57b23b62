"""How the parameters of a request are written down: as clients do, as they should not, and as nobody does."""

import json
from collections.abc import Callable, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from tests.fuzz.values import Pair

Spelling = tuple[bytes, Callable[[Sequence[Pair]], bytes]]

_FORM = b"application/x-www-form-urlencoded"


def query(pairs: Sequence[Pair]) -> bytes:
    """As an SDK writes it."""
    return urlencode(pairs, errors="surrogatepass").encode()


def raw_brackets(pairs: Sequence[Pair]) -> bytes:
    """As curl users write it, with escapes in lower case."""
    return b"&".join(f"{quote(name, safe='[]')}={quote(value).lower()}".encode() for name, value in pairs)


def as_json(pairs: Sequence[Pair]) -> bytes:
    """As JSON of the same nesting; digits become numbers."""
    nested: dict[str, Any] = {}
    for name, value in pairs:
        root, _, rest = name.partition("[")
        members = [member for member in rest.replace("]", "").split("[") if member]
        plain = int(value) if value.isascii() and value.isdigit() and len(value) < 30 else value
        if not members:
            nested[root] = plain
        elif not isinstance(nested.get(root), dict):
            nested[root] = {members[0]: plain}
        else:
            nested[root][members[0]] = [plain] if len(members) > 1 else plain
    return json.dumps(nested).encode()


def as_json_of_text(pairs: Sequence[Pair]) -> bytes:
    """As JSON whose members keep their brackets; nothing becomes null."""
    return json.dumps({name: value or None for name, value in pairs}, ensure_ascii=False).encode()


def _broken(pairs: Sequence[Pair]) -> bytes:
    return query(pairs)[:-1] + b"%F"


def _not_utf8(pairs: Sequence[Pair]) -> bytes:
    return query(pairs) + b"&note=%ff\xff"


SPELLINGS: tuple[Spelling, ...] = (
    *((_FORM, query) for _ in range(5)),
    (_FORM, raw_brackets),
    (_FORM + b"; charset=utf-8", query),
    (b"", query),
    (b"application/json", as_json),
    (b"application/json; charset=UTF-8", as_json),
    (b"application/json", as_json_of_text),
    (_FORM, _broken),
    (_FORM, _not_utf8),
    (_FORM + b"; charset=latin-1", query),
    (b"application/json", query),
    (_FORM, as_json),
    (b"multipart/form-data; boundary=x", query),
    (b"text/plain", query),
)
