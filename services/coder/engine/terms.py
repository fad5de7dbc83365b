"""Turns the classification's titles and notes, and the lexicon, into terms: words that name a code.

Place in the flow: `services.coder.engine.index` stores the terms by key. What a coder takes for granted in a title is
taken off here: brackets, "unspecified", "without complications". Invariant: a term's code is one node of the release,
billable but for its 7th character wherever the classification offers a default.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache
from importlib.resources import files

from services.coder.engine.findings import Source
from services.coder.engine.lexicon import Condition, LexiconEntry
from services.coder.engine.neoplasms import compose_neoplasms
from services.coder.engine.tokens import canonical, load_qualifiers, read_term
from shared.codesets.icd10cm import CodeSet, NoteKind


@dataclass(frozen=True, slots=True)
class Term:
    """Words that name `code`: content words in order, qualifier bits, their source and how far they were varied.

    An etiology and its manifestation that are one entry of the Alphabetic Index are one term: `code` is both, with a
    space, in the order in which they are reported.
    """

    code: str
    words: tuple[str, ...]
    qualifiers: int
    source: Source
    distance: int = 0
    when: Condition | None = None
    capitals: bool = False
    linked: bool = False
    ordered: bool = False


_UNNAMED = re.compile(
    r"(?i)\b(?:other|elsewhere|not otherwise|unspecified (?:drug|person|place)|in diseases|carrier|examination|"
    r"encounter for|screening|observation|contact with|problems? related)\b"
)
_UNSPECIFIED = re.compile(r"(?i), (?:unspecified|(?:site |cause )?not (?:specified|stated)|cause unspecified)[^,;]*")
_SILENT_TAIL = re.compile(
    r"(?i)(?<=[a-z\])])[,;]? (?:without (?!rupture)[^,;]*|not (?:intractable|otherwise)[^,;]*|uncomplicated|"
    r"not due to [^,;]*)(?=[,;]|$)"
)
_BRACKETS = re.compile(r"\s*[\[(][^\])]*[\])]")
_ABBREVIATED = re.compile(r"\s*\[([A-Z]{2,6})\]")
_PAIR = re.compile(r"^(.+ of )([\w ]+?),? (?:and|or) ([\w ]+)$")
_MALIGNANT = re.compile(r"(?i)\bmalignant neoplasm\b")
_UPPER_END = re.compile(r"(?i)\b(?:the )?upper end of")
_LOWER_END = re.compile(r"(?i)\b(?:the )?lower end of")
_BENIGN = re.compile(r"(?i)\bbenign neoplasm\b")
_HYPHEN = re.compile(r"(?<=[a-z])-(?=[a-z])")


def build_terms(
    codes: CodeSet, lexicon: tuple[LexiconEntry, ...], official: Iterable[tuple[str, str]] = ()
) -> Iterator[Term]:
    """All terms of the release, of the lexicon and of the `official` index; a row with an unknown code is left out."""
    yield from _official_terms(codes, official)
    for node in codes.nodes():
        target = default_code(codes, node)
        for text, source in _node_texts(codes, node):
            for variant, distance in vary(text):
                if term := _make_term(target, variant, source, distance):
                    yield term
    for code, phrase, ordered in compose_neoplasms():
        if code in codes and (term := _make_term(default_code(codes, code), phrase, Source.INDEX, 5)):
            yield replace(term, ordered=ordered)
    for entry in lexicon:
        if entry.code in codes:
            target = default_code(codes, codes.node_of(entry.code))
            for text in entry.terms:
                yield from _lexicon_terms(target, text, entry)


def _official_terms(codes: CodeSet, official: Iterable[tuple[str, str]]) -> Iterator[Term]:
    """Terms of the official index that reach a leaf: one that could mean several codes names none."""
    for named, phrase in official:
        targets = [default_code(codes, codes.node_of(code)) for code in named.split() if code in codes]
        whole = len(targets) == len(named.split()) and all(map(codes.is_leaf, targets))
        if whole and (term := _make_term(" ".join(targets), phrase, Source.INDEX, _OFFICIAL)):
            yield replace(term, linked=True)


def _node_texts(codes: CodeSet, node: str) -> Iterator[tuple[str, Source]]:
    title = codes.title(node)
    # External causes and circumstances are recognised by our own words: their titles are no clinician's.
    if node[0] in "VWXY" or _UNNAMED.search(title):
        pass
    else:
        yield title, Source.TITLE
    if node[0] not in "VWXY":
        for kind in (NoteKind.INCLUSION, NoteKind.INCLUDES):
            yield from ((note, Source.INCLUSION) for note in codes.notes(node, kind) if not _is_listing(note))


def _is_listing(note: str) -> bool:
    return note.endswith(":") or note.startswith(("any ", "conditions ", "codes ", "the ")) or len(note) > 90


def _lexicon_terms(target: str, text: str, entry: LexiconEntry) -> Iterator[Term]:
    noise = load_qualifiers().noise_bits
    if text.startswith("="):
        words = tuple(text[1:].split())
        capitals = len(words) == 1
        yield Term(target, words if capitals else read_term(text).words, 0, Source.LEXICON, 0, entry.when, capitals)
        return
    if text.startswith(_HISTORY) and entry.code.startswith(_HISTORY_CODES):
        # The assertion says that it is over, and the conventions know the code; an indication's "history of" is none.
        return
    for variant in vary_hyphens(text):
        tokens = read_term(variant)
        if tokens.qualifiers & _fracture_bits() and not _FRACTURED & set(tokens.words):
            # Only of a fracture is displacement assumed: "displaced stent" is not any stent.
            continue
        # "Small kidney" without its noise, or "single kidney" without its default, would be any kidney.
        if len(tokens.words) > bool(tokens.qualifiers & (noise | _assumed_bits())):
            distance = int(bool(tokens.qualifiers & noise))
            yield Term(
                target,
                tokens.words,
                tokens.qualifiers & ~noise,
                Source.LEXICON,
                distance,
                entry.when,
                linked=tokens.linked,
            )


_HISTORY = ("history of ", "h/o ", "hx of ", "prior ", "previous ", "past ")
_HISTORY_CODES = ("Z85", "Z86", "Z87.0", "Z87.1", "Z87.3", "Z87.4")
_FRACTURED = {canonical("fracture"), canonical("dislocation")}


def _fracture_bits() -> int:
    axes = load_qualifiers().axis_bits
    return axes["displacement"] | axes["wound"]


def _assumed_bits() -> int:
    """The qualifiers that a silent text implies, but for those that every text leaves out ("mellitus")."""
    qualifiers = load_qualifiers()
    return qualifiers.default_bits & ~qualifiers.axis_bits["onset"]


def _make_term(code: str, text: str, source: Source, distance: int) -> Term | None:
    tokens = read_term(text)
    if not tokens.words or len(tokens.words) > MAX_WORDS or not any(len(word) > 2 for word in tokens.words):
        return None
    if tokens.qualifiers & load_qualifiers().noise_bits or tokens.words in load_untrusted():
        return None
    capitals = len(tokens.words) == 1 and text.isupper() and len(text) < 7
    words = (text,) if capitals else tokens.words
    return Term(code, words, tokens.qualifiers, source, distance, capitals=capitals, linked=tokens.linked)


MAX_WORDS = 8
_OFFICIAL = 6
"""The distance of an official index term: our own terms are trusted before it."""


def vary(text: str) -> Iterator[tuple[str, int]]:
    """The ways in which a title or note is said, each with its distance from the text: the nearer is trusted first.

    0 as it stands, 1 without ", unspecified", 2 without brackets or with its abbreviation, 3 without what a silent text
    implies ("without complications"), 4 one of two joined sites, and everyday words for neoplasms.
    """
    forms: dict[str, int] = {text: 0}

    def add(distance: int, pattern: re.Pattern[str], replacement: str) -> None:
        for form in list(forms):
            forms.setdefault(pattern.sub(replacement, form), distance)

    add(1, _UNSPECIFIED, "")
    add(2, _BRACKETS, "")
    forms.setdefault(abbreviate(text), 2)
    add(3, _SILENT_TAIL, "")
    for form in list(forms):
        if pair := _PAIR.match(form):
            forms.setdefault(pair[1] + pair[2], 4)
            forms.setdefault(pair[1] + pair[3], 4)
    add(4, _MALIGNANT, "malignant tumor")
    add(4, _MALIGNANT, "cancer")
    add(4, _BENIGN, "benign tumor")
    add(4, _UPPER_END, "proximal")
    add(4, _LOWER_END, "distal")
    for form, distance in forms.items():
        yield from ((variant, distance) for variant in vary_hyphens(form) if form.strip())


def abbreviate(text: str) -> str:
    """With a bracketed abbreviation in place of the words whose initials it is: "Elevated PSA"; else `text`."""
    found = _ABBREVIATED.search(text)
    words = text[: found.start()].split() if found else []
    if found is None or len(words) < len(found[1]):
        return text
    spelled = words[-len(found[1]) :]
    if "".join(word[0] for word in spelled).upper() != found[1]:
        return text
    return " ".join((*words[: -len(spelled)], found[1])) + text[found.end() :]


def vary_hyphens(text: str) -> set[str]:
    """With hyphens as written (read as two words) and closed up: "gastro-esophageal" and "gastroesophageal"."""
    return {text, _HYPHEN.sub("", text)}


def default_code(codes: CodeSet, node: str) -> str:
    """The leaf that the classification assigns when nothing more than `node`'s own words is said, else `node`."""
    while not codes.is_leaf(node):
        parent = codes.title(node)
        titles = {child: codes.title(child) for child in codes.children(node)}
        fit, _, child = max((_fit_default(parent, title), -len(title), child) for child, title in titles.items())
        if fit <= 0 and len(titles) > 1:
            return node
        node = child
    return node


