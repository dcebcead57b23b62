"""Values that belong together: what the schemas of other resources than orders build on."""

from enum import StrEnum

import pytest

from api.field_groups import Given, PathId, Values
from api.fields import Choice, Text
from api.schemas.operation import OperationSchema
from ledger.errors import ParamWrongValue, ResourceNotFound


class Colour(StrEnum):
    RED = "red"
    BLUE = "blue"


class PaintSchema(OperationSchema[dict[str, object]]):
    thing_id = PathId(5)
    clock = Given()
    colours = Values(Choice(Colour, required=True))
    note = Text(3)

    def build(self, members: dict[str, object]) -> dict[str, object]:
        return members


PAINT = PaintSchema()


def _read(*pairs: tuple[str, str], thing_id: str = "1") -> dict[str, object]:
    return PAINT.read(list(pairs), thing_id=thing_id)


def test_a_list_of_values_is_read_in_the_order_of_its_indexes() -> None:
    assert _read(("colours[1]", "RED"), ("colours[0]", "blue"))["colours"] == (Colour.BLUE, Colour.RED)


def test_an_empty_list_of_values_as_the_sdks_write_none_is_empty() -> None:
    assert _read(("colours", ""))["colours"] == ()


@pytest.mark.parametrize("value", ["green", ""])
def test_a_wrong_value_in_a_list_is_named_by_its_index(value: str) -> None:
    with pytest.raises(ParamWrongValue) as refusal:
        _read(("colours[0]", "red"), ("colours[4]", value))
    assert refusal.value.param == "colours[4]"


def test_what_the_caller_gives_cannot_come_from_the_form() -> None:
    assert _read(("thing_id", "2"), ("clock", "7")) == {"thing_id": "1"}
    assert PAINT.read([], thing_id="1", clock=7) == {"thing_id": "1", "clock": 7}


@pytest.mark.parametrize("thing_id", ["", "123456", "a\0b", "\udcff"])
def test_an_id_that_no_resource_can_have_is_not_found_before_anything_else(thing_id: str) -> None:
    with pytest.raises(ResourceNotFound):
        _read(("note", "too long"), thing_id=thing_id)
