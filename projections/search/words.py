"""The words of an order by which people look for it. Pure."""

import re
import unicodedata
from collections.abc import Iterable, Iterator

import msgspec

from ledger.ids import Site
from ledger.limits import SEARCH_WORD_LENGTH_MAX, SEARCH_WORDS_MAX

# Letters and digits, as str.isalnum() has them.
_WORD = re.compile(r"[^\W_]+")


class Texts(msgspec.Struct, frozen=True):
    """The members of an order's document that are looked through."""

    id: str
    invoice_id: str
    document_number: str | None = None
    subscription_id: str | None = None
    customer_id: str | None = None
    reference_id: str | None = None
    tracking_id: str | None = None
    batch_id: str | None = None
    note: str | None = None


_decoder = msgspec.json.Decoder(Texts)


def words_of_order(document: bytes) -> list[str]:
    """Every word of an order's texts once, in the order in which they stand."""
    texts = msgspec.structs.astuple(_decoder.decode(document))
    return list(dict.fromkeys(_words(text for text in texts if text)))[:SEARCH_WORDS_MAX]


def words_of_search(text: str) -> list[str]:
    """What a search looks for: all of these, each as the beginning of a word."""
    return list(dict.fromkeys(_words([text])))[:SEARCH_WORDS_MAX]


def lexemes(site: Site, words: Iterable[str]) -> list[str]:
    """Words as the index keeps them: with the site in front, since one index serves all."""
    return [f"{site}/{word}" for word in words]


def search_query(site: Site, words: Iterable[str]) -> str:
    """The text of a tsquery for orders that have words beginning with all of these.

    Words are letters and digits alone and sites have no quotes, so nothing in it can be more than a word.
    """
    return " & ".join(f"'{lexeme}':*" for lexeme in lexemes(site, words))


def _words(texts: Iterable[str]) -> Iterator[str]:
    for text in texts:
        folded = unicodedata.normalize("NFKC", text).casefold()
        for word in _WORD.findall(folded):
            yield word[:SEARCH_WORD_LENGTH_MAX]
