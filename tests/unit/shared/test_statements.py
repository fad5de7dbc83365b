"""Named statements: parsing, parameters, refusal of what does not fit."""

import pytest

from shared.postgres.statements import Statement, parse_statements

SOURCE = """
-- name: first
-- Says what it does, with a :colon that is no parameter.
select :b::text, :a, :b from {schema}.t where x = 'y'::text;

-- name: second
delete from {schema}.t;
"""


def test_parameters_are_numbered_by_first_appearance_and_casts_left_alone() -> None:
    first, second = parse_statements(SOURCE, "ingest")
    assert first == Statement("first", "select $1::text, $2, $1 from ingest.t where x = 'y'::text;", ("b", "a"))
    assert second.parameters == ()


@pytest.mark.parametrize("values", [{}, {"a": 1}, {"a": 1, "b": 2, "c": 3}])
def test_wrong_parameters_are_refused_by_name(values: dict[str, object]) -> None:
    first, _ = parse_statements(SOURCE, "ingest")
    with pytest.raises(TypeError, match="statement first takes"):
        first.bind(values)


def test_values_are_ordered_as_the_statement_wants_them() -> None:
    first, _ = parse_statements(SOURCE, "ingest")
    assert first.bind({"a": 1, "b": 2}) == [2, 1]


@pytest.mark.parametrize("schema", ["", "Ingest", "a;drop table t", "a.b", '"a"'])
def test_only_a_plain_schema_name_is_filled_in(schema: str) -> None:
    with pytest.raises(ValueError, match="schema name"):
        list(parse_statements(SOURCE, schema))
