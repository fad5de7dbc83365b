"""What an edit is and what it looks at; pure.

Invariant: an edit names places (FHIRPath in the Claim), never values; its finding can be shown, logged and counted.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from functools import cached_property, lru_cache
from itertools import combinations
from typing import Literal, NamedTuple, TypeVar

import orjson

from services.claims.edits.reference import Exclusion, Fault, PairBook, ReferenceData, Stay, UnitLimit
from services.claims.edits.service_codes import ServiceCodes
from services.claims.edits.traits import Trait, name_traits
from services.claims.edits.view import INSTITUTIONAL, ClaimView, Element, Line, each_path, read_claim
from services.claims.payers import PayerLimits
from services.claims.x12 import Obstacle, find_obstacles
from shared.contracts.messages import Finding

Severity = Literal["error", "warning", "information"]
Owner = Literal["coder", "registration", "operator"]
Table = TypeVar("Table")

_FINDINGS_KEPT = 16_384


@dataclass(frozen=True, slots=True)
class BilledService:
    """A service that an earlier claim for the same patient and provider has billed."""

    code: str
    modifiers: tuple[str, ...]
    day: date
    units: Decimal = Decimal(1)


@dataclass(frozen=True, slots=True)
class EditContext:
    """What the claim itself does not say: where it goes, when, after what, and the reference data of the day.

    `channel` is how the payer takes claims ("kafka", "fhir", "x12"); `payer` its name in the settings.
    """

    reference: ReferenceData = field(default_factory=ReferenceData)
    payer: str = ""
    channel: str = ""
    submitted_on: date | None = None
    already_billed: Sequence[BilledService] = ()
    payer_rules: "Sequence[Edit]" = ()


@dataclass(frozen=True)
class ClaimUnderEdit:
    """A built claim: the Bundle's bytes as they would be sent, what its payer can carry, and its context."""

    bundle_bytes: bytes
    limits: PayerLimits
    service_date: date | None
    context: EditContext = field(default_factory=EditContext)

    @cached_property
    def bundle(self) -> Element:
        """The Bundle, read."""
        bundle: Element = orjson.loads(self.bundle_bytes)
        return bundle

    @cached_property
    def claim(self) -> Element:
        """The Claim, which is the first entry."""
        claim: Element = self.bundle["entry"][0]["resource"]
        return claim

    @cached_property
    def view(self) -> ClaimView:
        """The Claim, typed. Only for a Claim that is valid FHIR."""
        encounter = next((each for each in self._resources() if each.get("resourceType") == "Encounter"), {})
        return read_claim(self.claim, self.resolve("patient"), encounter, self.service_date)

    @cached_property
    def missing_by_path(self) -> dict[tuple[str, ...], list[str]]:
        """Where elements of the table of fields are missing, as far as it is known by now."""
        return {}

    @cached_property
    def _followed(self) -> dict[str, Element]:
        return {}

    @property
    def reference(self) -> ReferenceData:
        """The reference data to check against."""
        return self.context.reference

    def each(self, name: str) -> Iterator[tuple[str, Element]]:
        """Yield the path and the element of each repetition of one of the Claim's elements."""
        return each_path(self.claim, name)

    def resolve(self, name: str) -> Element:
        """The resource in the Bundle that the Claim's element `name` refers to; {} where there is none."""
        return self.follow(self.claim.get(name) or {})

    def follow(self, reference: Element) -> Element:
        """The resource in the Bundle, or inside the Claim, that a reference leads to; {} where there is none."""
        target = str(reference.get("reference") or "")
        if target not in self._followed:
            self._followed[target] = self._find(target)
        return self._followed[target]

    def _find(self, target: str) -> Element:
        if target.startswith("#"):
            return next((each for each in self.claim.get("contained") or () if each.get("id") == target[1:]), {})
        entries: list[Element] = self.bundle["entry"]
        for entry in entries if target else ():
            url = entry.get("fullUrl", "")
            if url == target or url.endswith(f"/{target}"):
                resource: Element = entry.get("resource", {})
                return resource
        return {}

    def _resources(self) -> Iterator[Element]:
        for entry in self.bundle["entry"]:
            yield entry.get("resource", {})

    @cached_property
    def traits(self) -> frozenset[Trait]:
        """What the claim is and has, by which its edits are chosen."""
        return name_traits(self.view, beside_others=bool(self.context.already_billed))

    @cached_property
    def service_day(self) -> date | None:
        """The day whose rules and code sets hold: of discharge for a stay, else of service as told or first named."""
        if self.view.is_stay and self.view.ended:
            return self.view.ended
        days = (line.day for line in self.view.lines if line.day)
        return self.service_date or self.view.started or min(days, default=None)

    @cached_property
    def diagnosis_faults(self) -> tuple[tuple[str, Fault], ...]:
        """The paths of the diagnoses that cannot be billed on the day, and why; nothing without tables for the day."""
        book, editor, day = self.reference.diagnoses, self.reference.editor, self.service_day
        if book is None or editor is None or day is None:
            return ()
        invalid = [each for each in self.view.coded if "INVALID_CODE" in (editor.objections_to(each.code, day) or ())]
        return tuple((each.path, book.find_fault(each.code)) for each in invalid)

    @cached_property
    def x12_obstacles(self) -> tuple[Obstacle, ...]:
        """The places that an 837 of this claim could not carry. Only for a Claim that is valid FHIR."""
        return find_obstacles(self.bundle_bytes)

    @cached_property
    def exclusions(self) -> tuple[tuple[str, str, Exclusion], ...]:
        """The paths of every two diagnoses that an Excludes1 note keeps apart, and where the note stands."""
        book = self.reference.diagnoses
        return tuple(
            (one.path, two.path, where)
            for one, two in (combinations(self.view.coded, 2) if book else ())
            if book and one.code != two.code and (where := book.excludes(one.code, two.code))
        )

    @cached_property
    def pairs(self) -> tuple[tuple[Line, Line, str], ...]:
        """Every two lines of one day that are column 1 and column 2 of an NCCI pair in force, and its indicator."""
        book = self._choose(self.reference.pairs, self.reference.outpatient_pairs, PairBook(()))
        return tuple(
            (one, two, indicator)
            for one in (self.view.lines if book else ())
            if one.day and book.begins(one.code, one.day)
            for two in self.view.lines
            if two is not one and two.day == one.day and (indicator := book.find(one.code, two.code, one.day))
        )

    @cached_property
    def unit_limits(self) -> Mapping[str, Sequence[UnitLimit]]:
        """The medically unlikely edits for the claim, by service code."""
        return self._choose(self.reference.unit_limits, self.reference.outpatient_unit_limits, {})

    @cached_property
    def limited_lines(self) -> tuple[tuple[Line, UnitLimit], ...]:
        """Every line whose service has a medically unlikely edit in force, with it; one of each indicator."""
        return tuple(
            (line, limit)
            for line in self.view.lines
            if line.day and (rows := self.unit_limits.get(line.code))
            for limit in {row.indicator: row for row in reversed(rows) if row.holds_on(line.day)}.values()
        )

    def _choose(self, practitioner: Table, outpatient: Table, none: Table) -> Table:
        """The NCCI's table for the claim; an inpatient stay is paid by group, and has none."""
        if self.view.kind != INSTITUTIONAL:
            return practitioner
        return none if self.view.is_stay else outpatient

    @cached_property
    def stay_edits(self) -> frozenset[str]:
        """What the Medicare Code Editor finds in an inpatient stay; nothing for other claims."""
        view, editor = self.view, self.reference.editor
        if editor is None or view.ended is None or not (view.is_stay and view.diagnoses and view.diagnoses[0].code):
            return frozenset()
        age = view.patient.age_on(view.started or view.ended)
        if age is None or age < 0:
            return frozenset()
        stay = Stay(
            discharged=view.ended,
            age=age,
            gender=view.patient.gender,
            discharge_status=view.discharge_status,
            diagnoses=tuple((each.code.replace(".", ""), each.on_admission) for each in view.diagnoses if each.code),
            procedures=tuple(procedure.code for procedure in view.procedures),
        )
        return editor.edit_stay(stay) or frozenset()


