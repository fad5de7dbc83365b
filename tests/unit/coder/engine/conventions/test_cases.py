"""The conventions for and against, case by case; `cases.toml` holds them."""

import tomllib
from pathlib import Path
from typing import TypedDict

import pytest

from services.coder.engine.conventions import CONVENTIONS
from services.coder.engine.findings import Finding
from services.coder.engine.model import Assertion, Setting
from services.coder.engine.sections import SectionKind
from tests.unit.coder.engine.conventions.conftest import build_chart


class Case(TypedDict, total=False):
    rule: str
    setting: str
    given: list[str]
    gives: list[str]
    lines: dict[str, str]


CASES: list[Case] = tomllib.loads(Path(__file__).with_name("cases.toml").read_text(encoding="utf-8"))["case"]


def describe(finding: Finding, *, with_missing: bool) -> str:
    """A finding in the shorthand of the cases."""
    parts = [] if finding.assertion is Assertion.PRESENT else [str(finding.assertion)]
    parts.append(finding.code)
    if all(m.section is not SectionKind.ASSESSMENT for m in finding.mentions):
        parts.append(f"@{finding.mentions[0].section}")
    parts += ["!"] if any(m.problem for m in finding.mentions) else []
    parts += [f"<{finding.after}"] if finding.after else []
    parts += [f"-{finding.withheld.name.lower()}"] if finding.withheld else []
    parts += [f"?{detail}" for detail in finding.missing] if with_missing else []
    return " ".join(parts)


@pytest.mark.parametrize("case", CASES, ids=[case["rule"] for case in CASES])
def test_convention(case: Case) -> None:
    findings, reading = build_chart(
        case["given"], setting=Setting(case.get("setting", "outpatient")), lines=case.get("lines")
    )
    for stage in CONVENTIONS:
        findings = stage(findings, reading)
    with_missing = any("?" in said for said in case["gives"])
    assert sorted(describe(f, with_missing=with_missing) for f in findings) == sorted(case["gives"])
