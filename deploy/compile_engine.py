"""Compiles the hot modules of the engine to C, from the same source: optional, see docs/decisions/0007.

    python deploy/compile_engine.py FOLDER

FOLDER becomes a copy of `services` and `shared` with the compiled modules beside their sources; put it on PYTHONPATH.
It asks for mypy (with mypyc), setuptools and a C compiler, and takes two minutes. Invariant: a module that is not
compiled is the same module, so nothing may depend on which of the two runs.
"""

import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
ENGINE = Path("services/coder/engine")
MODULES = (
    *("assertion/assess", "assertion/cues", "assertion/scope", "assertion/tokens"),
    *("choice", "document", "features", "facts", "findings", "index", "metastases", "page", "pipeline", "problems"),
    *("ranker", "recognise", "roles", "sections", "specificity", "stages", "tokens", "words"),
    *("conventions/combination", "conventions/companion"),
    *("conventions/confirmation", "conventions/exclusion", "conventions/history", "conventions/integral"),
    *("conventions/notes", "conventions/sequence", "conventions/tables", "conventions/therapy"),
    "conventions/uncertainty",
)


def compile_engine(folder: Path) -> None:
    """Copy the packages into `folder`, which must not exist, and compile in place; raises CalledProcessError."""
    for package in ("services", "shared"):
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    sources = [str(ENGINE / f"{module}.py") for module in MODULES]
    subprocess.run([sys.executable, "-m", "mypyc", *sources], cwd=folder, check=True)  # noqa: S603 - names of our own
    shutil.rmtree(folder / "build")


if __name__ == "__main__":
    compile_engine(Path(sys.argv[1]))
