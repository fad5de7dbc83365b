"""Holds suggested services and procedures against the releases of their systems: titles, and validity on the day.

Place in the flow: `service.releases` reads the releases that are loaded, this compares; pure. Invariant: a system of
which nothing is loaded is left as it is; a code that its release does not know on the day stays visible, unselected.
"""

from collections.abc import Mapping
from dataclasses import replace
from typing import Final

from services.coder.engine.model import CodeSystem, Suggestion, Suggestions

KINDS: Final = {CodeSystem.HCPCS: "hcpcs", CodeSystem.CPT: "cpt", CodeSystem.ICD10PCS: "icd10pcs-order"}
"""The kind of official file that names the codes of a system."""
_GAP = "a number valid on the day"

Titles = Mapping[str, str]
"""The codes of a system that hold on a day, with their titles."""


def compare_with_releases(answer: Suggestions, known: Mapping[CodeSystem, Titles]) -> Suggestions:
    """Title the services by the releases that are loaded, and offer only what these do not know on the day."""
    return replace(answer, suggestions=tuple(_compare(each, known) for each in answer.suggestions))


def _compare(suggestion: Suggestion, known: Mapping[CodeSystem, Titles]) -> Suggestion:
    titles = known.get(suggestion.system)
    if titles is None:
        return suggestion
    if suggestion.code in titles:
        return suggestion._replace(display=titles[suggestion.code] or suggestion.display)
    why = f"{suggestion.why} The loaded release does not know this number on the day."
    return suggestion._replace(selected=False, missing=(*suggestion.missing, _GAP), why=why.strip())
