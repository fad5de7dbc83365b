"""Measures look-ups and type-ahead search over code sets: `python -m bench.codesets --json`.

Terms come from what comes with Chartline and are then varied, until there are 200,000; questions are titles' words in
another order, unfinished, and with a slip. The ratio it is about: microseconds a look-up, milliseconds a question, in
processor time, so that other work on the machine does not count.
"""

import argparse
import json
import random
from collections.abc import Iterator
from datetime import date
from itertools import islice
from time import thread_time
from timeit import repeat

from shared.codesets.book import CodeBook
from shared.codesets.kinds import System
from shared.codesets.library import list_terms
from shared.codesets.packaged import packaged_shelves
from shared.codesets.search import SearchIndex, Term, split_words

TERMS, QUESTIONS, LOOK_UPS = 200_000, 1_000, 1_000
ON = date(2026, 3, 1)


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true")
    as_json = parser.parse_args().json
    chance = random.Random(7)  # noqa: S311 - a fixed choice of questions
    book = CodeBook(packaged_shelves())
    terms = list(islice(_vary(list(list_terms(book.shelves(ON), []))), TERMS))
    index = SearchIndex(terms)
    millis = sorted(_time_question(index, _ask(chance.choice(terms), chance)) for _ in range(QUESTIONS))
    result = {
        "lookup_us": round(_time_look_up(book), 2),
        "search_p50_ms": round(millis[len(millis) // 2], 2),
        "search_p99_ms": round(millis[int(len(millis) * 0.99)], 2),
        "terms": len(terms),
    }
    print(json.dumps(result) if as_json else "\n".join(f"{name:>14}  {value}" for name, value in result.items()))


def _vary(terms: list[Term]) -> Iterator[Term]:
    """The terms, then made-up ones of the same words under other codes."""
    yield from terms
    for number, (one, other) in enumerate(zip(terms, terms[1000:], strict=False)):
        words = split_words(one.text)[1:] + split_words(other.text)[-2:]
        yield Term("made-up", f"X{number}", f"X{number} {' '.join(words)}")


def _ask(term: Term, chance: random.Random) -> str:
    words = [word for word in split_words(term.text) if len(word) > 2][:6] or ["pain"]
    chosen = chance.sample(words, k=min(len(words), chance.randint(1, 4)))
    at = chance.randrange(len(chosen))
    slip = chance.randrange(len(chosen[at]))
    if chance.random() < 0.4:
        chosen[at] = chosen[at][:slip] + chosen[at][slip + 1 :]
    if chance.random() < 0.4:
        chosen[-1] = chosen[-1][: max(2, len(chosen[-1]) // 2)]
    return " ".join(chosen)


def _time_question(index: SearchIndex, question: str) -> float:
    """Milliseconds, the least of three, so that other processes of the machine do not count."""
    return min(repeat(lambda: index.search(question, limit=20), number=1, repeat=3, timer=thread_time)) * 1e3


def _time_look_up(book: CodeBook) -> float:
    book.look_up(System.ICD10CM, "E11.9", ON)
    return (
        min(repeat(lambda: book.look_up(System.ICD10CM, "E11.9", ON), number=LOOK_UPS, repeat=50, timer=thread_time))
        / LOOK_UPS
        * 1e6
    )


if __name__ == "__main__":
    main()
