"""What flows between the engine's stages after concept recognition: findings, each a code with its mentions.

A stage is a pure function `(findings, reading) -> findings`; `services.coder.engine.pipeline` lists them in order.
Invariants: a finding has at least one mention; all its mentions have its assertion; a mention's span lies inside its
document and is never moved or widened by a stage, only dropped together with its finding or merged into another.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from services.coder.engine.model import Assertion, Chart
from services.coder.engine.page import Page
from services.coder.engine.sections import Section, SectionKind
from shared.codesets.icd10cm import CodeSet


class Source(StrEnum):
    """Where the words came from that recognised a mention."""

    TITLE = "title"
    INCLUSION = "inclusion"
    INDEX = "index"
    LEXICON = "lexicon"
    CODED_FACT = "coded_fact"
    INDICATOR = "indicator"


class Mention(NamedTuple):
    """Words in one document that name a condition.

    `document` is the index into `Chart.documents`; `start` and `end` are character offsets into its text; `term` is the
    normalised term that matched; `problem` is true when the words are, or stand in, the heading of a problem entry.
    """

    document: int
    start: int
    end: int
    section: SectionKind
    term: str
    source: Source
    problem: bool = False


class Withheld(StrEnum):
    """Why a convention keeps a finding from being reported: it is shown to the coder, and not selected."""

    INTEGRAL = "integral to a coded disease"
    SUBSUMED = "told in full by another code"
    EXCLUDED = "never together with another code"
    UNCONFIRMED = "to be coded only when confirmed"
    UNACCOMPANIED = "to be coded only beside its diagnosis"


@dataclass(frozen=True, slots=True)
class Finding:
    """A code under one assertion, with every mention that supports it.

    `code` is dotted, a billable code or, while detail is open, a category; `missing` names the details that are open;
    `reasons` are short clauses for the coder, one added by each stage that changed the finding; `after` names a code
    that must be listed before this one (etiology before manifestation, "code first"); `withheld` says why a convention
    keeps it from being reported, None when none does.
    """

    code: str
    assertion: Assertion
    mentions: tuple[Mention, ...]
    missing: tuple[str, ...] = ()
    reasons: tuple[str, ...] = ()
    after: str | None = None
    withheld: Withheld | None = None


@dataclass(frozen=True, slots=True)
class Reading:
    """What a stage may look at besides the findings: the chart, its pages and their sections, the codes in force."""

    chart: Chart
    pages: tuple[Page, ...]
    sections: tuple[tuple[Section, ...], ...]
    codes: CodeSet


Stage = Callable[[tuple[Finding, ...], Reading], tuple[Finding, ...]]
