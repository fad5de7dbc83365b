"""A warning may be overridden with a reason; an error never; nothing found is lost."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.claims.edits.overrides import Override, OverrideRefused, apply_overrides
from shared.contracts.messages import Finding

REASON = "Documented in the addendum of the same day."
CODER = "Practitioner/coder-1"


def finding(severity: str = "warning", edit: str = "filing-late", expression: str | None = "Claim") -> Finding:
    """A finding of an edit."""
    return Finding.model_validate(
        {"edit": edit, "severity": severity, "message": "m", "fix": "f", "expression": expression}
    )


def test_a_warning_is_overridden_and_its_reason_stays_beside_it() -> None:
    override = Override("filing-late", REASON, CODER)
    judged = apply_overrides([finding()], [override])
    assert judged.open == ()
    assert [(each.finding, each.override) for each in judged.overridden] == [(finding(), override)]


@pytest.mark.parametrize(
    "override",
    [Override("other", REASON, CODER), Override("filing-late", REASON, CODER, expression="Claim.item[0]")],
)
def test_an_override_of_something_else_has_no_effect(override: Override) -> None:
    assert apply_overrides([finding()], [override]).open == (finding(),)


def test_an_error_is_never_overridden() -> None:
    error = finding("error")
    assert apply_overrides([error], [Override("filing-late", REASON, CODER)]).open == (error,)


@pytest.mark.parametrize(("reason", "by"), [("", CODER), ("  ", CODER), (REASON, "")])
def test_an_override_says_why_and_by_whom(reason: str, by: str) -> None:
    with pytest.raises(OverrideRefused):
        Override("filing-late", reason, by)


EDIT_IDS = st.sampled_from(["one", "two", "three"])
FINDINGS = st.lists(st.builds(finding, st.sampled_from(["error", "warning", "information"]), EDIT_IDS))


@given(FINDINGS, st.lists(st.builds(lambda edit: Override(edit, REASON, CODER), EDIT_IDS)))
def test_every_finding_is_open_or_overridden(findings: list[Finding], overrides: list[Override]) -> None:
    judged = apply_overrides(findings, overrides)
    kept = [*judged.open, *(each.finding for each in judged.overridden)]
    assert sorted(map(repr, kept)) == sorted(map(repr, findings))
    assert all(each.finding.severity != "error" for each in judged.overridden)
