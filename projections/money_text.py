"""Amounts as text: ``1.00 USD``, ``100 JPY``, ``0.100 KWD`` (docs/decisions/0009).

An amount is an integer in the minor unit of its currency (chargebee/conventions.md, section 4). How many decimals that
unit makes is ISO 4217's to say. Babel knows it from CLDR, which counts the decimals that are customary instead: for
currencies whose small coins are gone it says 0 where ISO 4217 has 2 or 3, and an amount would be shown a hundred times
too large.
"""

from babel.numbers import get_currency_precision

# Where ISO 4217 and CLDR differ; a test compares the two lists as they were in January 2026.
_ISO_4217: dict[str, int] = {
    "AFN": 2,
    "ALL": 2,
    "IQD": 3,
    "IRR": 2,
    "KPW": 2,
    "LAK": 2,
    "LBP": 2,
    "MGA": 2,
    "MMK": 2,
    "RSD": 2,
    "SOS": 2,
    "SYP": 2,
    "YER": 2,
}


def money_text(amount: int, currency_code: str) -> str:
    """The amount in the currency's major unit, with all its decimals, and the code."""
    return f"{_decimal(amount, currency_exponent(currency_code))} {currency_code}"


def currency_exponent(currency_code: str) -> int:
    """How many decimals the minor unit makes; 2 for a currency that nobody knows."""
    known = _ISO_4217.get(currency_code)
    return get_currency_precision(currency_code) if known is None else known


def _decimal(amount: int, exponent: int) -> str:
    """Plain digits, no groups: what is copied from here is read by machines and people of any country."""
    sign, digits = "-" if amount < 0 else "", str(abs(amount)).rjust(exponent + 1, "0")
    return f"{sign}{digits[:-exponent]}.{digits[-exponent:]}" if exponent else f"{sign}{digits}"
