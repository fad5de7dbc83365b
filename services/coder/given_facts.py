"""What was done to or given to the patient, read from the resources that travel with a chart.

Place in the flow: `chart_facts` asks for it when it makes the engine's chart; pure. Invariants: only what was completed
is given; amounts keep the decimals that the sender wrote; what a resource does not say is None or empty.
Source: HL7 FHIR R4 (4.0.1) MedicationAdministration, Immunization, SupplyDelivery, DeviceUseStatement, Procedure.
"""

from collections.abc import Callable, Iterable, Iterator
from decimal import Decimal
from typing import Final

from pydantic import Field

from services.coder.engine.given import Amount, GivenFact, GivenKind, Strength
from shared.contracts.messages import ResourceVersion
from shared.fhir import systems
from shared.fhir.elements import CodeableConcept, Period, Reference, Subset, codes_in
from shared.fhir.subset import ResourceSubset, read_as

Find = Callable[[str], ResourceVersion | None]
"""The resource of a reference, None where it does not travel with the chart."""
_DONE: Final = frozenset({"completed", "active", "in-progress"})
"""States of R4 in which the thing was given; a device that is in use is `active`."""


class _Quantity(Subset):
    value: Decimal | None = None
    unit: str = ""
    code: str = ""

    def as_amount(self) -> Amount | None:
        return None if self.value is None else Amount(self.value, self.unit or self.code)


class _Ratio(Subset):
    numerator: _Quantity = _Quantity()
    denominator: _Quantity = _Quantity()

    def as_strength(self) -> Strength | None:
        drug, solution = self.numerator.as_amount(), self.denominator.as_amount()
        return Strength(drug, solution) if drug and solution else None


class _Note(Subset):
    text: str = ""


class _Dosage(Subset):
    text: str = ""
    route: CodeableConcept = CodeableConcept()
    dose: _Quantity = _Quantity()


class _Given(ResourceSubset):
    """What the resources of this module have in common."""

    status: str = ""
    code: CodeableConcept = CodeableConcept()
    reason_code: tuple[CodeableConcept, ...] = Field(default=(), alias="reasonCode")
    reason_reference: tuple[Reference, ...] = Field(default=(), alias="reasonReference")
    note: tuple[_Note, ...] = ()

    @property
    def notes(self) -> str:
        return " ".join(note.text for note in self.note)


class _Administration(_Given):
    concept: CodeableConcept = Field(default=CodeableConcept(), alias="medicationCodeableConcept")
    reference: Reference = Field(default=Reference(), alias="medicationReference")
    period: Period = Field(default=Period(), alias="effectivePeriod")
    dosage: _Dosage = _Dosage()


class _Ingredient(Subset):
    strength: _Ratio = _Ratio()


class _Medication(ResourceSubset):
    code: CodeableConcept = CodeableConcept()
    ingredient: tuple[_Ingredient, ...] = ()


class _Immunization(_Given):
    vaccine: CodeableConcept = Field(default=CodeableConcept(), alias="vaccineCode")
    primary_source: bool = Field(default=True, alias="primarySource")


class _Item(Subset):
    quantity: _Quantity = _Quantity()
    concept: CodeableConcept = Field(default=CodeableConcept(), alias="itemCodeableConcept")
    reference: Reference = Field(default=Reference(), alias="itemReference")


class _Delivery(_Given):
    supplied: _Item = Field(default=_Item(), alias="suppliedItem")


class _DeviceName(Subset):
    name: str = ""


class _Device(ResourceSubset):
    type: CodeableConcept = CodeableConcept()
    names: tuple[_DeviceName, ...] = Field(default=(), alias="deviceName")


class _DeviceUse(_Given):
    device: Reference = Reference()
    body_site: CodeableConcept = Field(default=CodeableConcept(), alias="bodySite")


class _Procedure(_Given):
    body_site: tuple[CodeableConcept, ...] = Field(default=(), alias="bodySite")
    period: Period = Field(default=Period(), alias="performedPeriod")


def list_given_facts(resources: Iterable[ResourceVersion], find: Find) -> Iterator[GivenFact]:
    """List what the resources tell was given or done, in their order; `find` resolves a reference."""
    for version in resources:
        reader = _READERS.get(version.resource_type)
        if reader and read_as(_Given, version.body).status in _DONE:
            fact = reader(version, find)
            if fact:
                yield fact


