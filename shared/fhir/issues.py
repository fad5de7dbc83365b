"""What validation finds. Invariant: an issue names the rule and the place, never the content."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True, slots=True)
class Issue:
    """One finding: a stable rule name, the FHIR issue type (`structure`, `value`, ...), the FHIRPath, what is wrong.

    A `warning` breaks the standard without making the resource ambiguous: intake lets it pass, what we send has none.
    """

    rule: str
    issue_type: str
    expression: str
    message: str
    severity: Literal["error", "warning"] = "error"


def errors_of(issues: Iterable[Issue]) -> tuple[Issue, ...]:
    """Keep the issues that make a resource unusable."""
    return tuple(issue for issue in issues if issue.severity == "error")
