"""Finds the Java and the Maven of this machine."""

import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache

MIN_JAVA_MAJOR = 17


@dataclass(frozen=True, slots=True)
class Java:
    """An installed Java: its launcher and its whole version, such as 17.0.15."""

    launcher: str
    version: str


@cache
def find_java() -> Java | None:
    """The Java of JAVA_HOME, else of PATH; None when there is none or it is older than 17."""
    home = os.environ.get("JAVA_HOME")
    launcher = shutil.which("java", path=os.path.join(home, "bin")) if home else None
    launcher = launcher or shutil.which("java")
    if launcher is None:
        return None
    answer = subprocess.run([launcher, "-version"], capture_output=True, text=True, check=False)  # noqa: S603 - the java that PATH names
    found = re.search(r'version "((\d+)[^"]*)"', answer.stderr)
    if found is None or int(found[2]) < MIN_JAVA_MAJOR:
        return None
    return Java(launcher, found[1])


def find_maven() -> str | None:
    """The `mvn` of PATH."""
    return shutil.which("mvn")
