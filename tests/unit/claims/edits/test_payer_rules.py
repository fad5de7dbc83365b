"""A payer's rules from TOML: what they can say, whom they bind and when, and what is refused."""

import re
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from services.claims.edits import BILLING_EDITS, PayerRulesRefused, ReferenceData, read_payer_rules, run_edits
from services.claims.edits.payer_rules import require_known_payers
from tests.builders import Resource
from tests.unit.claims.edits.subjects import Claimed, line

HEAD = """
[[rule]]
id = "acme/rule"
source = "Acme provider manual 2026, section 4"
message = "Acme asks for something."
fix = "Do it."
payers = ["acme"]
"""
VISIT = line("99213")


def places(rule: str, claimed: Claimed) -> list[str | None]:
    """Where the payer's rule alone is broken."""
    rules = read_payer_rules(HEAD + rule)
    subject = replace(claimed, rules=rules).under_edit(ReferenceData())
    return [finding.expression for finding in run_edits(subject, ()) if finding.edit == "acme/rule"]


ACME = Claimed(payer="acme")


@pytest.mark.parametrize(
    ("rule", "breaks", "sound"),
    [
        ("when.services = ['99202-99215']\nrequire.modifiers = ['25']", (VISIT,), (line("99213", "25"),)),
        ("when.services = ['99202-99215']\nforbid.places = ['02']", (line("99213", place="02"),), (VISIT,)),
        ("when.services = ['99213']\nrequire.diagnoses = ['E08-E13']", (VISIT,), (line("99214"),)),
        ("require.max_units = 4", (line("97110", units=5),), (line("97110", units=4),)),
        ("when.modifiers = ['50']\nforbid.services = ['20610']", (line("20610", "50"),), (line("20610"),)),
    ],
)
def test_a_rule_about_lines(rule: str, breaks: tuple[Resource, ...], sound: tuple[Resource, ...]) -> None:
    assert places(rule, replace(ACME, lines=breaks)) == ["Claim.item[0]"]
    assert places(rule, replace(ACME, lines=sound)) == []


def test_a_rule_about_another_line_of_the_day() -> None:
    rule = "when.services = ['96372']\nrequire.other_services = ['J0000-J9999']"
    drug = line("J1100")
    assert places(rule, replace(ACME, lines=(line("96372"),))) == ["Claim.item[0]"]
    assert places(rule, replace(ACME, lines=(line("96372"), drug))) == []
    assert places(rule, replace(ACME, lines=(line("96372"), {**drug, "servicedDate": "2026-09-02"}))) == [
        "Claim.item[0]"
    ]


@pytest.mark.parametrize(
    ("rule", "breaks", "sound"),
    [
        (
            "require.max_days_to_file = 90",
            replace(ACME, sent=date(2026, 12, 1)),
            replace(ACME, sent=date(2026, 11, 30)),
        ),
        ("require.min_age = 18", replace(ACME, born="2008-09-02"), replace(ACME, born="2008-09-01")),
        ("require.max_age = 17", replace(ACME, born="2008-09-01"), replace(ACME, born="2008-09-02")),
        ("forbid.genders = ['male']", replace(ACME, gender="male"), ACME),
        ("forbid.kinds = ['institutional']", replace(ACME, kind="institutional"), ACME),
        ("require.diagnoses = ['J18']", replace(ACME, diagnoses=("I10",)), replace(ACME, diagnoses=("I10", "J18.9"))),
    ],
)
def test_a_rule_about_the_claim(rule: str, breaks: Claimed, sound: Claimed) -> None:
    assert places(f"about = 'claim'\n{rule}", breaks) == ["Claim"]
    assert places(f"about = 'claim'\n{rule}", sound) == []


def test_a_rule_binds_its_payer_only() -> None:
    assert places("require.modifiers = ['25']", replace(ACME, payer="other")) == []


