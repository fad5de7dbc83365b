"""What was done to or given to the patient, as structured data says it: drugs, vaccines, supplies, devices, procedures.

Place in the flow: `services.coder.given_facts` reads it from the chart's resources; the engine's services make lines of
it; pure. Invariant: amounts are exact decimals in the unit that was written; what was not written is None or empty.
"""

from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum


class GivenKind(StrEnum):
    """What kind of thing was given."""

    DRUG = "drug"
    VACCINE = "vaccine"
    SUPPLY = "supply"
    DEVICE = "device"
    PROCEDURE = "procedure"


@dataclass(frozen=True, slots=True)
class Amount:
    """A quantity as it was written, such as 30 mg; an empty unit counts pieces."""

    value: Decimal
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Strength:
    """How much of a drug is in how much of its solution, such as 30 mg in 1 mL."""

    drug: Amount
    solution: Amount


@dataclass(frozen=True, slots=True)
class BilledAs:
    """The HCPCS code of a package by its National Drug Code, what one billing unit is, and the drug's name."""

    code: str
    unit: Amount
    name: str


@dataclass(frozen=True, slots=True)
class GivenFact:
    """One thing that was given or done.

    `path` is the resource's reference; `codes` are (FHIR system URI, code); `text` holds its notes and instructions;
    `minutes` is how long it ran; `reasons` are ICD-10-CM codes that its resource names; `billed_as` is what the loaded
    NDC-HCPCS crosswalk of the day says of its package.
    """

    kind: GivenKind
    path: str
    title: str = ""
    codes: tuple[tuple[str, str], ...] = ()
    amount: Amount | None = None
    strength: Strength | None = None
    route: str = ""
    minutes: int | None = None
    body_site: str = ""
    text: str = ""
    reasons: tuple[str, ...] = ()
    billed_as: BilledAs | None = None

    def code_in(self, system: str) -> str:
        """Return the first code in a FHIR system, or ''."""
        return next((code for each, code in self.codes if each == system), "")
