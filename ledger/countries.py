"""Countries and states as addresses name them (ISO 3166, from pycountry; plus Northern Ireland's ``XI``)."""

import unicodedata
from functools import cache

import pycountry

# Countries whose state name is filled from a state code (chargebee/orders.md, update).
STATE_FILLED_COUNTRIES = frozenset({"US", "CA", "IN", "AE"})

# ISO transliterates the emirates from Arabic; billing addresses use their English names.
_EMIRATES = {
    "AZ": "Abu Dhabi",
    "AJ": "Ajman",
    "DU": "Dubai",
    "FU": "Fujairah",
    "RK": "Ras al Khaimah",
    "SH": "Sharjah",
    "UQ": "Umm al Quwain",
}


@cache
def country_codes() -> frozenset[str]:
    """ISO 3166-1 alpha-2 codes, and ``XI``."""
    return frozenset(country.alpha_2 for country in pycountry.countries) | {"XI"}


@cache
def state_name(country: str, state_code: str) -> str | None:
    """Name of the state in plain letters, or None where states are not filled or the code is unknown."""
    if country not in STATE_FILLED_COUNTRIES:
        return None
    code = state_code.upper()
    if country == "AE":
        return _EMIRATES.get(code)
    found = pycountry.subdivisions.get(code=f"{country}-{code}")  # type: ignore[no-untyped-call]
    return _plain_letters(str(found.name)) if found else None


def _plain_letters(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name)
    return "".join(letter for letter in decomposed if not unicodedata.combining(letter))
