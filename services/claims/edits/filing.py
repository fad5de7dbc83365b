"""Is the claim in time, and not before its time? Family of edits; pure.

The year of Medicare is the longest that most payers give, so beyond it is only warned; a payer's own limit is a payer
rule (`max_days_to_file`), which is an error.
"""

from collections.abc import Iterator
from datetime import date

from services.claims.edits.model import ClaimUnderEdit, Edit, Hit

_PERIOD = "Claim.billablePeriod"


def days_to_file(subject: ClaimUnderEdit) -> int | None:
    """Days from the last service to the submission; None where one is unknown, and for the replacement of a claim."""
    ended, submitted = subject.view.ended, subject.context.submitted_on
    if ended is None or submitted is None or subject.view.is_replacement:
        return None
    return (submitted - ended).days


def _find_late(subject: ClaimUnderEdit) -> Iterator[Hit]:
    ended, submitted = subject.view.ended, subject.context.submitted_on
    if ended and submitted and not subject.view.is_replacement and submitted > _a_year_after(ended):
        yield Hit(_PERIOD)


def _a_year_after(day: date) -> date:
    """The same day of the next year; 29 February goes to the 28th."""
    is_leap_day = (day.month, day.day) == (2, 29)
    return day.replace(year=day.year + 1, day=28 if is_leap_day else day.day)


def _find_future(subject: ClaimUnderEdit) -> Iterator[Hit]:
    submitted = subject.context.submitted_on
    if submitted:
        for line in subject.view.lines:
            # A day's grace: the hospital's calendar day may be ahead of the one in UTC.
            if line.day and (line.day - submitted).days > 1:
                yield Hit(line.path)


FILING = (
    Edit(
        "filing-late",
        "42 CFR 424.44: one calendar year after the date of service",
        "The claim is sent more than a year after its last service.",
        "Check the dates; override with the payer's exception, and send its proof along.",
        _find_late,
        severity="warning",
        effective_from=date(2010, 1, 1),
        owner="operator",
    ),
    Edit(
        "service-in-future",
        "NUCC 1500 Claim Form Instruction Manual, item 24A",
        "A line's day of service is after the day of submission.",
        "Correct the date of service.",
        _find_future,
    ),
)
