"""Amounts as text, by the decimals of ISO 4217."""

import pytest
from babel.numbers import get_currency_precision, list_currencies

from projections.money_text import _ISO_4217, currency_exponent, money_text


@pytest.mark.parametrize(
    ("amount", "currency", "expected"),
    [
        (0, "USD", "0.00 USD"),
        (1, "USD", "0.01 USD"),
        (100, "USD", "1.00 USD"),
        (-5, "EUR", "-0.05 EUR"),
        (123456789, "EUR", "1234567.89 EUR"),
        (100, "JPY", "100 JPY"),
        (-7, "JPY", "-7 JPY"),
        (2500, "KWD", "2.500 KWD"),
        (12345, "RSD", "123.45 RSD"),
        (1234, "IQD", "1.234 IQD"),
        (9, "CLF", "0.0009 CLF"),
        (2**53 - 1, "USD", "90071992547409.91 USD"),
        (150, "???", "1.50 ???"),
    ],
)
def test_an_amount_has_the_decimals_of_its_currency(amount: int, currency: str, expected: str) -> None:
    assert money_text(amount, currency) == expected


# Currencies in use whose minor unit is not a hundredth, from the ISO 4217 list of January 2026.
ISO_4217_NOT_2 = {
    0: "BIF CLP DJF GNF ISK JPY KMF KRW PYG RWF UGX UYI VND VUV XAF XOF XPF",
    3: "BHD IQD JOD KWD LYD OMR TND",
    4: "CLF UYW",
}
# Those that are not in use any more may stay as CLDR has them.
NO_LONGER = {
    "ADP", "BYR", "ESP", "ITL", "LUF", "MGF", "MRO", "SLL", "STD", "TMM", "TPE", "TRL", "ZMK", "ZWD"
}  # fmt: skip


def test_decimals_are_those_of_iso_4217_and_not_what_is_customary() -> None:
    expected = {code: number for number, codes in ISO_4217_NOT_2.items() for code in codes.split()}
    for code in list_currencies() - NO_LONGER:
        assert currency_exponent(code) == expected.get(code, 2), code


def test_an_exception_is_one() -> None:
    for code, exponent in _ISO_4217.items():
        assert get_currency_precision(code) != exponent
