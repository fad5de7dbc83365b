"""Medical decision making of a visit: problems, data and risk, each with the words that show it.

Place in the flow: `visits` asks it for the level of a note; pure. Invariant: what raises an element is cited.
Source: AMA, CPT Evaluation and Management guidelines 2023, table of medical decision making.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import cache

from services.coder.engine.model import Chart, Evidence, Suggestion
from services.coder.engine.services.lines import list_diagnoses
from services.coder.engine.services.notes import list_told_bodies
from services.coder.engine.services.tables import load_rows
from services.coder.engine.services.words import WordPatterns


class Level(IntEnum):
    """Levels of an element and of decision making as a whole."""

    STRAIGHTFORWARD = 1
    LOW = 2
    MODERATE = 3
    HIGH = 4


_NOT_DONE = re.compile(
    r"(?i)\b(?:no(?! longer)|not|without|denie[sd]|declin\w+|refus\w+|never|if|should|consider|unless|allerg\w+|past)\b"
    r"[^.;:\n]{0,40}$"
)
_REACH = 60
"""Characters before a word in which something may deny it."""
_DRUG_MANAGEMENT = "prescription drug management"
_RISKS = {
    "high": Level.HIGH,
    "moderate": Level.MODERATE,
    "low": Level.LOW,
    "minimal": Level.STRAIGHTFORWARD,
}
_WORSENING = frozenset({"chronic", "exacerbated"})


@dataclass(frozen=True, slots=True)
class Shown:
    """Something that the note shows about an element, and where."""

    element: str
    shows: str
    evidence: Evidence


@dataclass(frozen=True, slots=True)
class Element:
    """One of the three elements: its level, what gave it, and the words."""

    level: Level
    because: tuple[str, ...]
    evidence: tuple[Evidence, ...] = ()


@dataclass(frozen=True, slots=True)
class DecisionMaking:
    """The three elements of a visit."""

    problems: Element
    data: Element
    risk: Element

    @property
    def level(self) -> Level:
        """Two of the three elements must be met or exceeded."""
        return sorted((self.problems.level, self.data.level, self.risk.level))[1]


def weigh_decisions(
    chart: Chart,
    documents: Sequence[int],
    diagnoses: Sequence[Suggestion],
    *,
    billed: frozenset[str] = frozenset(),
    treated: Sequence[Evidence] = (),
) -> DecisionMaking | None:
    """Weigh what documents (numbers into `chart.documents`) show; None when no problem is addressed.

    `billed` are the tests whose interpretation is billed on its own; they do not count as data. `treated` is where
    documents tell that a drug was given.
    """
    named = {chart.documents[number].document_id for number in documents}
    shown = [each for number in documents for each in _read_document(chart, number)]
    shown += [Shown("moderate", _DRUG_MANAGEMENT, span) for span in treated if span.document_id in named]
    addressed = [
        each
        for each in list_diagnoses(diagnoses)
        if classify_problem(each.code) != "none" and any(span.document_id in named for span in each.evidence)
    ]
    if not addressed:
        return None
    return DecisionMaking(_weigh_problems(addressed, shown, named), _weigh_data(shown, billed), _weigh_risk(shown))


def classify_problem(code: str) -> str:
    """Classify a diagnosis as a kind of problem by the longest prefix of `problems.tsv`, else "acute"."""
    kinds = _load_kinds()
    return next((kinds[code[:length]] for length in range(len(code), 0, -1) if code[:length] in kinds), "acute")


def _weigh_problems(addressed: Sequence[Suggestion], shown: Sequence[Shown], named: set[str]) -> Element:
    kinds = {each.code: classify_problem(each.code) for each in addressed}
    said = [each for each in shown if each.element == "problems"]
    chronic_ones = [each for each in addressed if kinds[each.code] in _WORSENING]
    worse = {each.code: found for each in chronic_ones if (found := _relate(said, each, "worse"))}
    severe = {each.code: found for each in chronic_ones if (found := _relate(said, each, "severe"))}
    counts = {kind: sum(1 for each in kinds.values() if each == kind) for kind in set(kinds.values())}
    chronic = counts.get("chronic", 0) + counts.get("exacerbated", 0)
    if counts.get("threat") or severe:
        level = Level.HIGH
    elif counts.keys() & {"exacerbated", "systemic", "complicated", "uncertain"} or worse or chronic > 1:
        level = Level.MODERATE
    elif chronic or counts.get("acute") or counts.get("minor", 0) > 1:
        level = Level.LOW
    else:
        level = Level.STRAIGHTFORWARD
    because = tuple(f"{code} {'worsening' if code in worse | severe else kind}" for code, kind in kinds.items())
    own = [next(span for span in each.evidence if span.document_id in named) for each in addressed]
    return Element(
        level,
        because,
        tuple(dict.fromkeys([*own, *(span for found in (*worse.values(), *severe.values()) for span in found)])),
    )


def _relate(said: Sequence[Shown], illness: Suggestion, what: str) -> list[Evidence]:
    """The words of worsening that stand within a sentence's length of an illness."""
    return [
        each.evidence
        for each in said
        if each.shows == what
        and any(
            span.document_id == each.evidence.document_id and abs(span.start - each.evidence.start) <= _SENTENCE
            for span in illness.evidence
        )
    ]


