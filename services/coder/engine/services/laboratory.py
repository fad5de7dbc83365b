"""Laboratory services: what was measured, as the fewest panels that cover it.

Place in the flow: `suggest_services` calls it with the chart's laboratory reports; pure. Invariants: a panel is never
unbundled into its tests, and a test never stands beside the panel that contains it; what was measured again gets 91.
Source: CMS NCCI Policy Manual, chapter 10.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache

from services.coder.engine.model import Chart, ReportFact, Suggestion
from services.coder.engine.services.lines import FINAL, LABORATORY, cite_report, justify, name_fact, propose
from services.coder.engine.services.tables import load_rows

_CONFIDENCE = 0.9
_REPEATED = "91"


@dataclass(frozen=True, slots=True)
class Panel:
    """A row of `lab_panels.tsv`; all `analytes` must have been measured."""

    code: str
    words: str
    analytes: frozenset[str]
    loinc: frozenset[str]
    title: re.Pattern[str]
    not_for: str = ""


@dataclass(frozen=True, slots=True)
class LabService:
    """A panel or single test, of which round of measurement (1 is the first of the day), and what it measured."""

    code: str
    words: str
    measured: frozenset[str]
    turn: int = 1


def suggest_laboratory(chart: Chart, diagnoses: Sequence[Suggestion]) -> Iterator[Suggestion]:
    """Suggest the laboratory services of a chart's final reports."""
    reports = [report for report in chart.reports if report.status in FINAL and _is_laboratory(report)]
    measured = {report.path: read_analytes(report) for report in reports}
    for service in bundle_analytes(list(measured.values()), chart.payer):
        told_by = [report for report in reports if measured[report.path] & service.measured]
        yield _suggest(chart, diagnoses, service, told_by)


def _is_laboratory(report: ReportFact) -> bool:
    return bool(LABORATORY & set(report.categories))


def read_analytes(report: ReportFact) -> frozenset[str]:
    """What a report measured: its results where it has any that are known, else what its LOINC code or title names."""
    by_loinc = _load_analytes()
    results = frozenset(by_loinc[code] for code in report.components if code in by_loinc)
    if results:
        return results
    if report.loinc in by_loinc:
        return frozenset({by_loinc[report.loinc]})
    title = report.title.lower()
    named = next((panel for panel in _load_panels() if report.loinc in panel.loinc), None)
    named = named or next((panel for panel in _load_panels() if panel.title.search(title)), None)
    return named.analytes if named else _read_title(title)


def _read_title(title: str) -> frozenset[str]:
    """The single test that a title names, the longest name of them; none where it names none."""
    found = ((match.end() - match.start(), name) for name, each in _load_titles() if (match := each.search(title)))
    _, name = max(found, default=(0, ""))
    return frozenset({name}) if name else frozenset()


def bundle_analytes(reports: Sequence[frozenset[str]], payer: str = "") -> Iterator[LabService]:
    """Cover what was measured with the payer's panels, the most comprehensive first, then with single tests.

    What was measured several times is covered round by round.
    """
    panels = [panel for panel in _load_panels() if not panel.not_for or panel.not_for not in payer.lower()]
    counts = Counter(analyte for report in reports for analyte in report)
    for turn in range(1, max(counts.values(), default=0) + 1):
        left = {analyte for analyte, count in counts.items() if count >= turn}
        for panel in panels:
            if panel.analytes <= left:
                left -= panel.analytes
                yield LabService(panel.code, panel.words, panel.analytes, turn)
        for analyte in sorted(left):
            if code := _load_singles()[analyte]:
                yield LabService(code, analyte.replace("_", " "), frozenset({analyte}), turn)


def _suggest(
    chart: Chart, diagnoses: Sequence[Suggestion], service: LabService, reports: Sequence[ReportFact]
) -> Suggestion:
    documents = [document for report in reports for document in report.document_ids]
    names = ", ".join(sorted(name.replace("_", " ") for name in service.measured))
    again = ", measured again" if service.turn > 1 else ""
    suggestion = propose(
        service.code,
        service.words,
        f"Results of {names}{again}.",
        evidence=[evidence for report in reports for evidence in cite_report(chart, report)],
        confidence=_CONFIDENCE,
    )
    return suggestion._replace(
        facts=tuple(name_fact(report) for report in reports),
        modifiers=(_REPEATED,) if service.turn > 1 else (),
        justified_by=justify(diagnoses, documents, _load_indications().get(service.code, ())),
    )


@cache
def _load_analytes() -> dict[str, str]:
    return {loinc: row["analyte"] for row in load_rows("lab_analytes.tsv") for loinc in row["loinc"].split()}


@cache
def _load_titles() -> tuple[tuple[str, re.Pattern[str]], ...]:
    rows = (row for row in load_rows("lab_analytes.tsv") if row["title"])
    return tuple((row["analyte"], re.compile(rf"\b(?:{row['title']})\b")) for row in rows)


@cache
def _load_singles() -> dict[str, str]:
    return {row["analyte"]: row["code"] for row in load_rows("lab_analytes.tsv")}


@cache
def _load_panels() -> tuple[Panel, ...]:
    return tuple(
        Panel(
            row["code"],
            row["words"],
            frozenset(row["analytes"].split()),
            frozenset(row["loinc"].split()),
            re.compile(rf"\b(?:{row['title']})\b"),
            row["not_for"],
        )
        for row in load_rows("lab_panels.tsv")
    )


@cache
def _load_indications() -> Mapping[str, tuple[str, ...]]:
    found: defaultdict[str, tuple[str, ...]] = defaultdict(tuple)
    for row in load_rows("lab_indications.tsv"):
        for code in row["codes"].split():
            found[code] = tuple(row["prefixes"].split())
    return found
