"""Learns the ranker's weights from notes with an exhaustive gold, in seconds: a committed command.

    python -m services.coder.engine.training codiesp_en_train.jsonl

Source: CodiEsp (Miranda-Escalada, Gonzalez-Agirre, Armengol-Estape, Krallinger 2020), CC BY 4.0, training part only.
Invariant: the same rows give the same weights; no text of a note is written out, only words that name a condition.
"""

import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from math import exp
from pathlib import Path

import orjson

from services.coder.engine.features import Candidate, describe, gather_candidates, log_odds, term_key
from services.coder.engine.model import Assertion, Chart, Document
from services.coder.engine.pipeline import RuleEngine, build_engine
from services.coder.engine.ranker import BASE_RATE
from services.coder.engine.specificity import drop_less_specific
from shared.codesets.icd10cm import load_icd10cm

SOURCE = "CodiEsp, training part (machine-translated), CC BY 4.0, doi:10.5281/zenodo.3837305"
_MIN_SEEN = {"codes": 1, "terms": 2}
_EPOCHS = 300
_RATE = 1.0
_DECAY = 2e-3
_LEARNED_FROM = frozenset({Assertion.PRESENT, Assertion.UNCERTAIN, Assertion.HISTORICAL})

Counts = dict[str, list[int]]


@dataclass(frozen=True, slots=True)
class Example:
    """One candidate of one note, and whether the gold has its code."""

    code: str
    term: str
    features: tuple[str, ...]
    right: bool


def read_examples(engine: RuleEngine, rows: Iterable[dict[str, object]]) -> Iterator[Example]:
    """The candidates of every note, labelled; a code counts as right when the gold agrees but for the 7th character."""
    codes = load_icd10cm()
    for row in rows:
        gold = {bare(code["code"]) for code in row["codes"] if code["system"] == "icd10cm"}  # type: ignore[attr-defined]
        findings, _ = engine.find(Chart((Document(str(row["id"]), 1, str(row["text"])),)), exhaustive=True)
        candidates = [c for c in gather_candidates(findings) if c.finding.assertion in _LEARNED_FROM]
        vaguer = drop_less_specific(codes, [c.code for c in candidates])
        for candidate in candidates:
            yield label(candidate, tuple(describe(candidate, codes, vaguer)), gold)


def label(candidate: Candidate, features: tuple[str, ...], gold: set[str]) -> Example:
    """Whether the gold has the candidate's code, or the shorter code that it was before it was divided further."""
    code = bare(candidate.code)
    return Example(candidate.code, term_key(candidate.finding), features, any(code.startswith(g) for g in gold))


def bare(code: str) -> str:
    """A code without dot, 7th character and placeholders."""
    return code.replace(".", "")[:6].rstrip("X")


def count(examples: Sequence[Example], key: str) -> Counts:
    """How often each `code` or `term` was right and seen."""
    counts: Counts = {}
    for example in examples:
        pair = counts.setdefault(getattr(example, key), [0, 0])
        pair[0] += example.right
        pair[1] += 1
    return counts


def fit(rows: Sequence[tuple[dict[str, float], bool]]) -> dict[str, float]:
    """Logistic regression by Adagrad over whole passes in a fixed order, with L2 decay."""
    weights: dict[str, float] = {}
    speed: dict[str, float] = {}
    for _ in range(_EPOCHS):
        gradient: dict[str, float] = {}
        for values, right in rows:
            total = sum(weights.get(name, 0.0) * value for name, value in values.items())
            error = right - 1 / (1 + exp(-max(-30.0, min(30.0, total))))
            for name, value in values.items():
                gradient[name] = gradient.get(name, 0.0) + error * value
        for name, step in gradient.items():
            slope = step / len(rows) - _DECAY * weights.get(name, 0.0)
            speed[name] = speed.get(name, 0.0) + slope * slope
            weights[name] = weights.get(name, 0.0) + _RATE * slope / (speed[name] ** 0.5 + 1e-8)
    return weights


def to_rows(examples: Sequence[Example], codes: Counts, terms: Counts) -> list[tuple[dict[str, float], bool]]:
    """Examples as numbers; each one's priors are counted without itself, or it would foretell its own label."""
    rows = []
    for example in examples:
        values = dict.fromkeys(example.features, 1.0)
        values["bias"] = 1.0
        for name, counts, key in (("prior=code", codes, example.code), ("prior=term", terms, example.term)):
            right, seen = counts[key]
            values[name] = log_odds(right - example.right, seen - 1, BASE_RATE)
        rows.append((values, example.right))
    return rows


def train(examples: Sequence[Example]) -> dict[str, object]:
    """The content of `weights.json`."""
    codes, terms = count(examples, "code"), count(examples, "term")
    weights = fit(to_rows(examples, codes, terms))
    return {
        "source": SOURCE,
        "features": {name: round(weights[name], 4) for name in sorted(weights)},
        "codes": {key: pair for key, pair in sorted(codes.items()) if pair[1] >= _MIN_SEEN["codes"]},
        "terms": {key: pair for key, pair in sorted(terms.items()) if pair[1] >= _MIN_SEEN["terms"]},
    }


def main(path: str) -> None:
    """Train on the rows of `path` and write the weights beside this module."""
    rows = [orjson.loads(line) for line in Path(path).read_bytes().splitlines()]
    weights = train(list(read_examples(build_engine(), rows)))
    content = orjson.dumps(weights, option=orjson.OPT_INDENT_2)
    Path(__file__).with_name("weights.json").write_bytes(content + b"\n")


if __name__ == "__main__":
    main(sys.argv[1])
