"""The engine: charts in, suggestions out, through stages that stand here in the order in which they run.

Place in the flow: `build_engine` is what worker processes call once; `suggest` is pure and deterministic. Invariant:
every suggestion cites words of the chart, and is valid on the date of service.
"""

import os
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from services.coder.engine import recognise
from services.coder.engine.assertion import Assessor, hash_cues
from services.coder.engine.choice import Chooser
from services.coder.engine.conventions import CONVENTIONS
from services.coder.engine.conventions.tables import hash_tables
from services.coder.engine.document import CodedMention, DocumentReader
from services.coder.engine.findings import Finding, Reading, Stage
from services.coder.engine.index import load_index
from services.coder.engine.indicators import read_indicators
from services.coder.engine.lexicon import hash_lexicon
from services.coder.engine.model import Assertion, Chart, EngineVersion, Suggestions
from services.coder.engine.official_index import hash_official_index
from services.coder.engine.recognise import Recogniser
from services.coder.engine.sections import split_sections
from services.coder.engine.specificity import load_specifier
from services.coder.engine.stages import add_chronic_pain, explain_by_cause, read_indications, settle_sides
from shared.codesets.cache import hash_content
from shared.codesets.icd10cm import CodeSet, load_icd10cm

ENGINE_VERSION = "2"

INDEX_FOLDER = "CHARTLINE_CODER__ENGINE__INDEX_FOLDER"
"""The environment variable that names the folder: an engine process is told nothing else."""

INDEXING: tuple[Stage, ...] = (read_indications, settle_sides)
"""What happens to a chart's findings for an exhaustive reading: an index of what is said, mention by mention."""

STAGES: tuple[Stage, ...] = (*INDEXING, add_chronic_pain, explain_by_cause, *CONVENTIONS)
"""What happens to them for coding the encounter, in order."""


class RuleEngine:
    """The engine over the installed release, lexicon and weights; implements `model.Engine`."""

    def __init__(self, codes: CodeSet, index_folder: Path | None = None) -> None:
        self._codes = codes
        self._assessor = Assessor()
        self._reader = DocumentReader(Recogniser(load_index(index_folder)), self._assessor, load_specifier(codes))
        self._chooser = Chooser(codes)
        tables = (self._chooser.weights_hash, hash_cues(), hash_tables(), hash_official_index(index_folder))
        rules = hash_content(*(part.encode() for part in tables))
        self.version = EngineVersion(f"{ENGINE_VERSION}+{rules}", codes.release, hash_lexicon())

    def find(self, chart: Chart, *, exhaustive: bool = False) -> tuple[tuple[Finding, ...], Reading]:
        """What the chart says, after its stages and before choice."""
        read = [self._reader.read(chart, number) for number in range(len(chart.documents))]
        pages, sections = tuple(page for page, _, _ in read), tuple(sections for _, sections, _ in read)
        reading = Reading(chart, pages, sections, self._codes)
        findings = gather_findings([mention for _, _, mentions in read for mention in mentions])
        for stage in INDEXING if exhaustive else STAGES:
            findings = stage(findings, reading)
        return findings, reading

    def suggest(self, chart: Chart, *, exhaustive: bool = False) -> Suggestions:
        """Suggest codes for `chart`; `exhaustive` selects every codable condition instead of those of the encounter."""
        findings, reading = self.find(chart, exhaustive=exhaustive)
        suggestions = self._chooser.choose(findings, reading, exhaustive=exhaustive)
        version = replace(self.version, learned=chart.learned.content_hash)
        return Suggestions(version, suggestions, read_indicators(chart.lab_results))

    def assess(self, text: str, spans: Sequence[tuple[int, int]]) -> list[Assertion]:
        """Tell the assertion of each span of `text`."""
        return self._assessor.assess(text, spans, split_sections(text))


def gather_findings(mentions: Sequence[CodedMention]) -> tuple[Finding, ...]:
    """One finding for each code under one assertion, in the order of first mention."""
    gathered: dict[tuple[str, Assertion], list[CodedMention]] = {}
    for mention in mentions:
        gathered.setdefault((mention.specific.code, mention.assertion), []).append(mention)
    return tuple(_gather(code, assertion, group) for (code, assertion), group in gathered.items())


def _gather(code: str, assertion: Assertion, group: Sequence[CodedMention]) -> Finding:
    mentions = tuple(mention.mention for mention in group)
    after = next((mention.after for mention in group if mention.after), None)
    reasons = (f"listed with {after} in the Alphabetic Index",) if after else ()
    return Finding(code, assertion, mentions, group[0].specific.missing, reasons, after)


def name_build() -> str:
    """Which build of the engine runs: "compiled" by `deploy/compile_engine.py`, or "plain"; their answers are equal."""
    return "plain" if recognise.__file__.endswith(".py") else "compiled"


def build_engine(index_folder: Path | None = None) -> RuleEngine:
    """Load everything the engine needs; about a second from the cache, a few when a table has changed.

    `index_folder` holds official index files that add terms; without it, the setting in `INDEX_FOLDER` names one.
    """
    named = os.environ.get(INDEX_FOLDER)
    return RuleEngine(load_icd10cm(), index_folder or (Path(named) if named else None))