def _read_administration(version: ResourceVersion, find: Find) -> GivenFact:
    given = read_as(_Administration, version.body)
    found = find(given.reference.reference)
    drug = read_as(_Medication, found.body) if found and found.resource_type == "Medication" else None
    concept = drug.code if drug else given.concept
    strengths = (each.strength.as_strength() for each in drug.ingredient) if drug else iter(())
    return GivenFact(
        GivenKind.DRUG,
        version.reference,
        _clean(concept.title or given.reference.display),
        _list_codes(concept),
        amount=given.dosage.dose.as_amount(),
        strength=next(strengths, None),
        route=_clean(given.dosage.route.title or next((c.code for c in given.dosage.route.coding), "")),
        minutes=_count_minutes(given.period),
        text=_clean(f"{given.dosage.text} {given.notes}".strip()),
        reasons=_list_reasons(given, find),
    )


def _read_immunization(version: ResourceVersion, find: Find) -> GivenFact | None:
    given = read_as(_Immunization, version.body)
    if not given.primary_source:  # Told by the patient or another register, not given here.
        return None
    return GivenFact(
        GivenKind.VACCINE,
        version.reference,
        _clean(given.vaccine.title),
        _list_codes(given.vaccine),
        reasons=_list_reasons(given, find),
    )


def _read_delivery(version: ResourceVersion, find: Find) -> GivenFact:
    given = read_as(_Delivery, version.body)
    concept = _name_item(given.supplied.concept, given.supplied.reference, find)
    return GivenFact(
        GivenKind.SUPPLY,
        version.reference,
        _clean(concept.title or given.supplied.reference.display),
        _list_codes(concept),
        amount=given.supplied.quantity.as_amount(),
        reasons=_list_reasons(given, find),
    )


def _read_device_use(version: ResourceVersion, find: Find) -> GivenFact:
    given = read_as(_DeviceUse, version.body)
    concept = _name_item(CodeableConcept(), given.device, find)
    return GivenFact(
        GivenKind.DEVICE,
        version.reference,
        _clean(concept.title or given.device.display),
        _list_codes(concept),
        body_site=_clean(given.body_site.title),
        text=_clean(given.notes),
        reasons=_list_reasons(given, find),
    )


def _read_procedure(version: ResourceVersion, find: Find) -> GivenFact:
    given = read_as(_Procedure, version.body)
    return GivenFact(
        GivenKind.PROCEDURE,
        version.reference,
        _clean(given.code.title),
        _list_codes(given.code),
        minutes=_count_minutes(given.period),
        body_site=_clean(" ".join(site.title for site in given.body_site)),
        text=_clean(given.notes),
        reasons=_list_reasons(given, find),
    )


_READERS: Final[dict[str, Callable[[ResourceVersion, Find], GivenFact | None]]] = {
    "MedicationAdministration": _read_administration,
    "Immunization": _read_immunization,
    "SupplyDelivery": _read_delivery,
    "DeviceUseStatement": _read_device_use,
    "Procedure": _read_procedure,
}


def _name_item(concept: CodeableConcept, reference: Reference, find: Find) -> CodeableConcept:
    """What an item is called: by the resource that is referred to, where it travels along."""
    found = find(reference.reference) if reference.reference else None
    if found is None or found.resource_type not in ("Device", "Medication"):
        return concept
    if found.resource_type == "Medication":
        return read_as(_Medication, found.body).code
    device = read_as(_Device, found.body)
    name = device.type.title or next((each.name for each in device.names), "")
    return CodeableConcept(coding=device.type.coding, text=name)


def _list_codes(concept: CodeableConcept) -> tuple[tuple[str, str], ...]:
    return tuple((_clean(each.system), _clean(each.code)) for each in concept.coding if each.system and each.code)


def _list_reasons(given: _Given, find: Find) -> tuple[str, ...]:
    """The ICD-10-CM codes of the reasons, stated or of a Condition that is referred to."""
    conditions = (find(reason.reference) for reason in given.reason_reference)
    concepts = [read_as(_Given, each.body).code for each in conditions if each and each.resource_type == "Condition"]
    return codes_in([*given.reason_code, *concepts], systems.ICD10CM)


def _count_minutes(period: Period) -> int | None:
    if period.start is None or period.end is None:
        return None
    return max(0, int((period.end - period.start).total_seconds() // 60)) or None


def _clean(text: str) -> str:
    return text.replace("\x00", "")  # PostgreSQL's JSON cannot hold it
