"""Every parameter of every order operation: what the schemas declare, and what becomes of each kind of value."""

import pytest
from msgspec import UNSET

from api.parameters import Bracket
from ledger.commands import UpdateOrder
from ledger.errors import ParamRequired, ParamWrongValue
from ledger.limits import INTEGER_MAX
from tests.contract.cases import Case, cases
from tests.contract.contract import OPERATIONS, SCHEMAS, given_by_caller, read

# A minimum of the contract that an error condition of the same contract takes back.
ABOVE_CONTRACT_MINIMUM = {("create_refundable_credit_note", "credit_note[total]"): 1}

WRONG = {
    "enum": ["unheard_of", "queued ", " queued", "\u212aey", "0"],
    "boolean": ["1", "yes", "truee", " true"],
    "money": [
        "1.0",
        "-1",
        "+1",
        " 1",
        "1 ",
        "1e3",
        "0x1",
        "\u0661",
        "\u00b2",
        "1_000",
        str(INTEGER_MAX + 1),
        "9" * 5000,
    ],
    "integer": ["1.0", "-1", "+1", "one", " 1", "\u0661", str(INTEGER_MAX + 1), "9" * 5000],
    "timestamp": ["-1", "1.5", "now", "2018-01-26", "1517000000000", "12345678901", "\u0661", " 1"],
}


def _is_free_text(case: Case) -> bool:
    return case.contract.get("format") != "email" and not case.name.endswith("[country]")


def _refused(case: Case, *values: str) -> ParamWrongValue:
    with pytest.raises(ParamWrongValue) as refusal:
        case.read(*values)
    assert refusal.value.param == case.wire
    assert refusal.value.api_error_code == "param_wrong_value"
    return refusal.value


@pytest.mark.parametrize("operation", SCHEMAS)
def test_the_schemas_declare_the_parameters_of_the_contract(operation: str) -> None:
    declared = {found.name for found in SCHEMAS[operation].parameters if found.bracket is not Bracket.FILTER}
    assert declared == {found["name"] for found in OPERATIONS[operation].get("params", [])}


def test_every_order_operation_of_the_contract_has_a_schema() -> None:
    contract = {name for name in OPERATIONS if "." not in name}
    assert set(SCHEMAS) == contract - {"retrieve"}


@pytest.mark.parametrize("case", cases())
def test_a_schema_declares_a_parameter_as_the_contract_does(case: Case) -> None:
    declared = next(found for found in SCHEMAS[case.operation].parameters if found.name == case.name)
    assert declared.type == case.contract["type"]
    assert declared.required == case.contract["required"]
    assert declared.bracket == case.contract["bracket"]
    assert declared.max_length == case.contract.get("max_length")
    assert sorted(declared.choices) == sorted(case.contract.get("enum", ()))
    assert declared.format == case.contract.get("format")
    if "min" in case.contract:
        assert declared.minimum == ABOVE_CONTRACT_MINIMUM.get((case.operation, case.name), case.contract["min"])
    if "max" in case.contract:
        assert declared.maximum == case.contract["max"]


@pytest.mark.parametrize("case", cases())
def test_a_valid_value_is_taken_over(case: Case) -> None:
    value = case.value_in(case.read(case.valid()))
    assert str(value).lower() == case.valid().lower()
    assert type(value) is not str or case.contract["type"] == "string"


@pytest.mark.parametrize("case", cases())
def test_the_last_of_a_repeated_parameter_counts(case: Case) -> None:
    assert case.value_in(case.read("?", case.valid())) == case.value_in(case.read(case.valid()))


@pytest.mark.parametrize("case", cases("string"))
def test_a_string_longer_than_its_bound_is_refused(case: Case) -> None:
    length = case.contract["max_length"]
    refusal = _refused(case, "x" * (length + 1))
    assert refusal.message == f"{case.wire} : should not be longer than {length} characters"


@pytest.mark.parametrize("case", [case for case in cases("string") if _is_free_text(case.values[0])])
def test_a_string_is_counted_in_characters_and_kept_as_it_is(case: Case) -> None:
    text = (" \u00fc\U0001f600\t\u4e2d" * case.contract["max_length"])[: case.contract["max_length"] - 1] + " "
    assert case.value_in(case.read(text)) == text


@pytest.mark.parametrize("case", [case for case in cases("string") if case.values[0].contract.get("format")])
@pytest.mark.parametrize("address", ["ann", "@", "ann@", "@example.com", "ann @example.com", "a\n@b"])
def test_what_is_no_mail_address_is_refused(case: Case, address: str) -> None:
    _refused(case, address)


@pytest.mark.parametrize("case", [case for case in cases("string") if case.values[0].name.endswith("[country]")])
def test_a_country_is_an_iso_code_in_upper_case_or_northern_ireland(case: Case) -> None:
    assert case.value_in(case.read("us")) == "US"
    assert case.value_in(case.read("XI")) == "XI"
    for wrong in ("USA", "Germany", "XX", "u", "840", "\u0131n"):
        _refused(case, wrong)