class Hit(NamedTuple):
    """A place that breaks a rule: its FHIRPath, and for rules of several parts which part."""

    expression: str
    detail: str = ""


@dataclass(frozen=True, slots=True, eq=False)
class Edit:
    """One billing rule. `find` yields every place that breaks it; `source` is where the rule stands.

    Each is itself and no other, so a selection of them is found again by their identities.

    It applies to services from `effective_from` up to and including `effective_until`, without a service date always;
    and to the `payers` and `channels` named, all of them where none is. `owner` is who can fix what it finds.

    It is about claims with every trait that it `needs`, and `find` is asked of no other. Where `services` are named it
    can find nothing in a claim without a line of these.
    """

    id: str
    source: str
    message: str
    fix: str
    find: Callable[[ClaimUnderEdit], Iterable[Hit]]
    severity: Severity = "error"
    effective_from: date = field(default=date.min)
    effective_until: date = field(default=date.max)
    version: str = "1"
    payers: frozenset[str] = frozenset()
    channels: frozenset[str] = frozenset()
    owner: Owner = "coder"
    needs: frozenset[Trait] = frozenset()
    services: ServiceCodes | None = None

    def applies_on(self, service_date: date | None) -> bool:
        """Tell whether the rule was in effect on the day of the service."""
        return service_date is None or self.effective_from <= service_date <= self.effective_until

    def applies_to(self, payer: str, channel: str) -> bool:
        """Tell whether the rule is one of the claim's payer and channel."""
        return (not self.payers or payer in self.payers) and (not self.channels or channel in self.channels)

    def scrub(self, subject: ClaimUnderEdit) -> tuple[Finding, ...]:
        """Return a finding for every place that breaks the rule, in a claim that it is about."""
        is_about = not self.needs or self.needs <= subject.traits
        return tuple(self.report(hit) for hit in self.find(subject)) if is_about else ()

    def report(self, hit: Hit) -> Finding:
        """The finding of a place that breaks the rule."""
        return _report(self, hit)


@lru_cache(maxsize=_FINDINGS_KEPT)
def _report(edit: Edit, hit: Hit) -> Finding:
    """A finding names no value of its claim, so claims share it."""
    message = f"{edit.message} ({hit.detail})" if hit.detail else edit.message
    return Finding(edit=edit.id, severity=edit.severity, message=message, fix=edit.fix, expression=hit.expression)
