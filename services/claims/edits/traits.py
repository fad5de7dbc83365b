"""What a claim is and has, in a few words, by which an edit says what claims it is about; pure.

Place in the flow: `ClaimUnderEdit.traits` names them once a claim, `selection` chooses edits by them. Invariant: a
trait is seen in the view alone, so naming them costs next to nothing.
"""

from typing import Literal

from services.claims.edits.view import INSTITUTIONAL, PROFESSIONAL, ClaimView

Trait = Literal[
    "professional",
    "institutional",
    "stay",
    "no stay",
    "uncoded diagnosis",
    "several diagnoses",
    "several lines",
    "modifiers",
    "death",
    "other claims",
]


def name_traits(view: ClaimView, *, beside_others: bool) -> frozenset[Trait]:
    """The traits of a claim; `beside_others` says that earlier claims have billed services for the patient."""
    found: list[Trait] = ["stay" if view.is_stay else "no stay"]
    if view.kind == PROFESSIONAL:
        found.append("professional")
    elif view.kind == INSTITUTIONAL:
        found.append("institutional")
    if len(view.coded) != len(view.diagnoses):
        found.append("uncoded diagnosis")
    if len(view.coded) > 1:
        found.append("several diagnoses")
    if len(view.lines) > 1:
        found.append("several lines")
    if any(line.modifiers for line in view.lines):
        found.append("modifiers")
    if view.patient.died:
        found.append("death")
    if beside_others:
        found.append("other claims")
    return frozenset(found)
