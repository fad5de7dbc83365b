"""What the linter may hold a query against: the chart's documents, its results, and the diagnoses it documents.

Place in the flow: `service.queries` reads it once a chart version, `linter` asks it; pure. Invariant: a diagnosis
counts as documented only where the words are in a document and are not negated, hypothetical or the family's.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property

from pydantic import Field

from services.coder.chart_facts import ChartResources
from services.coder.engine.assertion import Assessor
from services.coder.engine.model import Assertion, Indicator
from services.coder.engine.sections import split_sections
from services.coder.queries.vocabulary import NamedDiagnosis, Vocabulary, load_vocabulary
from shared.contracts.messages import ChartReady
from shared.fhir.elements import HumanName, Moment
from shared.fhir.subset import EncounterSubset, PractitionerSubset, ResourceSubset, read_as

_DOCUMENTED = frozenset({Assertion.PRESENT, Assertion.HISTORICAL, Assertion.UNCERTAIN})
_UNSPECIFIED = "09"


class _DatedResult(ResourceSubset):
    """When a result was measured, or made known."""

    effective_date_time: Moment | None = Field(default=None, alias="effectiveDateTime")
    issued: Moment | None = None


@dataclass(frozen=True, slots=True)
class RecordDocument:
    """A text of the chart, with the day it was written, None where nobody says."""

    document_id: str
    version: int
    title: str
    dated: date | None
    text: str


@dataclass(frozen=True, slots=True)
class RecordResult:
    """A result of the chart that is outside its range, in the chart's words."""

    reference: str
    statement: str
    dated: date | None
    codes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Clinician:
    """Who may be asked about a chart: a reference such as `Practitioner/1`, and their name in the chart."""

    reference: str
    family: str = ""
    name: str = ""


@dataclass(frozen=True)
class ChartRecord:
    """One chart version as a query may cite it; `begins` is the first day of the encounter."""

    documents: tuple[RecordDocument, ...]
    results: tuple[RecordResult, ...] = ()
    begins: date | None = None
    clinicians: tuple[Clinician, ...] = ()
    """Who took part, the attending one first."""
    vocabulary: Vocabulary = field(default_factory=load_vocabulary)

    @property
    def clinician_names(self) -> tuple[str, ...]:
        """The family names of the clinicians, those that the chart carries."""
        return tuple(each.family for each in self.clinicians if each.family)

    def find_document(self, document_id: str, version: int | None) -> RecordDocument | None:
        """Find a document in the version that is cited."""
        found = (each for each in self.documents if (each.document_id, each.version) == (document_id, version))
        return next(found, None)

    def find_result(self, reference: str) -> RecordResult | None:
        """Find a result by the reference of its resource."""
        return next((each for each in self.results if each.reference == reference), None)

    def list_undocumented(self, text: str) -> list[NamedDiagnosis]:
        """List the diagnoses that a text names and the chart does not document, as refined as the text names them."""
        return [named for named in self.vocabulary.find(text) if not self._is_documented(named)]

    def _is_documented(self, named: NamedDiagnosis) -> bool:
        return any(
            named.refinements <= stated.refinements
            and (named.words <= stated.words or _covers(named.code, stated.code))
            for stated in self._stated
        )

    @cached_property
    def _stated(self) -> list[NamedDiagnosis]:
        """Every diagnosis that the documents state, once for the same words."""
        assessor = Assessor()
        stated: dict[tuple[frozenset[str], frozenset[str]], NamedDiagnosis] = {}
        for document in self.documents:
            found = self.vocabulary.find(document.text)
            spans = [(each.start, each.end) for each in found]
            assertions = assessor.assess(document.text, spans, split_sections(document.text))
            for each, assertion in zip(found, assertions, strict=True):
                if assertion in _DOCUMENTED:
                    stated.setdefault((each.words, each.refinements), each)
        return list(stated.values())


def _covers(named: str, documented: str) -> bool:
    """Whether one names what the other says, or the same condition without its details: I50.9 of I50.21."""
    general = named[:-1].rstrip(".") if named[-1] in _UNSPECIFIED and len(named) > len("A00") else named
    return documented == named or documented.startswith(general)


def read_record(chart: ChartReady, indicators: Iterable[Indicator], clinicians: Iterable[str] = ()) -> ChartRecord:
    """Read what a query about a chart may cite."""
    resources = ChartResources(chart)
    period = read_as(EncounterSubset, chart.encounter.body).period
    return ChartRecord(
        documents=tuple(
            RecordDocument(
                each.document_id,
                each.version,
                each.title,
                each.authored_at.date() if each.authored_at else None,
                each.text,
            )
            for each in chart.documents
        ),
        results=tuple(
            RecordResult(each.path, each.statement, _date_result(resources, each.path), each.codes)
            for each in indicators
        ),
        begins=period.start.date() if period.start else None,
        clinicians=tuple(_read_clinician(resources, each) for each in clinicians),
    )


def _read_clinician(resources: ChartResources, reference: str) -> Clinician:
    found = resources.find(reference)
    names = read_as(PractitionerSubset, found.body).name if found else ()
    official = names[0] if names else HumanName()
    said = official.text or " ".join((*official.given, official.family))
    return Clinician(reference, official.family, said.strip())


def _date_result(resources: ChartResources, path: str) -> date | None:
    found = resources.find(path)
    dated = read_as(_DatedResult, found.body) if found else None
    moment = dated and (dated.effective_date_time or dated.issued)
    return moment.date() if moment else None