def _fit_default(parent: str, child: str) -> int:
    """How well a subdivision says no more than its parent: it adds "unspecified", or what a silent text implies."""
    before, after = parent.lower().removeprefix("other and unspecified "), child.lower()
    common = set(read_term(before).words) & set(read_term(after).words)
    if not common or (after.startswith("other ") and "unspecified" not in after):
        return 0
    fit = 4 * (_count_unknown(after) > _count_unknown(before)) + 4 * (after == before) + ("female" in after)
    fit += 3 * (len(_IMPLIED.findall(after)) > len(_IMPLIED.findall(before)))
    fit -= 3 * (len(_ADDED.findall(after)) > len(_ADDED.findall(before)))
    return fit + (fit > 0 and set(read_term(before).words) == common)


def _count_unknown(title: str) -> int:
    return len(re.findall(r"unspecified|not specified|status unknown", title))


_IMPLIED = re.compile(r"\bwithout\b|\bnot intractable\b|\buncomplicated\b")
_ADDED = re.compile(r"\bwith\b|(?<!not )\bintractable\b|\bbilateral\b")


@cache
def load_untrusted() -> frozenset[tuple[str, ...]]:
    """The words of `untrusted.txt`, read as terms are."""
    lines = files(__package__).joinpath("untrusted.txt").read_text("utf-8").splitlines()
    return frozenset(read_term(line).words for line in lines if line and line[0] != "#")
