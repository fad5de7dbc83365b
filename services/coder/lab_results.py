"""Laboratory results of a chart's reports: values with unit and reference range, as the engine's indicators need them.

Place in the flow: `chart_facts` asks for them when it makes the engine's chart; pure. Invariant: a bound is given only
where the result may be held against it: same unit, one range that is plainly the normal one, and a value whose
comparator does not leave the question open.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import islice
from typing import Literal

from pydantic import Field

from services.coder.engine.model import LabResult
from shared.contracts.messages import ResourceVersion
from shared.fhir import systems
from shared.fhir.elements import CodeableConcept, Subset
from shared.fhir.subset import DiagnosticReportSubset, ResourceSubset, read_as

MOST_RESULTS = 500
"""More than a long stay's reports carry; it bounds what one chart can cost."""
_LABORATORY = frozenset({"laboratory", "LAB"})
"""observation-category, and v2-0074 where only the report has one."""
_FINAL = frozenset({"final", "amended", "corrected"})


class _Quantity(Subset):
    """A measured amount; `comparator` says that it is only a bound."""

    value: float | None = None
    comparator: Literal["", "<", "<=", ">=", ">", "ad"] = ""
    unit: str = ""
    code: str = ""

    @property
    def name_of_unit(self) -> str:
        return self.unit or self.code


class _ReferenceRange(Subset):
    """What is usual, for whom."""

    low: _Quantity | None = None
    high: _Quantity | None = None
    type: CodeableConcept = CodeableConcept()
    applies_to: tuple[CodeableConcept, ...] = Field(default=(), alias="appliesTo")
    age: object = None

    @property
    def is_normal(self) -> bool:
        codes = {coding.code for coding in self.type.coding}
        return not codes or "normal" in codes

    @property
    def is_for_all(self) -> bool:
        return not self.applies_to and self.age is None


class _Observation(ResourceSubset):
    """A result: what was measured, how much, and what is usual."""

    status: str
    category: tuple[CodeableConcept, ...] = ()
    code: CodeableConcept = CodeableConcept()
    value_quantity: _Quantity = Field(default=_Quantity(), alias="valueQuantity")
    reference_range: tuple[_ReferenceRange, ...] = Field(default=(), alias="referenceRange")


def list_lab_results(
    reports: Iterable[ResourceVersion], find: Callable[[str], ResourceVersion | None]
) -> Iterator[LabResult]:
    """List the final laboratory results that `reports` refer to, each once; `find` resolves a reference."""
    return islice(_list_all(reports, find), MOST_RESULTS)


def _list_all(reports: Iterable[ResourceVersion], find: Callable[[str], ResourceVersion | None]) -> Iterator[LabResult]:
    seen = set()
    for version in reports:
        report = read_as(DiagnosticReportSubset, version.body)
        for reference in report.result:
            found = find(reference.reference)
            if found and found.resource_type == "Observation" and found.reference not in seen:
                seen.add(found.reference)
                result = _read_result(found, report)
                if result is not None:
                    yield result


def _read_result(version: ResourceVersion, report: DiagnosticReportSubset) -> LabResult | None:
    observation = read_as(_Observation, version.body)
    value = observation.value_quantity
    is_laboratory = _categories(observation.category) or _categories(report.category)
    if observation.status not in _FINAL or value.value is None or not is_laboratory & _LABORATORY:
        return None
    loinc = observation.code.code_in(systems.LOINC)
    name = (observation.code.title or loinc).replace("\x00", "")  # PostgreSQL's JSON cannot hold it
    unit = value.name_of_unit.replace("\x00", "")
    return _bound(LabResult(version.reference, name, value.value, unit, loinc=loinc), observation)


def _categories(concepts: Iterable[CodeableConcept]) -> set[str]:
    return {coding.code for concept in concepts for coding in concept.coding}


def _bound(result: LabResult, observation: _Observation) -> LabResult:
    """`result` with the bounds that it may be held against: "<5" can be too low, and never too high."""
    usual = _choose_range(observation.reference_range)
    value = observation.value_quantity
    low, high = (usual.low, usual.high) if usual else (None, None)
    return replace(
        result,
        low=low.value if low and value.comparator in ("", "<", "<=") and _same_unit(low, value) else None,
        high=high.value if high and value.comparator in ("", ">", ">=") and _same_unit(high, value) else None,
    )


def _choose_range(ranges: Iterable[_ReferenceRange]) -> _ReferenceRange | None:
    """The only normal range, which the sender chose for the patient; of several the one for everybody."""
    normal = [each for each in ranges if each.is_normal]
    for_all = [each for each in normal if each.is_for_all]
    return next((each[0] for each in (normal, for_all) if len(each) == 1), None)


def _same_unit(bound: _Quantity, value: _Quantity) -> bool:
    """A bound without a unit is in that of the value."""
    return bound.name_of_unit in ("", value.unit, value.code)
