"""The compiled engine gives the answers of the plain one.

    CHARTLINE_TEST_COMPILED=1 pytest tests/unit/coder/engine/test_compiled.py

builds it first, which takes minutes and a C compiler: without the variable it is skipped.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from bench.engine import make_note
from services.coder.engine.pipeline import name_build

pytestmark = pytest.mark.skipif("CHARTLINE_TEST_COMPILED" not in os.environ, reason="takes minutes; see the docstring")

_ROOT = Path(__file__).resolve().parents[4]
_ANSWER = """
import json, sys
from services.coder.engine.model import Chart, Document, Setting
from services.coder.engine.pipeline import build_engine, name_build

engine = build_engine()
charts = [
    Chart((Document("1", 1, text),), setting) for text in json.load(sys.stdin) for setting in Setting
]
answers = [repr(engine.suggest(chart, exhaustive=e)) for chart in charts for e in (False, True)]
spans = [repr(engine.assess(c.documents[0].text, [(n, n + 6) for n in range(0, 900, 7)])) for c in charts]
print(json.dumps([name_build(), answers, spans]))
"""

_NOTES = (
    make_note(2000),
    make_note(6000).upper(),
    make_note(2000).replace("\n", " "),
    "",
    "Naïve wörds: İstanbul – pain, pain; PAIN? No. Fever: no. Possible pneumonia (not TB), h/o MI\r\nMS.",
    "FINDINGS: Right pleural effusion or pneumonia. IMPRESSION: Pneumonia, resolved.",
    "PMH: diabetes with CKD stage 3, breast cancer metastatic to bone and liver. 32 weeks pregnant. Hypertension.",
    "A/P:\n1. Fracture of the left wrist, follow-up.\n2. Heart failure; hypertension.\n3. Obesity, BMI 41. On insulin.",
)


def ask(folder: Path) -> tuple[str, list[str], list[str]]:
    """The build of the engine in `folder`, what it suggests and what it asserts."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    output = subprocess.run(
        [sys.executable, "-c", _ANSWER],
        cwd=folder,
        env=environment,
        input=json.dumps(_NOTES),
        capture_output=True,
        text=True,
        check=True,
    ).stdout
    build, suggested, asserted = json.loads(output)
    return build, suggested, asserted


def test_the_compiled_engine_gives_the_same_answers(tmp_path: Path) -> None:
    folder = tmp_path / "compiled"
    subprocess.run([sys.executable, _ROOT / "deploy" / "compile_engine.py", folder], check=True)
    compiled, plain = ask(folder), ask(_ROOT)
    assert (compiled[0], plain[0]) == ("compiled", name_build())
    assert compiled[1:] == plain[1:]
