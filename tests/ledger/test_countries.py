"""Countries and states as addresses name them."""

from collections.abc import Callable

import pycountry
import pytest

from ledger.countries import STATE_FILLED_COUNTRIES, country_codes, state_name


def test_the_countries_are_those_of_iso_3166_and_northern_ireland() -> None:
    assert {country.alpha_2 for country in pycountry.countries} == country_codes() - {"XI"}
    assert {"US", "DE", "XI"} <= country_codes()
    assert not {"XX", "UK", "USA", "us", ""} & country_codes()


@pytest.mark.parametrize(
    ("country", "code", "name"),
    [
        ("US", "CA", "California"),
        ("US", "DC", "District of Columbia"),
        ("US", "PR", "Puerto Rico"),
        ("CA", "QC", "Quebec"),
        ("CA", "ON", "Ontario"),
        ("IN", "KA", "Karnataka"),
        ("AE", "DU", "Dubai"),
        ("AE", "AZ", "Abu Dhabi"),
        ("AE", "RK", "Ras al Khaimah"),
    ],
)
@pytest.mark.parametrize("spelling", [str.upper, str.lower])
def test_a_state_has_its_english_name(country: str, code: str, name: str, spelling: Callable[[str], str]) -> None:
    assert state_name(country, spelling(code)) == name


@pytest.mark.parametrize(
    ("country", "code"),
    [("DE", "BE"), ("XI", "ANT"), ("US", "ZZ"), ("US", ""), ("US", "US-CA"), ("AE", "ZZ"), ("us", "CA"), ("", "CA")],
)
def test_where_states_are_not_filled_or_unknown_there_is_no_name(country: str, code: str) -> None:
    assert state_name(country, code) is None


@pytest.mark.parametrize("country", sorted(STATE_FILLED_COUNTRIES))
def test_every_state_has_a_name_in_plain_letters(country: str) -> None:
    codes = [found.code[3:] for found in pycountry.subdivisions if found.country_code == country]
    names = [state_name(country, code) for code in codes]
    assert codes
    assert all(name and name.isascii() for name in names), names
    assert len(set(names)) == len(codes)
