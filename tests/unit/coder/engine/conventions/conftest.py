"""Charts made of codes, for the tests of the conventions."""

from collections.abc import Mapping
from dataclasses import dataclass

from services.coder.engine.findings import Finding, Mention, Reading, Source
from services.coder.engine.model import Assertion, Chart, Document, Setting
from services.coder.engine.page import Page
from services.coder.engine.sections import Section, SectionKind
from shared.codesets.icd10cm import load_icd10cm


@dataclass(frozen=True)
class Stated:
    """One finding in the shorthand of `cases.toml`."""

    code: str
    assertion: Assertion = Assertion.PRESENT
    section: SectionKind = SectionKind.ASSESSMENT
    problem: bool = False

    @classmethod
    def parse(cls, shorthand: str) -> "Stated":
        words = shorthand.split()
        code = next(word for word in words if word[0].isupper())
        assertion = Assertion(words[0]) if words[0] != code else Assertion.PRESENT
        section = next((SectionKind(word[1:]) for word in words if word[0] == "@"), SectionKind.ASSESSMENT)
        return cls(code, assertion, section, "!" in words)


def build_chart(
    given: list[str], *, setting: Setting = Setting.OUTPATIENT, lines: Mapping[str, str] | None = None
) -> tuple[tuple[Finding, ...], Reading]:
    """One document with a line for each finding, an assessment first, and the findings that stand on those lines."""
    text = "Assessment\n"
    sections = [Section(SectionKind.ASSESSMENT, 0, len(text), len(text))]
    findings = []
    for stated in map(Stated.parse, given):
        line = (lines or {}).get(stated.code, f"condition {stated.code}")
        start = len(text)
        text += f"{line}\n\n"
        sections.append(Section(stated.section, start, start, len(text)))
        words = line.partition(",")[0]
        mention = Mention(
            0, start, start + len(words), stated.section, words.lower(), Source.LEXICON, problem=stated.problem
        )
        findings.append(Finding(stated.code, stated.assertion, (mention,)))
    chart = Chart((Document("note", 1, text),), setting)
    return tuple(findings), Reading(chart, (Page(text),), (tuple(sections),), load_icd10cm())
