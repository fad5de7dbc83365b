"""Claims for X12 of every kind, and the partner that they go to; `generate_claim(seed)` gives the same one always."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from typing import Any
from uuid import UUID

from services.claims.x12.partner import X12Partner
from shared.fhir import systems
from tests.builders.fhir import coverage, encounter, organization, patient, practitioner
from tests.builders.financial import claim
from tests.builders.text import Resource
from tests.builders.x12_special import anesthetize, decide_before, rent, transport

KINDS = ("professional", "inpatient", "outpatient")
BUILT_AT = datetime(2026, 9, 2, 8, 30, tzinfo=UTC)
BASE = "https://hospital.example/fhir"
_ADDRESS = {"line": ["1 TEST STREET", "FLOOR 2"], "city": "Worcester", "state": "MA", "postalCode": "01610-1234"}
_SERVICES = ("99213", "99214", "71046", "80053", "93000", "J1885", "G0008")
_DIAGNOSES = (
    "J18.9",
    "E11.9",
    "I10",
    "N18.31",
    "K35.80",
    "R07.9",
    "Z79.4",
    "M54.50",
    "F32.9",
    "D64.9",
    "E78.5",
    "J45.909",
)
_MODIFIERS = ("25", "59", "RT", "76")
_NAMES = ("Testperson", "O'Brien-Núñez", "Müller", "Smith Jones")
_SYSTEM_OF_CATEGORY = "http://hl7.org/fhir/us/carin-bb/CodeSystem/C4BBSupportingInfoType"
_TAXONOMY = "http://nucc.org/provider-taxonomy"


def x12_partner(folder: Path | None = None, **more: Any) -> X12Partner:
    """A payer that takes X12."""
    root = folder or Path("unused")
    fields: dict[str, Any] = {
        "outbound": root / "out",
        "inbound": root / "in",
        "sender_id": "CHARTLINE",
        "receiver_id": "TESTPAYER",
        "submitter_name": "TEST HOSPITAL",
        "contact_name": "BILLING OFFICE",
        "contact_phone": "5085550100",
        "receiver_name": "TEST PAYER",
        "payer_code": "99999",
        "usage": "T",
    }
    return X12Partner(**{**fields, **more})


@dataclass
class X12Case:
    """A claim with what it refers to; change a resource to break it."""

    claim: Resource
    others: list[Resource]
    claim_id: UUID = field(default_factory=lambda: UUID(int=1))

    def bundle(self) -> bytes:
        """The Bundle as it would be stored."""
        entries = [
            {"fullUrl": f"{BASE}/{each['resourceType']}/{each['id']}", "resource": each}
            for each in (self.claim, *self.others)
        ]
        return json.dumps(
            {
                "resourceType": "Bundle",
                "type": "collection",
                "identifier": {"system": systems.CLAIM_IDENTIFIER, "value": str(self.claim_id)},
                "timestamp": BUILT_AT.isoformat(timespec="milliseconds"),
                "entry": entries,
            }
        ).encode()

    def find(self, resource_type: str, resource_id: str = "") -> Resource:
        """One of the other resources."""
        return next(
            each for each in self.others if each["resourceType"] == resource_type and resource_id in ("", each["id"])
        )


def x12_case(kind: str = "professional", **more: Any) -> X12Case:
    """The plainest claim of a kind that X12 carries; `more` are elements of the Claim."""
    elements: Resource = {
        "billablePeriod": {"start": "2026-09-01T10:00:00Z", "end": "2026-09-04T15:30:00Z"},
        "careTeam": [care_giver(1, "attending" if kind != "professional" else "rendering", "dr-1")],
        "item": [priced_line(1, kind)],
        **({} if kind == "professional" else {"supportingInfo": [supporting_code(1, "discharge-status", "01")]}),
        **more,
    }
    built = claim(claim_type="professional" if kind == "professional" else "institutional", **elements)
    setting = encounter(encounter_class={"professional": "AMB", "inpatient": "IMP", "outpatient": "OBSENC"}[kind])
    return X12Case(built, [patient(), setting, *x12_parties()])


def x12_parties() -> list[Resource]:
    """Coverage, payer, hospital and practitioners with everything that X12 asks of them."""
    return [
        coverage(subscriberId="MEM123456", relationship=concept("self")),
        organization("payer-1", identifier=[{"system": "urn:oid:2.16.840.1.113883.4.4", "value": "12-3456780"}]),
        organization(
            "hospital",
            name="Test Hospital",
            identifier=[
                {"system": systems.NPI, "value": "1234567893"},
                {"system": "urn:oid:2.16.840.1.113883.4.4", "value": "12-3456789"},
            ],
            type=[concept("282N00000X", _TAXONOMY)],
            address=[dict(_ADDRESS)],
        ),
        practitioner("dr-1", npi="1245319599", qualification=[{"code": concept("207R00000X", _TAXONOMY)}]),
        practitioner("dr-2", npi="1003000126"),
    ]


def generate_claim(seed: int) -> X12Case:
    """A claim as the world brings them: of any kind, for the insured or a dependent, new, replacing or void."""
    chance = Random(seed)
    kind = KINDS[seed % len(KINDS)]
    case = x12_case(kind)
    case.claim_id = UUID(int=chance.getrandbits(128))
    case.find("Patient")["name"] = [{"family": chance.choice(_NAMES), "given": ["Zoë", "Q"][: chance.randint(1, 2)]}]
    _diagnose(case, chance, kind)
    _bill(case, chance, kind)
    _tell_more(case, chance, kind)
    if chance.random() < 0.3:
        _make_dependent(case, chance)
    if chance.random() < 0.3:
        _relate(case, void=chance.random() < 0.5)
    if chance.random() < 0.2:
        _insure_twice(case)
    _make_special(case, seed // len(KINDS) % 6, kind)
    return case


def concept(code: str, system: str = "urn:test") -> Resource:
    """A CodeableConcept of one coding."""
    return {"coding": [{"system": system, "code": code}]}


def supporting_code(sequence: int, category: str, code: str, system: str = "urn:nubc") -> Resource:
    """A supportingInfo that is a code."""
    return {"sequence": sequence, "category": concept(category, _SYSTEM_OF_CATEGORY), "code": concept(code, system)}


def diagnosis(sequence: int, code: str, *roles: str, present: str = "") -> Resource:
    """A diagnosis with its roles."""
    built: Resource = {"sequence": sequence, "diagnosisCodeableConcept": concept(code, systems.ICD10CM)}
    if roles:
        built["type"] = [concept(role, systems.DIAGNOSIS_TYPE) for role in roles]
    if present:
        built["onAdmission"] = concept(present, systems.DIAGNOSIS_ON_ADMISSION)
    return built


def priced_line(sequence: int, kind: str, service: str = "99213", price: str = "125.50", **more: Any) -> Resource:
    """A line that costs something."""
    line: Resource = {
        "sequence": sequence,
        "productOrService": concept(service, systems.CPT if service.isdigit() else systems.HCPCS),
        "servicedDate": "2026-09-01",
        "quantity": {"value": 1},
        "unitPrice": {"value": float(price), "currency": "USD"},
        "diagnosisSequence": [1],
    }
    if kind == "professional":
        line["locationCodeableConcept"] = concept("11", systems.PLACE_OF_SERVICE)
    else:
        line["revenue"] = concept("0450", "https://www.nubc.org/CodeSystem/RevenueCodes")
    return {**line, **more}


def _diagnose(case: X12Case, chance: Random, kind: str) -> None:
    codes = chance.sample(_DIAGNOSES, chance.randint(1, 12))
    stay = kind == "inpatient"
    found = [
        diagnosis(number, code, present=chance.choice("ynuw") if stay else "") for number, code in enumerate(codes, 1)
    ]
    extra = len(found) + 1
    if stay:
        found.append(diagnosis(extra, "R10.9", "admitting"))
        days = [f"2026-09-0{day}" for day in (1, 2, 3)]
        case.claim["procedure"] = [
            {"sequence": number, "date": day, "procedureCodeableConcept": concept("0DTJ4ZZ", systems.ICD10PCS)}
            for number, day in enumerate(days[: chance.randint(1, 3)], 1)
        ]
    if kind == "outpatient":
        found += [diagnosis(extra, "R07.9", "patientreasonforvisit"), diagnosis(extra + 1, "W19.XXXA")]
    case.claim["diagnosis"] = found


def _bill(case: X12Case, chance: Random, kind: str) -> None:
    lines = []
    for number in range(1, chance.randint(1, 8) + 1):
        more: Resource = {"quantity": {"value": chance.choice([1, 2, 3.5])}}
        modifiers = chance.sample(_MODIFIERS, chance.randint(0, 4))
        if modifiers:
            more["modifier"] = [concept(code, systems.CPT) for code in modifiers]
        if chance.random() < 0.2:
            more["servicedPeriod"] = {"start": "2026-09-01", "end": "2026-09-03"}
            more["servicedDate"] = None
        if chance.random() < 0.2:
            more["detail"] = [_drug()]
        if kind == "professional" and chance.random() < 0.3:
            more["locationCodeableConcept"] = concept("22", systems.PLACE_OF_SERVICE)
        pointed = sorted(chance.sample(range(1, 13), 4))
        known = [each["sequence"] for each in case.claim["diagnosis"]]
        more["diagnosisSequence"] = [each for each in pointed if each in known] or [1]
        lines.append(
            priced_line(number, kind, chance.choice(_SERVICES), f"{chance.randint(100, 99999) / 100:.2f}", **more)
        )
    case.claim["item"] = [{name: value for name, value in line.items() if value is not None} for line in lines]
    if any(line["quantity"]["value"] == 3.5 for line in lines):
        for line in case.claim["item"]:
            line["unitPrice"]["value"] = float(int(line["unitPrice"]["value"]))


def _tell_more(case: X12Case, chance: Random, kind: str) -> None:
    infos: list[Resource] = []
    if kind == "professional":
        if chance.random() < 0.3:
            case.claim["accident"] = {
                "date": "2026-08-30", "type": concept("MVA", systems.ACT_CODE), "locationAddress": {"state": "MA"}
            }  # fmt: skip
        if chance.random() < 0.3:
            infos.append({"sequence": 1, "category": concept("onset"), "timingDate": "2026-08-31"})
        if chance.random() < 0.3:
            case.claim["careTeam"].append(care_giver(2, "referring", "dr-2"))
    else:
        infos += _uniform_bill(kind)
        if chance.random() < 0.4:
            case.claim["careTeam"].append(care_giver(2, "operating", "dr-2"))
    if chance.random() < 0.3:
        case.claim["insurance"][0]["preAuthRef"] = ["AUTH-77"]
    if chance.random() < 0.2:
        infos.append(
            {"sequence": 90, "category": concept("info"), "valueReference": {"reference": "DiagnosticReport/r"}}
        )
    if infos:
        case.claim["supportingInfo"] = infos


def _uniform_bill(kind: str) -> list[Resource]:
    infos = [
        supporting_code(1, "admtype", "1"),
        supporting_code(2, "pointoforigin", "1"),
        supporting_code(3, "discharge-status", "03"),
        supporting_code(4, "info", "09", systems.NUBC_CONDITION),
        {**supporting_code(5, "info", "11", systems.NUBC_OCCURRENCE), "timingDate": "2026-08-30"},
        {
            **supporting_code(6, "info", "74", systems.NUBC_OCCURRENCE_SPAN),
            "timingPeriod": {"start": "2026-09-01", "end": "2026-09-02"},
        },
        {**supporting_code(7, "info", "80", systems.NUBC_VALUE), "valueQuantity": {"value": 3}},
    ]
    return [*infos, supporting_code(8, "drg", "193")] if kind == "inpatient" else infos


def _make_dependent(case: X12Case, chance: Random) -> None:
    insured = patient("insured", name=[{"family": "Payson", "given": ["Pat"]}])
    if chance.random() < 0.5:
        del insured["address"]
    case.others.append(insured)
    case.find("Coverage")["subscriber"] = {"reference": "Patient/insured"}
    case.find("Coverage")["relationship"] = concept(chance.choice(["spouse", "child", "other"]))
    case.find("Coverage")["class"] = [{"type": concept("group"), "value": "GRP-1", "name": "Big Group"}]


def _relate(case: X12Case, *, void: bool) -> None:
    reference = {"system": systems.PAYER_CLAIM_NUMBER, "value": "ICN2026000123"}
    original = {"identifier": {"system": systems.CLAIM_IDENTIFIER, "value": "0" * 8}}
    case.claim["related"] = [{"claim": original, "relationship": concept("prior"), "reference": reference}]
    case.claim["status"] = "cancelled" if void else "active"


def _make_special(case: X12Case, sort: int, kind: str) -> None:
    """Of six claims of a kind one is anesthesia, one a transport, one equipment, and two go to a second payer."""
    if kind == "professional" and sort == 1:
        anesthetize(case.claim)
    if kind == "professional" and sort == 2:
        transport(case.claim, case.others)
    if kind == "professional" and sort == 3:
        rent(case.claim)
    if sort in (1, 4):
        decide_before(case.claim, case.others, by_line=sort == 1)


def _insure_twice(case: X12Case) -> None:
    second = coverage("cov-2", payer_id="payer-2", subscriberId="SEC987", relationship=concept("self"))
    case.others += [
        second,
        organization("payer-2", name="Second Payer", identifier=[{"system": "urn:x", "value": "22222"}]),
    ]
    case.claim["insurance"].append({"sequence": 2, "focal": False, "coverage": {"reference": "Coverage/cov-2"}})


def _drug() -> Resource:
    return {
        "sequence": 1,
        "productOrService": concept("00409-1896-01", systems.NDC),
        "quantity": {"value": 2.5, "code": "mL"},
    }


def care_giver(sequence: int, role: str, practitioner_id: str) -> Resource:
    """A member of the care team."""
    return {"sequence": sequence, "role": concept(role), "provider": {"reference": f"Practitioner/{practitioner_id}"}}
