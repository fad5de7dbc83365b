"""Measured on the NegEx annotations: negation F1 stays above its target."""

import json
import os
from pathlib import Path

import pytest

from services.coder.engine.assertion import Assessor
from services.coder.engine.model import Assertion

FOLDER = Path(os.environ.get("CHARTLINE_DEV_DATA", Path(__file__).resolve().parents[6] / "shared" / "data"))
GOLD = FOLDER / "negex_dev.jsonl"


@pytest.mark.real_data
@pytest.mark.skipif(not GOLD.exists(), reason="the development data are not here")
def test_negation_f1_is_above_its_target() -> None:
    assessor = Assessor()
    hits = found = wanted = 0
    for row in map(json.loads, GOLD.read_text(encoding="utf-8").splitlines()):
        start, end = row["span"] or (0, len(row["text"]))
        is_absent = assessor.assess(row["text"], [(start, end)]) == [Assertion.ABSENT]
        is_negated = row["negation"] == "negated"
        hits, found, wanted = hits + (is_absent and is_negated), found + is_absent, wanted + is_negated
    assert 2 * hits / (found + wanted) >= 0.97