@pytest.mark.parametrize("case", cases("enum"))
def test_every_value_of_an_enum_is_read_in_any_letter_case(case: Case) -> None:
    for value in case.contract["enum"]:
        for spelling in (value, value.upper(), value.title()):
            assert case.value_in(case.read(spelling)) == value


@pytest.mark.parametrize("case", cases("boolean"))
def test_a_boolean_is_true_or_false_in_any_letter_case(case: Case) -> None:
    for spelling in ("true", "True", "TRUE"):
        assert case.value_in(case.read(spelling)) is True
    for spelling in ("false", "False", "FALSE"):
        assert case.value_in(case.read(spelling)) is False


@pytest.mark.parametrize("case", cases("enum", "boolean", "money", "integer", "timestamp"))
def test_a_value_of_another_type_is_refused(case: Case) -> None:
    for value in WRONG[case.contract["type"]]:
        refusal = _refused(case, value)
        assert refusal.error_code == ""


@pytest.mark.parametrize("case", cases("money", "integer"))
def test_a_number_is_taken_up_to_its_bounds(case: Case) -> None:
    declared = next(found for found in SCHEMAS[case.operation].parameters if found.name == case.name)
    assert declared.minimum is not None
    assert declared.maximum is not None
    for number in (declared.minimum, declared.maximum):
        assert case.value_in(case.read(str(number))) == number
        assert case.value_in(case.read(f"000{number}")) == number
    for number in (declared.minimum - 1, declared.maximum + 1):
        _refused(case, str(number))


@pytest.mark.parametrize("case", cases("timestamp"))
def test_a_time_is_taken_from_1970_to_the_last_second_of_ten_digits(case: Case) -> None:
    for second in (0, 9_999_999_999):
        assert case.value_in(case.read(str(second))) == second


@pytest.mark.parametrize("case", [case for case in cases() if case.values[0].contract["required"]])
def test_a_required_parameter_that_is_missing_is_refused_as_blank(case: Case) -> None:
    refusal = _refused(case)
    assert isinstance(refusal, ParamRequired)
    assert refusal.message == f"{case.wire} : cannot be blank"
    assert refusal.error_code == "param_required"


@pytest.mark.parametrize("case", [case for case in cases() if case.values[0].is_required])
@pytest.mark.parametrize("blank", ["", " ", "\t\u00a0"])
def test_a_required_parameter_that_is_empty_is_refused_as_blank(case: Case, blank: str) -> None:
    assert isinstance(_refused(case, blank), ParamRequired)


@pytest.mark.parametrize("case", [case for case in cases() if not case.values[0].is_required])
def test_an_optional_parameter_that_is_empty_clears_or_counts_as_not_given(case: Case) -> None:
    emptied = case.read("")
    clears = case.operation == "update" and case.name not in {"status", "order_line_items[status]"}
    if clears:
        assert case.value_in(emptied) is None
    else:
        assert emptied == read(case.operation, case.others())


@pytest.mark.parametrize("case", [case for case in cases() if case.values[0].operation == "update"])
def test_what_an_update_does_not_name_stays(case: Case) -> None:
    command = read("update", [])
    assert command == UpdateOrder(order_id="1")
    if case.contract["bracket"] == Bracket.FLAT:
        assert case.value_in(command) is UNSET


@pytest.mark.parametrize("case", cases())
def test_a_nul_character_is_refused(case: Case) -> None:
    _refused(case, f"{case.valid()}\0")


@pytest.mark.parametrize("operation", SCHEMAS)
def test_unknown_parameters_and_custom_fields_are_ignored(operation: str) -> None:
    needed = [Case(operation, found) for found in OPERATIONS[operation].get("params", []) if found["required"]]
    pairs = [(case.wire, case.valid()) for case in needed]
    noise = [
        ("cf_gift_wrap", "yes"),
        ("unknown", "x"),
        ("unknown[a][b][c]", "x"),
        ("note[x]", "1"),
        ("shipping_address[planet]", "Mars"),
        ("order_line_items[colour][0]", "red"),
        ("", "x"),
        ("[", "x"),
        ("]", "x"),
        *((name, "forged") for name in given_by_caller(operation)),
        ("unknown\0", "\0"),
    ]
    assert read(operation, [*pairs, *noise]) == read(operation, pairs)


@pytest.mark.parametrize("case", cases())
def test_a_flat_name_with_brackets_is_unknown_and_a_group_name_without_is_refused(case: Case) -> None:
    if case.contract["bracket"] == Bracket.FLAT:
        pairs = [*case.others(), (case.wire, case.valid())]
        assert read(case.operation, [*pairs, (f"{case.name}[x]", "1")]) == read(case.operation, pairs)
        return
    root = case.name.partition("[")[0]
    with pytest.raises(ParamWrongValue) as refusal:
        read(case.operation, [*case.others(), (root, "x")])
    assert refusal.value.param == root
