"""Small engines for tests, built in engine processes by dotted path; the text of the chart says what they do."""

import os
import time
from collections.abc import Sequence
from dataclasses import replace

from services.coder.engine.model import (
    Assertion,
    Chart,
    CodeSystem,
    EngineVersion,
    Evidence,
    Suggestion,
    Suggestions,
)

VERSION = EngineVersion("test-engine 2", "icd10cm-2026", "1" * 64)
FACTORY = f"{__name__}:build_obedient"
BROKEN_FACTORY = f"{__name__}:build_broken"


class ObedientEngine:
    """Suggests J18.9 for "pneumonia"; crashes, hangs or raises where the text says so."""

    version = VERSION

    def suggest(self, chart: Chart, *, exhaustive: bool = False) -> Suggestions:
        """Do as the first document says."""
        (document,) = chart.documents
        if "crash" in document.text:
            os._exit(3)
        if "hang" in document.text:
            time.sleep(3600)
        if "raise" in document.text:
            raise ValueError(document.text)
        start = document.text.find("pneumonia")
        evidence = (Evidence.of(document, start, start + len("pneumonia")),) if start >= 0 else ()
        found = Suggestion(CodeSystem.ICD10CM, "J18.9", "Pneumonia", 0.9, True, Assertion.PRESENT, evidence)
        version = replace(VERSION, learned=chart.learned.content_hash)
        return Suggestions(version, (found,) if evidence else ())

    def assess(self, text: str, spans: Sequence[tuple[int, int]]) -> list[Assertion]:
        """Call everything present."""
        return [Assertion.PRESENT for _ in spans]


def build_obedient() -> ObedientEngine:
    """Build the engine that does as it is told."""
    return ObedientEngine()


def build_broken() -> ObedientEngine:
    """Fail to build."""
    raise RuntimeError("no engine today")
