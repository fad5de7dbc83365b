"""Sets a warning aside for a reason that stays on the record; pure.

Place in the flow: between the scrub and the decision whether to send. Invariant: an error is never set aside, whoever
gives which reason; nothing found is ever lost, it is either open or overridden with the override beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from shared.contracts.errors import InvalidContent
from shared.contracts.messages import Finding


class OverrideRefused(InvalidContent):
    """An override without a reason or a name."""

    code = "override-refused"


@dataclass(frozen=True, slots=True)
class Override:
    """One person's reason to send in spite of one edit; of all its findings, or of the one at `expression`.

    `by` is the person as a relative reference, such as `Practitioner/coder-1`. Raises OverrideRefused.
    """

    edit: str
    reason: str
    by: str
    expression: str | None = None

    def __post_init__(self) -> None:
        if not self.reason.strip() or not self.by.strip():
            raise OverrideRefused("an override says why, and by whom")

    def covers(self, finding: Finding) -> bool:
        """Whether it is about this finding, and the finding may be overridden."""
        same_place = self.expression is None or self.expression == finding.expression
        return finding.severity != "error" and finding.edit == self.edit and same_place


@dataclass(frozen=True, slots=True)
class Overridden:
    """A finding that no longer counts, and why."""

    finding: Finding
    override: Override


@dataclass(frozen=True, slots=True)
class Judgement:
    """Every finding of a scrub, once: those that still count and those that were overridden."""

    open: tuple[Finding, ...]
    overridden: tuple[Overridden, ...]


def apply_overrides(findings: Sequence[Finding], overrides: Sequence[Override]) -> Judgement:
    """Divide the findings; an override that covers none of them, as after a correction, has no effect."""
    chosen = [(finding, next((each for each in overrides if each.covers(finding)), None)) for finding in findings]
    return Judgement(
        open=tuple(finding for finding, override in chosen if override is None),
        overridden=tuple(Overridden(finding, override) for finding, override in chosen if override),
    )
