"""Reads where a named cancer has spread to: "breast cancer metastatic to the bone and liver" has two more diagnoses.

Place in the flow: `recognise` calls it last, since the words "breast cancer metastatic" are a term that ends before the
sites. Invariant: only sites of `neoplasm_sites.tsv` with a code for secondary neoplasms, only words that no match has.
"""

import re
from collections.abc import Iterator
from functools import cache
from typing import NamedTuple

from services.coder.engine.page import Page
from services.coder.engine.tokens import read_table

_BETWEEN = r"(?:(?:cancer|carcinoma|adenocarcinoma|ca|malignancy|disease|lesions?|tumou?rs?)\s+)?"
_BESIDE = r"(?:(?:the|his|her|left|right|bilateral|both|multiple)\s+)*"
_JOINT = r"(?:\s*,\s*(?:and\s+)?|\s+and\s+|\s*&\s*)"


class SpreadSite(NamedTuple):
    """The code of a secondary neoplasm, and the site's words at `start:end`."""

    start: int
    end: int
    code: str


@cache
def _load_sites() -> dict[str, str]:
    rows = list(read_table("neoplasm_sites.tsv"))
    return {site: codes[1] for sites, *codes in rows if codes[1] for site in sites.split("|")}


@cache
def _site_pattern() -> re.Pattern[str]:
    longest_first = sorted(_load_sites(), key=len, reverse=True)
    return re.compile(rf"\b(?:{'|'.join(map(re.escape, longest_first))})s?\b", re.IGNORECASE)


@cache
def _spread_pattern() -> re.Pattern[str]:
    site = rf"{_BESIDE}{_site_pattern().pattern}"
    return re.compile(
        rf"\b(?:metasta\w+|mets)\s+(?:{_site_pattern().pattern}\s+)?{_BETWEEN}(?:to|in|into|involving)\s+"
        rf"(?P<sites>{site}(?:{_JOINT}{site})*)",
        re.IGNORECASE,
    )


def find_spread(page: Page) -> Iterator[SpreadSite]:
    """The sites to which a text says that something has metastasised, in order of position."""
    if "metasta" not in page.folded and "mets" not in page.folded:
        return
    text = page.text
    for found in _spread_pattern().finditer(text):
        for site in _site_pattern().finditer(text, *found.span("sites")):
            word = " ".join(site[0].lower().split())
            yield SpreadSite(*site.span(), _load_sites().get(word) or _load_sites()[word.removesuffix("s")])
