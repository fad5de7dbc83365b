"""Stages that look at all findings of a chart together: sides told elsewhere, and vague codes beside exact ones.

Place in the flow: between gathering and the coding conventions. Each is a pure function; the example of each is in its
docstring. Invariant: a stage adds no words of its own; mentions only move to the finding that absorbs theirs.
"""

import re
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import cache

from services.coder.engine.findings import Finding, Mention, Reading, Withheld
from services.coder.engine.model import HISTORICAL, PRESENT, UNCERTAIN, Assertion
from services.coder.engine.sections import SectionKind
from services.coder.engine.specificity import find_context, find_side, find_sited_sides, load_specifier
from services.coder.engine.tokens import read_words


def read_indications(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """In the indication of a study, "history of" introduces what the study is for, not what is over.

    Example: "CLINICAL HISTORY: 14-year-old with history of cough." is a patient with a cough (R05.9).
    """
    return regroup(
        replace(f, assertion=PRESENT) if f.assertion is HISTORICAL and _is_indicated(f) else f for f in findings
    )


def _is_indicated(finding: Finding) -> bool:
    return all(m.section in _INDICATING for m in finding.mentions)


_INDICATING = frozenset({SectionKind.INDICATION, SectionKind.CHIEF_COMPLAINT})


def settle_sides(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """A side told elsewhere in the chart, with the same site, is the condition's side.

    Examples: "Right elbow pain ... Assessment: medial epicondylitis" gives M77.01; "bilateral medial epicondylitis",
    for which there is no bilateral code, gives M77.01 and M77.02.
    """
    if not any("laterality" in f.missing for f in findings):
        return findings
    specifier = load_specifier(reading.codes)
    settled = []
    # Only of this chart, and only when a side is still open: the texts are read at most once.
    sited = cache(lambda: [find_sited_sides(page) for page in reading.pages])
    for finding in findings:
        sides = _sides_of(finding, reading, sited) if "laterality" in finding.missing else None
        codes = specifier.take_sides(finding.code, sides) if sides else (finding.code,)
        if codes == (finding.code,):
            settled.append(finding)
        else:
            missing = tuple(m for m in finding.missing if m != "laterality")
            settled += [replace(finding, code=code, missing=missing) for code in codes]
    return regroup(settled)


def _sides_of(finding: Finding, reading: Reading, sited: Callable[[], list[dict[str, set[str]]]]) -> frozenset[str]:
    """The sides in the mentions' own sentences, else those that the chart names with a word of the code's title."""
    texts = [document.text for document in reading.chart.documents]
    near = {find_side(find_context(texts[m.document], m.start, m.end)) for m in finding.mentions} - {None}
    if near:
        return frozenset(side for side in near if side)
    words = read_words(reading.codes.title(finding.code))
    told = frozenset(side for by_word in sited() for word in words for side in by_word.get(word, ()))
    # A chart that tells of both sides does not tell which of them this mention means.
    return told if len(told) == 1 else frozenset()


def add_chronic_pain(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """Pain that is called chronic is coded as such beside its site (Guidelines I.C.6.b.1).

    Example: "Chronic low back pain" is M54.50 and G89.29.
    """
    chronic = [f for f in findings if is_codable(f) and _PAIN.match(f.code) and _is_chronic(f, reading)]
    if not chronic or any(f.code.startswith(("G89.2", "G89.4")) for f in findings):
        return findings
    added = replace(chronic[0], code="G89.29", missing=(), reasons=("pain that is called chronic",))
    return (*findings, added)


def explain_by_cause(findings: tuple[Finding, ...], reading: Reading) -> tuple[Finding, ...]:
    """A symptom whose confirmed cause is named with it is the cause's (Guidelines I.B.4, IV.D).

    Example: "Right knee pain due to osteoarthritis" is osteoarthritis, and the pain is withheld.
    """
    present = [f for f in findings if f.assertion is PRESENT]
    causes = [f for f in present if not _SYMPTOM.match(f.code)]
    caused = {f.code: _withhold_caused(f, causes, reading) for f in present if _SYMPTOM.match(f.code)}
    return tuple(caused.get(f.code, f) if f.assertion is PRESENT else f for f in findings)


def _withhold_caused(symptom: Finding, causes: list[Finding], reading: Reading) -> Finding:
    for mention in symptom.mentions:
        text = reading.chart.documents[mention.document].text
        link = _CAUSED.match(text, mention.end, mention.end + 60)
        cause = link and next((c for c in causes for m in c.mentions if _follows(m, mention, link.end())), None)
        if cause:
            reasons = (*symptom.reasons, f"due to {cause.code}, which is named as its cause (I.B.4)")
            return replace(symptom, withheld=Withheld.INTEGRAL, reasons=reasons)
    return symptom


def _follows(cause: Mention, symptom: Mention, link_end: int) -> bool:
    return cause.document == symptom.document and link_end <= cause.start <= link_end + 40


_SYMPTOM = re.compile(r"R|M25\.5|M54\.[2-9]|M79\.[16]")
_CAUSED = re.compile(r"[^.;\n]{0,30}?\b(?:due to|secondary to|caused by|because of|as a result of)\b", re.IGNORECASE)
_PAIN = re.compile(r"M54\.|M25\.5|M79\.6|R10\.|R07\.|R52")


def _is_chronic(finding: Finding, reading: Reading) -> bool:
    texts = [document.text for document in reading.chart.documents]
    said = (texts[m.document][max(0, m.start - 12) : m.end].lower() for m in finding.mentions)
    return any("chronic" in words for words in said)


def regroup(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Findings with at most one for each code and assertion, in the order of first mention."""
    gathered: dict[tuple[str, Assertion], Finding] = {}
    for finding in findings:
        key = (finding.code, finding.assertion)
        gathered[key] = merge(gathered[key], finding) if key in gathered else finding
    return tuple(gathered.values())


def merge(into: Finding, other: Finding) -> Finding:
    """`into` with the mentions of `other`, in order of position."""
    mentions = sorted((*into.mentions, *other.mentions), key=lambda m: (m.document, m.start))
    return replace(into, mentions=tuple(mentions))


def is_codable(finding: Finding) -> bool:
    """Whether the text claims that the patient has, or may have, the condition."""
    return finding.assertion is PRESENT or finding.assertion is UNCERTAIN
