"""Measures suggestions against a gold: precision, recall and F1 in several cuts, calibration, chapters, worst cases.

Place in the flow: behind `chartline evaluate`, and nowhere in production. The arithmetic is micro-averaged over notes:
codes are compared as sets without their dots. Invariant: pure; whoever calls it has read the files.
"""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from shared.codesets.icd10cm import CodeSet, dot_code

BINS = 10


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of right, false and missed codes."""

    right: int
    false: int
    missed: int

    @property
    def precision(self) -> float:
        """Right over proposed."""
        return self.right / max(1, self.right + self.false)

    @property
    def recall(self) -> float:
        """Right over wanted."""
        return self.right / max(1, self.right + self.missed)

    @property
    def f1(self) -> float:
        """The harmonic mean of precision and recall."""
        return 2 * self.precision * self.recall / max(1e-9, self.precision + self.recall)

    def __add__(self, other: "Score") -> "Score":
        return Score(self.right + other.right, self.false + other.false, self.missed + other.missed)


@dataclass(frozen=True, slots=True)
class GoldCode:
    """A wanted code, bare; `prefixes` are all beginnings that count as right, when the gold accepts several."""

    code: str
    prefixes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Proposed:
    """A proposed code, bare, with its confidence, whether it was selected, and the words that it rests on."""

    code: str
    confidence: float
    selected: bool
    words: str


@dataclass(frozen=True, slots=True)
class Note:
    """One note's gold and what was proposed for it."""

    note_id: str
    gold: tuple[GoldCode, ...]
    proposed: tuple[Proposed, ...]


@dataclass(frozen=True, slots=True)
class Evaluation:
    """All that is measured over a set of notes."""

    cuts: dict[str, Score]
    chapters: dict[str, Score]
    calibration_error: float
    codes_per_note: float
    false_alarms: list[tuple[str, int, str]] = field(default_factory=list)
    misses: list[tuple[str, int]] = field(default_factory=list)


def strip_code(code: str) -> str:
    """A code in capitals without its dot."""
    return code.upper().replace(".", "")


CUTS: Mapping[str, Callable[[str], str]] = {
    "exact": lambda code: code,
    "no-7th": lambda code: code[:6].rstrip("X"),
    "3-char": lambda code: code[:3],
}


def evaluate(notes: Sequence[Note], codes: CodeSet) -> Evaluation:
    """Score `notes`; golds with accepted prefixes add the cut "accepted"."""
    cuts = {name: sum((score_note(note, cut) for note in notes), Score(0, 0, 0)) for name, cut in CUTS.items()}
    if any(gold.prefixes for note in notes for gold in note.gold):
        cuts = {"accepted": sum((score_accepted(note) for note in notes), Score(0, 0, 0)), **cuts}
    selected = sum(p.selected for note in notes for p in note.proposed)
    return Evaluation(
        cuts,
        dict(score_chapters(notes, codes)),
        measure_calibration(notes),
        selected / max(1, len(notes)),
        count_false_alarms(notes),
        count_misses(notes),
    )


def score_note(note: Note, cut: Callable[[str], str]) -> Score:
    """One note's counts after `cut`, a function of bare codes."""
    wanted = {cut(gold.code) for gold in note.gold}
    said = {cut(p.code) for p in note.proposed if p.selected}
    return Score(len(wanted & said), len(said - wanted), len(wanted - said))


def score_accepted(note: Note) -> Score:
    """One note's counts where a gold code is met by any selected code with one of its prefixes."""
    said = {p.code for p in note.proposed if p.selected}
    hits = [{code for code in said if _accepts(gold, code)} for gold in note.gold]
    used = set().union(*hits)
    return Score(sum(map(bool, hits)), len(said - used), sum(not hit for hit in hits))


def _accepts(gold: GoldCode, code: str) -> bool:
    return code.startswith(gold.prefixes or (gold.code,))


def score_chapters(notes: Sequence[Note], codes: CodeSet) -> Iterator[tuple[str, Score]]:
    """Exact counts by chapter number, in chapter order; codes the release lacks stand under "?"."""
    by_chapter: dict[str, Counter[str]] = {}
    for note in notes:
        wanted = {gold.code for gold in note.gold}
        said = {p.code for p in note.proposed if p.selected}
        for outcome, found in (("right", wanted & said), ("false", said - wanted), ("missed", wanted - said)):
            for code in found:
                by_chapter.setdefault(name_chapter(code, codes), Counter())[outcome] += 1
    for chapter in sorted(by_chapter, key=lambda name: int(name) if name.isdigit() else 99):
        counts = by_chapter[chapter]
        yield chapter, Score(counts["right"], counts["false"], counts["missed"])


def name_chapter(code: str, codes: CodeSet) -> str:
    """The chapter of a bare code, or of its category when the release has divided or dropped it."""
    known = next((c for c in (dot_code(code), code[:3]) if c in codes), None)
    return codes.chapter(known) if known else "?"


def measure_calibration(notes: Sequence[Note]) -> float:
    """The expected calibration error over all proposals, in ten equal bins of confidence: 0 is perfect."""
    bins: list[list[tuple[float, bool]]] = [[] for _ in range(BINS)]
    for note in notes:
        for p in note.proposed:
            right = any(_accepts(gold, p.code) for gold in note.gold)
            bins[min(BINS - 1, int(p.confidence * BINS))].append((p.confidence, right))
    total = sum(map(len, bins))
    gaps = (abs(sum(c for c, _ in b) - sum(r for _, r in b)) for b in bins)
    return sum(gaps) / max(1, total)


def count_false_alarms(notes: Iterable[Note]) -> list[tuple[str, int, str]]:
    """Selected codes that no gold wants: the code, how often, and the commonest words that it rested on."""
    words: dict[str, Counter[str]] = {}
    for note in notes:
        for p in note.proposed:
            if p.selected and not any(_accepts(gold, p.code) for gold in note.gold):
                words.setdefault(p.code, Counter())[p.words] += 1
    ranked = sorted(words.items(), key=lambda item: (-item[1].total(), item[0]))
    return [(code, found.total(), found.most_common(1)[0][0]) for code, found in ranked]


def count_misses(notes: Iterable[Note]) -> list[tuple[str, int]]:
    """Wanted codes that were not selected, and how often."""
    missed = Counter(
        gold.code
        for note in notes
        for gold in note.gold
        if not any(p.selected and _accepts(gold, p.code) for p in note.proposed)
    )
    return sorted(missed.items(), key=lambda item: (-item[1], item[0]))
