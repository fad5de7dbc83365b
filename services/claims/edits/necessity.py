"""Do the diagnoses of a line support its service? Family of edits, by the payer's coverage rules; pure."""

from collections.abc import Iterator, Sequence

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit
from services.claims.edits.modifier_table import LIABILITY
from services.claims.edits.reference import CoverageRule
from services.claims.edits.view import Line
from shared.codesets.icd10cm import in_targets


def _find_unsupported(subject: ClaimUnderEdit) -> Iterator[Hit]:
    """A line whose service has rules of the payer on its day, of which no diagnosis it points to meets one."""
    for line in subject.view.lines:
        rules = _rules_of(subject, line)
        if rules and LIABILITY.isdisjoint(line.modifiers) and not _is_supported(line, rules):
            yield Hit(line.path)


def _rules_of(subject: ClaimUnderEdit, line: Line) -> Sequence[CoverageRule]:
    rules = subject.reference.coverage.get(line.code, ())
    payers = ("", subject.context.payer)
    return [rule for rule in rules if line.day and rule.payer in payers and rule.holds_on(line.day)]


def _is_supported(line: Line, rules: Sequence[CoverageRule]) -> bool:
    return any(in_targets(diagnosis.code, rule.diagnoses) for rule in rules for diagnosis in line.diagnoses)


def _find_unlinked(subject: ClaimUnderEdit) -> Iterator[Hit]:
    if subject.view.diagnoses:
        yield from (Hit(f"{line.path}.diagnosisSequence") for line in subject.view.lines if not line.diagnoses)


NECESSITY = (
    Edit(
        "not-medically-necessary",
        "Social Security Act, section 1862(a)(1)(A); the payer's national and local coverage rules",
        "No diagnosis of the line supports its service under the payer's coverage rules.",
        "Point the line to the diagnosis that is the reason for the service, or bill it with a liability modifier.",
        _find_unsupported,
    ),
    Edit(
        "line-without-diagnosis",
        "NUCC 1500 Claim Form Instruction Manual, item 24E; X12 837P, SV107",
        "A line points to no diagnosis.",
        "Point the line to the diagnosis that is the reason for the service.",
        _find_unlinked,
        needs=frozenset({"professional"}),
    ),
)