_SENTENCE = 80
"""Characters within which words are taken to speak of the same thing."""


def _weigh_data(shown: Sequence[Shown], billed: frozenset[str]) -> Element:
    """Category 1 counts unique tests, outside notes and a historian; 2 is interpretation, 3 discussion."""
    counting = {e.shows: e for e in shown if e.element in ("test", "data") and e.shows not in billed}
    apart = {"independent interpretation", "discussion"}
    items = [name for name in counting if name not in apart]
    categories = (len(items) >= _EXTENSIVE_ITEMS) + len(apart & counting.keys())
    if categories >= len(apart):
        level = Level.HIGH
    elif categories:
        level = Level.MODERATE
    elif len(items) > 1 or "independent historian" in counting:
        level = Level.LOW
    else:
        level = Level.STRAIGHTFORWARD
    return Element(level, tuple(counting), tuple(each.evidence for each in counting.values()))


_EXTENSIVE_ITEMS = 3


def _weigh_risk(shown: Sequence[Shown]) -> Element:
    risks = [each for each in shown if each.element in _RISKS]
    level = max((_RISKS[each.element] for each in risks), default=Level.STRAIGHTFORWARD)
    deciding = [each for each in risks if _RISKS[each.element] == level]
    unique = {each.shows: each.evidence for each in reversed(deciding)}
    return Element(level, tuple(reversed(unique)), tuple(reversed(unique.values())))


def _read_document(chart: Chart, number: int) -> Iterator[Shown]:
    """What a note shows, section by section; of problems every word counts, of all else the first."""
    document = chart.documents[number]
    bodies = list_told_bodies(document.text)
    (names, patterns), told = _load_words(), set[tuple[int, int]]()
    for section, place, match in patterns.find(document.text, bodies):
        element, shows = names[place]
        before = document.text[max(bodies[section][0], match.start() - _REACH) : match.start()]
        if (section, place) not in told and not _NOT_DONE.search(before):
            yield Shown(element, shows, Evidence.of(document, *match.span()))
            if element != "problems":
                told.add((section, place))


@cache
def _load_words() -> tuple[tuple[tuple[str, str], ...], WordPatterns]:
    """Element and what is shown of each row of `decision_words.tsv`, and the rows' patterns."""
    rows = load_rows("decision_words.tsv")
    return tuple((row["element"], row["shows"]) for row in rows), WordPatterns([row["pattern"] for row in rows])


@cache
def _load_kinds() -> dict[str, str]:
    return {prefix: row["kind"] for row in load_rows("problems.tsv") for prefix in row["prefixes"].split()}
