"""Random events and metadata for laws: every type, every member, within what their types allow."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st
from msgspec import Struct, inspect

from ledger.limits import INTEGER_MAX

# Every character but halves of surrogate pairs, which are none: controls, quotes and astral planes included.
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
integers = st.integers(-INTEGER_MAX, INTEGER_MAX)
names = st.text(st.characters(max_codepoint=127), max_size=10)
plain_values: st.SearchStrategy[Any] = st.recursive(
    st.none() | st.booleans() | integers | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(names, inner, max_size=3),
    max_leaves=8,
)


def structs(kind: type[Struct]) -> st.SearchStrategy[Any]:
    """Values of a struct class; members with a default are there or not."""
    info = inspect.type_info(kind)
    assert isinstance(info, inspect.StructType)
    required = {field.name: _of_type(field.type) for field in info.fields if field.required}
    optional = {field.name: _of_type(field.type) for field in info.fields if not field.required}
    return st.fixed_dictionaries(required, optional=optional).map(lambda members: kind(**members))


def _of_type(info: inspect.Type) -> st.SearchStrategy[Any]:
    strategy: st.SearchStrategy[Any]
    match info:
        case inspect.IntType():
            strategy = integers
        case inspect.StrType():
            strategy = texts
        case inspect.BoolType():
            strategy = st.booleans()
        case inspect.NoneType():
            strategy = st.none()
        case inspect.EnumType():
            strategy = st.sampled_from(list(info.cls))
        case inspect.StructType():
            strategy = structs(info.cls)
        case inspect.VarTupleType():
            strategy = st.lists(_of_type(info.item_type), max_size=2).map(tuple)
        case inspect.FrozenSetType():
            strategy = st.frozensets(_of_type(info.item_type), max_size=2)
        case inspect.DictType():
            strategy = st.dictionaries(names, plain_values, max_size=4)
        case inspect.UnionType():
            strategy = st.one_of(*map(_of_type, info.types))
        case _:
            raise AssertionError(f"no rule for {info}")
    return strategy


def types_within(kind: type[Struct]) -> Sequence[inspect.Type]:
    """Every type that a struct class is made of, down to the leaves."""
    found: list[inspect.Type] = []
    waiting: list[inspect.Type] = [inspect.type_info(kind)]
    while waiting:
        info = waiting.pop()
        found.append(info)
        match info:
            case inspect.StructType():
                waiting.extend(field.type for field in info.fields)
            case inspect.VarTupleType() | inspect.FrozenSetType():
                waiting.append(info.item_type)
            case inspect.DictType():
                waiting.extend((info.key_type, info.value_type))
            case inspect.UnionType():
                waiting.extend(info.types)
    return found
