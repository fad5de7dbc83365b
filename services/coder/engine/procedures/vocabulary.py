"""The names of inpatient procedures, and the words that tell their details: the tables beside this module, read once.

Place in the flow: `reading` asks what a text names, `build` what a name settles; pure. Invariant: every row has its
columns, and every word that a row asks for is in `words.tsv`; anything else raises ValueError.
"""

import re
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from services.coder.engine.procedures.phrases import Phrases

APPROACHES = {"0": "open", "3": "percutaneous", "4": "endoscopic", "7": "orifice", "8": "scope", "X": "external"}
"""The words of each approach (B5)."""
SIDES = ("right", "left", "bilateral")
PASSED_OVER = "~"
"""The key of phrases that look like a detail and are none."""
MEASURED = "#"
ASKS = "?"
"""The value of words that make a name's own code doubtful: it is offered, and the detail is asked for."""
_BY_APPROACH_WORDS = re.compile(r"[0-8X]{2,}")


@dataclass(frozen=True, slots=True)
class Choice:
    """A value of a character, and what settles it: the name itself (`key` is ''), a word, or what stands for silence.

    Of `implied` the name says enough; of `residual` the value is right only while nobody tells more. `values` has more
    than one character where several procedures are done, and for a measure the value of each count.
    """

    values: str
    key: str = ""
    implied: bool = False
    residual: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """A row of `operations.tsv`: a procedure, its table, and the choices of characters 4 to 7."""

    number: str
    name: str
    table: str
    choices: tuple[tuple[Choice, ...], ...]
    source: str


@dataclass(frozen=True)
class Vocabulary:
    """Everything that the reading needs."""

    operations: dict[str, Operation]
    names: Phrases
    words: tuple[Phrases, Phrases]
    """Of sides and approaches, and of all else: "left leg" is a side and a body part."""
    root_operations: dict[str, str]


@cache
def load_vocabulary() -> Vocabulary:
    """Load the tables of this package."""
    words = {key: phrases.split("|") for key, phrases in load_rows("words.tsv")}
    operations: dict[str, Operation] = {}
    names: dict[str, list[str]] = {}
    for number, (called, table, body, approach, device, qualifier, source) in enumerate(load_rows("operations.tsv")):
        key = str(number)
        names[key] = called.split("|")
        cells = (body, _spell_approaches(approach), device, qualifier)
        choices = tuple(tuple(map(_read_choice, cell.split())) for cell in cells)
        operations[key] = Operation(key, names[key][0].replace(" .. ", " "), table, choices, source)
        unknown = {each.key for cell in choices for each in cell if not each.key.startswith(MEASURED)} - {"", *words}
        if unknown:
            raise ValueError(f"operations.tsv: words.tsv has no {sorted(unknown)}")
    return Vocabulary(operations, Phrases(names), _divide_words(words), load_pairs("root_operations.tsv"))


def _divide_words(words: dict[str, list[str]]) -> tuple[Phrases, Phrases]:
    general = {PASSED_OVER, *SIDES, *APPROACHES.values()}
    first = {key: phrases for key, phrases in words.items() if key in general}
    return Phrases(first), Phrases({key: phrases for key, phrases in words.items() if key not in general})


def load_pairs(name: str) -> dict[str, str]:
    """Load a table of two columns."""
    return {key: value for key, value in load_rows(name)}  # noqa: C416 - dict() does not see that rows are pairs


def load_rows(name: str) -> list[tuple[str, ...]]:
    """Load the rows of a table, without its heading; raises ValueError for one that is not whole."""
    lines = files(__package__).joinpath(name).read_text("utf-8").splitlines()
    heading, *rows = (tuple(line.split("\t")) for line in lines if line and not line.startswith("# "))
    if any(len(row) != len(heading) for row in rows):
        raise ValueError(f"{name}: a row has other columns than the heading")
    return rows


def _spell_approaches(cell: str) -> str:
    """`04` means open or percutaneous endoscopic, as the approach words tell."""
    return " ".join(f"{APPROACHES[each]}:{each}" for each in cell) if _BY_APPROACH_WORDS.fullmatch(cell) else cell


def _read_choice(written: str) -> Choice:
    key, _, value = written.rpartition(":")
    plain = value.lstrip("*~").replace("+", "")
    return Choice(plain, key, implied=value[0] == "*" or (not key and value[0] != "~"), residual=value[0] == "~")