@pytest.mark.parametrize(
    ("day", "found"),
    [(date(2025, 12, 31), False), (date(2026, 1, 1), True), (date(2026, 6, 30), True), (date(2026, 7, 1), False)],
)
def test_a_rule_holds_on_its_first_and_last_day(day: date, found: bool) -> None:
    rule = "effective_from = 2026-01-01\neffective_until = 2026-06-30\nrequire.modifiers = ['25']"
    assert bool(places(rule, replace(ACME, day=day, sent=day))) is found


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("[[rule]", "not TOML"),
        ("", r"has no \[\[rule\]\]"),
        ("[rule]\nid = 'acme/rule'", r"a list in brackets.*\[\[rule\]\]"),
        (HEAD + "require = {}", "has no part"),
        (HEAD + "forbid = {}", "has no part"),
        (HEAD + "require.modifiers = '25'", "list in brackets"),
        (HEAD + "require.services = [99213]", "in quotes"),
        (HEAD + "require.services = ['99215-99202']", "ends before it begins"),
        (HEAD + "require.services = ['992']", "five characters"),
        (HEAD + "require.diagnoses = ['E14-E11']", "ends before it begins"),
        (HEAD + "require.diagnoses = ['diabetes']", "a code or its beginning"),
        (HEAD + "require.places = ['2']", "two digits"),
        (HEAD + "require.modifiers = ['255']", "two letters or digits"),
        (HEAD + "require.max_units = -1", "0 or more"),
        (HEAD + "require = { min_age = 9, max_age = 3 }", "max_age is less"),
        (HEAD + "effective_from = '31.1.2026'\nrequire.max_units = 1", "without quotes"),
        (HEAD, "requires or forbids something"),
        (HEAD + "require.modifier = ['25']", r"rule 1 \(acme/rule\), require.modifier: there is no part"),
        (
            HEAD.replace("acme/rule", "excludes1") + "require.modifiers = ['25']",
            r"rule 1 \(excludes1\), id: an id is the payer",
        ),
        (HEAD + "severity = 'fatal'\nrequire.modifiers = ['25']", r"rule 1 \(acme/rule\), severity"),
        ((HEAD + "require.modifiers = ['25']") * 2, "the same id"),
        (
            HEAD + "effective_from = 2026-02-01\neffective_until = 2026-01-01\nrequire.max_units = 1",
            "does not end before",
        ),
    ],
)
def test_a_file_that_cannot_be_understood_is_refused(text: str, says: str) -> None:
    with pytest.raises(PayerRulesRefused, match=says):
        read_payer_rules(text)


def test_codes_may_be_written_as_billers_write_them() -> None:
    rule = "when = { services = ['j1885 - J1890'], diagnoses = ['e119'] }\nrequire.modifiers = ['jw']"
    claimed = replace(ACME, diagnoses=("E11.9",), lines=(line("J1885"), line("J1886", "JW")))
    assert places(rule, claimed) == ["Claim.item[0]"]


def test_a_rule_of_a_payer_that_nobody_configured_is_refused() -> None:
    rules = read_payer_rules(HEAD + "require.modifiers = ['25']")
    require_known_payers(rules, {"acme": 1, "other": 2})
    with pytest.raises(PayerRulesRefused, match="acme/rule, payers: the settings have no payer acme"):
        require_known_payers(rules, ["acne"])


def test_no_payer_rule_can_take_the_id_of_an_edit() -> None:
    assert not any("/" in edit.id for edit in BILLING_EDITS)


def test_the_documented_example_works() -> None:
    text = (Path(__file__).parents[4] / "docs" / "edits.md").read_text(encoding="utf-8")
    rules = read_payer_rules("".join(re.findall(r"```toml\n(.*?)```", text, re.DOTALL)))
    claimed = replace(ACME, lines=(VISIT, line("20610")), sent=date(2026, 12, 31), rules=rules)
    findings = run_edits(claimed.under_edit(ReferenceData()), ())
    assert [(finding.edit, finding.expression) for finding in findings] == [
        ("acme/visit-with-procedure", "Claim.item[0]"),
        ("acme/timely", "Claim"),
    ]
