"""The rows of the claim panel: places count within a kind, and orders move one code by one."""

from uuid import UUID

from services.coder.api_models import CodeView
from services.coder.decision_models import CodingView
from services.coder.engine.model import CodeSystem
from services.coder.workbench.claim_rows import arrange_claim


def coding(number: int, system: CodeSystem, code: str) -> CodingView:
    view = CodeView(system=system, code=code)
    return CodingView(target_id=UUID(int=number), code=view, modifiers=(), units=1, justified_by=())


ROWS = arrange_claim(
    [
        coding(1, CodeSystem.CPT, "99213"),
        coding(2, CodeSystem.ICD10CM, "J18.9"),
        coding(3, CodeSystem.ICD10CM, "I10"),
        coding(4, CodeSystem.HCPCS, "J1885"),
    ]
)


def targets(*numbers: int) -> tuple[UUID, ...]:
    return tuple(UUID(int=number) for number in numbers)


def test_diagnoses_come_before_lines_and_places_count_within_their_kind() -> None:
    assert [(row.coding.code.code, row.place) for row in ROWS.values()] == [
        ("J18.9", 1), ("I10", 2), ("99213", 1), ("J1885", 2),
    ]  # fmt: skip


def test_an_order_names_every_code_once_and_moves_one_by_one() -> None:
    assert ROWS[UUID(int=3)].earlier == targets(3, 2, 1, 4)
    assert ROWS[UUID(int=1)].later == targets(2, 3, 4, 1)


def test_at_the_ends_of_its_kind_a_code_moves_no_further() -> None:
    assert [bool(ROWS[UUID(int=number)].earlier) for number in (1, 2, 3, 4)] == [False, False, True, True]
    assert [bool(ROWS[UUID(int=number)].later) for number in (1, 2, 3, 4)] == [True, True, False, False]
