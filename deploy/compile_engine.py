"""Compiles the hot modules of the engine to C, from the same source: see docs/decisions/0007.

    python deploy/compile_engine.py [FOLDER]

FOLDER becomes a copy of `services` and `shared` with the compiled modules beside their sources; put it on PYTHONPATH,
or copy it over an installation. Without FOLDER it is one in the user's cache folder, named by the hash of the sources,
and compiled only where it is not there yet. The last line says where it is. It asks for mypy (with mypyc), setuptools
and a C compiler, takes a minute or two, and fails where one of them is missing. Invariant: a module that is not
compiled is the same module, so nothing may depend on which of the two runs.
"""

import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from importlib.util import find_spec
from pathlib import Path

from shared.codesets.cache import cache_folder, hash_content

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("services", "shared")
ENGINE = Path("services/coder/engine")
MODULES = (
    *("assertion/assess", "assertion/cues", "assertion/scope", "assertion/tokens"),
    *("choice", "document", "facts", "features", "findings", "index", "metastases", "page", "pipeline", "problems"),
    *("ranker", "recognise", "roles", "sections", "specificity", "stages", "tokens", "words"),
    *("conventions/combination", "conventions/companion", "conventions/confirmation", "conventions/exclusion"),
    *("conventions/history", "conventions/integral", "conventions/notes", "conventions/sequence"),
    *("conventions/tables", "conventions/therapy", "conventions/uncertainty"),
)

FLAGS = "-fno-plt -fno-semantic-interposition -fvisibility=hidden"
"""For the C compiler, beside those of the interpreter: calls of the interpreter's library are made directly."""


def compile_engine(folder: Path) -> None:
    """Copy the packages into `folder`, which must not exist, and compile in place; raises CalledProcessError."""
    for package in PACKAGES:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    sources = [str(ENGINE / f"{module}.py") for module in MODULES]
    command = [sys.executable, "-m", "mypyc", *sources]
    # Whoever sets CFLAGS replaces those of the interpreter, which turn its assertions off.
    flags = os.environ.get("CFLAGS") or sysconfig.get_config_var("CFLAGS") or ""
    environment = os.environ | {"CFLAGS": f"{flags} {FLAGS}"}
    subprocess.run(command, cwd=folder, env=environment, check=True, stdout=sys.stderr)  # noqa: S603 - names of our own
    shutil.rmtree(folder / "build")


def compile_once() -> Path:
    """The folder in the cache with the engine of these sources for this interpreter, compiled where it is not there."""
    folder = cache_folder() / f"engine-{_hash_sources()}"
    if not folder.exists():
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as scratch:
            compile_engine(Path(scratch) / folder.name)
            # Whole or not at all; whoever compiled the same beside us may have been first.
            if not folder.exists():
                (Path(scratch) / folder.name).rename(folder)
    return folder


def can_compile() -> bool:
    """Whether what compiling asks for is installed."""
    compiler = str(sysconfig.get_config_var("CC") or "cc").split()[0]
    return bool(find_spec("mypyc") and find_spec("setuptools") and shutil.which(compiler))


def _hash_sources() -> str:
    files = sorted(path for package in PACKAGES for path in (ROOT / package).rglob("*") if path.is_file())
    sources = [path for path in files if "__pycache__" not in path.parts]
    names = (str(path.relative_to(ROOT)).encode() for path in sources)
    build = " ".join((sys.version, FLAGS, *MODULES)).encode()
    return hash_content(build, *names, *(path.read_bytes() for path in sources))


def main() -> None:
    """Compile into the folder that is named, or into the cache."""
    if not can_compile():
        sys.exit("compiling the engine asks for mypy, setuptools and a C compiler")
    if len(sys.argv) > 1:
        folder = Path(sys.argv[1])
        compile_engine(folder)
    else:
        folder = compile_once()
    sys.stdout.write(f"{folder}\n")


if __name__ == "__main__":
    main()
