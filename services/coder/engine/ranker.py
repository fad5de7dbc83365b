"""A logistic ranker whose every weight can be read: the probability that a coder assigns a candidate.

Place in the flow: `choice` asks it for confidences; `training` makes its weights. The weights were learned from the
training part of CodiEsp (Miranda-Escalada and others, CC BY 4.0; see `weights.json`). Invariant: the same weights and
features give the same probability on every machine.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from itertools import repeat
from math import exp
from typing import Self

import orjson

from services.coder.engine.features import log_odds
from shared.codesets.cache import hash_content

BASE_RATE = 0.5


@dataclass(frozen=True, slots=True)
class Weights:
    """Weights by feature; how often each code and each term was right, as (right, seen); where they come from."""

    features: dict[str, float]
    codes: dict[str, tuple[int, int]]
    terms: dict[str, tuple[int, int]]
    content_hash: str = ""

    @classmethod
    def parse(cls, content: bytes) -> Self:
        """Read `weights.json`; raises KeyError or ValueError when it is not in its format."""
        raw = orjson.loads(content)
        codes = {code: (right, seen) for code, (right, seen) in raw["codes"].items()}
        terms = {term: (right, seen) for term, (right, seen) in raw["terms"].items()}
        return cls(raw["features"], codes, terms, hash_content(content))

    def priors(self, code: str, term: str) -> tuple[float, float]:
        """What is known of the code and, beyond the code, of the term: smoothed log-odds, 0 when nothing is."""
        return log_odds(*self.codes.get(code, (0, 0)), BASE_RATE), log_odds(*self.terms.get(term, (0, 0)), BASE_RATE)

    def score(self, features: Iterable[str], priors: tuple[float, float]) -> float:
        """The probability that a coder assigns the code."""
        total = self.features["bias"] + sum(map(self.features.get, features, repeat(0.0)))
        total += self.features["prior=code"] * priors[0] + self.features["prior=term"] * priors[1]
        return 1 / (1 + exp(-max(-30.0, min(30.0, total))))


@cache
def load_weights() -> Weights:
    """The committed weights."""
    return Weights.parse(files(__package__).joinpath("weights.json").read_bytes())
