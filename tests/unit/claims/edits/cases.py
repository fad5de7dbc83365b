"""A claim that breaks each edit, and the nearest one that does not."""

from dataclasses import dataclass, replace
from datetime import date

from services.claims.edits import BilledService
from services.claims.payers import PayerLimits
from shared.fhir import systems
from tests.builders import Resource
from tests.builders.x12_claims import care_giver, supporting_code
from tests.unit.claims.edits.subjects import DAY, Claimed, line

ABSENT = {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}
RELATED = [{"claim": {"identifier": {"value": "earlier"}}}]
SOUND = Claimed()
STAY = Claimed(stay=True, lines=())
X12 = Claimed(channel="x12", lines=(line("99213", place="11", unitPrice={"value": 90}),))
X12_HOSPITAL = replace(
    X12,
    stay=True,
    lines=(line("99232", revenue={"coding": [{"code": "0987"}]}, unitPrice={"value": 90}),),
    elements={
        "billablePeriod": {"start": "2026-08-30", "end": "2026-09-01"},
        "careTeam": [care_giver(1, "attending", "dr-1")],
        "supportingInfo": [supporting_code(1, "discharge-status", "01")],
    },
)


@dataclass(frozen=True)
class Case:
    """`breaks` sets off the edit at `place`; `sound` differs as little as possible and does not."""

    breaks: Claimed
    place: str
    sound: Claimed = SOUND


def claimed(base: Claimed = SOUND, *diagnoses: str, lines: tuple[Resource, ...] | None = None) -> Claimed:
    """`base` with other diagnoses, or other lines."""
    changed = replace(base, diagnoses=diagnoses) if diagnoses else base
    return changed if lines is None else replace(changed, lines=lines)


def numbered(npi: str) -> Resource:
    """A reference to the hospital with its NPI."""
    return {"reference": "Organization/hospital", "identifier": {"system": systems.NPI, "value": npi}}


def two(one: Resource, other: Resource) -> Claimed:
    """A claim of two lines."""
    return claimed(lines=(one, other))


COMPLETENESS = {
    "claim-status": Case(Claimed(elements={"status": "draft"}), "Claim.status"),
    "claim-use": Case(Claimed(elements={"use": "preauthorization"}), "Claim.use"),
    "party-missing": Case(Claimed(elements={"provider": ABSENT}), "Claim.provider"),
    "diagnosis-missing": Case(Claimed(elements={"diagnosis": None}), "Claim.diagnosis"),
    "diagnosis-uncoded": Case(
        Claimed(elements={"diagnosis": [{"sequence": 1, "diagnosisCodeableConcept": {"text": "pain"}}]}),
        "Claim.diagnosis[0]",
    ),
    "line-missing": Case(Claimed(lines=()), "Claim.item", STAY),
    "service-date-missing": Case(replace(SOUND, day=None), "Claim.item[0].serviced[x]"),
    "place-missing": Case(
        claimed(X12, lines=(line("99213", unitPrice={"value": 90}),)), "Claim.item[0].location[x]", X12
    ),
    "price-missing": Case(claimed(X12, lines=(line("99213", place="11"),)), "Claim.item[0].unitPrice", X12),
    "quantity-missing": Case(
        claimed(X12, lines=({**line("99213", place="11", unitPrice={"value": 90}), "quantity": None},)),
        "Claim.item[0].quantity",
        X12,
    ),
    "revenue-missing": Case(
        claimed(X12_HOSPITAL, lines=(line("99232", unitPrice={"value": 90}),)), "Claim.item[0].revenue", X12_HOSPITAL
    ),
    "birth-date-missing": Case(
        replace(X12, patient={"birthDate": None}), "Claim.patient.resolve().birthDate",
        replace(SOUND, patient={"birthDate": None}),
    ),
    "sex-missing": Case(replace(X12, patient={"gender": None}), "Claim.patient.resolve().gender", X12),
    "family-name-missing": Case(
        replace(X12, patient={"name": [{"text": "A B"}]}), "Claim.patient.resolve().name[0].family", X12
    ),
    "diagnosis-limit": Case(
        replace(claimed(SOUND, "J18.9", "I10"), limits=PayerLimits(max_diagnoses=1)), "Claim.diagnosis[1]",
        replace(claimed(SOUND, "J18.9", "I10"), limits=PayerLimits(max_diagnoses=2)),
    ),
    "x12-missing": Case(
        replace(X12, patient={"address": None}), "Claim.patient.resolve().address",
        replace(SOUND, patient={"address": None}),
    ),
    "x12-not-carried": Case(
        replace(X12, patient={"name": [{"family": "Test*Person"}]}), "Claim.patient.resolve().name[0].family",
        replace(X12, patient={"name": [{"family": "Têst-Person"}]}),
    ),
    "bundle-size": Case(replace(SOUND, limits=PayerLimits(max_bundle_bytes=10)), "Bundle"),
}  # fmt: skip

VALIDITY = {
    "npi-check-digit": Case(
        Claimed(elements={"provider": numbered("1234567890")}), "Claim.provider.identifier",
        Claimed(elements={"provider": numbered("1234567893")}),
    ),
    "diagnosis-not-in-force": Case(claimed(SOUND, "Q99.99"), "Claim.diagnosis[0]"),
    "diagnosis-not-specific": Case(claimed(SOUND, "E11"), "Claim.diagnosis[0]", claimed(SOUND, "E11.9")),
    "seventh-character": Case(claimed(SOUND, "S42.201"), "Claim.diagnosis[0]", claimed(SOUND, "S42.201A")),
    "side-unspecified": Case(claimed(SOUND, "M25.569"), "Claim.diagnosis[0]", claimed(SOUND, "M25.561")),
    "service-not-in-force": Case(
        claimed(lines=(line("Q9999"),)), "Claim.item[0].productOrService",
        replace(claimed(lines=(line("Q9999"),)), day=date(2026, 6, 30)),
    ),
    "modifier-not-in-force": Case(
        claimed(lines=(line("99213", "25", "ZZ"),)), "Claim.item[0].modifier[1]",
        claimed(lines=(line("99213", "25", "P3"),)),
    ),
    "procedure-not-in-force": Case(
        replace(STAY, procedures=("XXXXXXX",)), "Claim.procedure", replace(STAY, procedures=("0SR90JZ",))
    ),
}  # fmt: skip

CONVENTIONS = {
    "excludes1": Case(claimed(SOUND, "E11.9", "E10.9"), "Claim.diagnosis[1]", claimed(SOUND, "E11.9", "I10")),
    "excludes1-chapter": Case(claimed(SOUND, "E11.9", "P71.0"), "Claim.diagnosis[1]", claimed(SOUND, "E11.9", "P59.9")),
    "code-first": Case(claimed(SOUND, "D63.0", "C50.911"), "Claim.diagnosis[0]", claimed(SOUND, "C50.911", "D63.0")),
    "manifestation-first": Case(
        claimed(SOUND, "F02.80", "G30.9"), "Claim.diagnosis[0]", claimed(SOUND, "G30.9", "F02.80")
    ),
    "external-cause-first": Case(
        claimed(SOUND, "W19.XXXA", "S42.201A"), "Claim.diagnosis[0]", claimed(SOUND, "S42.201A", "W19.XXXA")
    ),
    "diagnosis-repeated": Case(claimed(SOUND, "I10", "I10"), "Claim.diagnosis[1]", claimed(SOUND, "I10", "J18.9")),
    "side-against-modifier": Case(
        claimed(SOUND, "M17.11", lines=(line("20610", "LT"),)), "Claim.item[0]",
        claimed(SOUND, "M17.11", lines=(line("20610", "RT"),)),
    ),
}  # fmt: skip

INPATIENT = {
    "mce-age-conflict": Case(
        replace(claimed(STAY, "O80"), born="1950-01-01"), "Claim.diagnosis",
        replace(claimed(STAY, "O80"), born="1990-01-01"),
    ),
    "mce-sex-conflict": Case(
        replace(claimed(STAY, "O80"), gender="male", day=date(2024, 9, 1)), "Claim.diagnosis",
        replace(claimed(STAY, "O80"), day=date(2024, 9, 1)),
    ),
    "mce-e-code-as-pdx": Case(claimed(STAY, "W19.XXXA"), "Claim.diagnosis[0]", claimed(STAY, "S42.201A", "W19.XXXA")),
    "mce-manifestation-as-pdx": Case(claimed(STAY, "G01"), "Claim.diagnosis[0]", claimed(STAY, "J18.9", "G01")),
    "mce-unacceptable-pdx": Case(claimed(STAY, "Z37.0"), "Claim.diagnosis[0]", claimed(STAY, "O80", "Z37.0")),
    "mce-duplicate-of-pdx": Case(claimed(STAY, "J18.9", "J18.9"), "Claim.diagnosis[0]", claimed(STAY, "J18.9", "I10")),
    "mce-questionable-admission": Case(claimed(STAY, "I10"), "Claim.diagnosis", claimed(STAY, "J18.9", "I10")),
    "mce-questionable-obstetric-admission": Case(
        replace(claimed(STAY, "O80"), procedures=("10E0XZZ",)), "Claim.diagnosis",
        replace(claimed(STAY, "O80", "Z37.0"), procedures=("10E0XZZ",)),
    ),
    "mce-unspecified": Case(
        claimed(STAY, "J18.9", "S72.009A"), "Claim.diagnosis", claimed(STAY, "J18.9", "S72.011A")
    ),
    "mce-non-covered": Case(replace(STAY, procedures=("0FYG0Z0",)), "Claim.procedure", STAY),
    "mce-limited-coverage": Case(replace(STAY, procedures=("0TY00Z0",)), "Claim.procedure", STAY),
    "mce-wrong-procedure-performed": Case(claimed(STAY, "J18.9", "Y65.51"), "Claim.diagnosis", claimed(STAY, "J18.9")),
}  # fmt: skip

SERVICES = {
    "ncci-never-together": Case(
        two(line("80053"), line("80048", "59")), "Claim.item[1]", two(line("80053"), line("80061"))
    ),
    "ncci-bundled": Case(
        two(line("97597"), line("11042")), "Claim.item[0]", two(line("97597"), line("11042", "59"))
    ),
    "ncci-bundled-before-2019-07": Case(
        replace(two(line("11042", "59"), line("97597")), day=date(2019, 6, 30)), "Claim.item[1]",
        replace(two(line("11042"), line("97597", "59")), day=date(2019, 6, 30)),
    ),
    "mue-line": Case(
        claimed(lines=(line("97110", units=9),)), "Claim.item[0].quantity",
        two(line("97110", units=8), line("97110", "59", units=8)),
    ),
    "mue-day": Case(
        two(line("27447", "RT", units=2), line("27447", "LT")), "Claim.item[1].quantity",
        two(line("27447", "RT"), line("27447", "LT")),
    ),
    "mue-day-appealable": Case(
        two(line("80061"), line("80061", "91")), "Claim.item[1].quantity",
        two(line("80061"), line("80061", "91", servicedDate="2026-09-02")),
    ),
    "not-medically-necessary": Case(
        claimed(SOUND, "E55.9", "J18.9", lines=(line("82306", points=(2,)),)), "Claim.item[0]",
        claimed(SOUND, "J18.9", "M81.0", lines=(line("82306", points=(2,)), line("82306", "GA", points=(1,)))),
    ),
    "line-without-diagnosis": Case(
        claimed(lines=(line("99213", points=()),)), "Claim.item[0].diagnosisSequence",
        replace(claimed(lines=(line("99213", points=()),)), stay=True),
    ),
    "duplicate-line": Case(
        two(line("71046"), line("71046")), "Claim.item[1]", two(line("71046"), line("71046", "76"))
    ),
    "already-billed": Case(
        Claimed(billed=(BilledService("99213", (), DAY),)), "Claim.item[0]",
        Claimed(billed=(BilledService("99213", (), DAY),), elements={"related": RELATED}),
    ),
    "filing-late": Case(
        replace(SOUND, sent=date(2027, 9, 2)), "Claim.billablePeriod", replace(SOUND, sent=date(2027, 9, 1))
    ),
    "service-in-future": Case(
        replace(SOUND, sent=date(2026, 8, 30)), "Claim.item[0]", replace(SOUND, sent=date(2026, 8, 31))
    ),
}  # fmt: skip

MODIFIERS = {
    "modifier-form": Case(claimed(lines=(line("99213", "2-"),)), "Claim.item[0].modifier[0]"),
    "modifier-repeated": Case(claimed(lines=(line("20610", "59", "59"),)), "Claim.item[0].modifier"),
    "modifier-contradiction": Case(
        claimed(lines=(line("71046", "26", "TC"),)), "Claim.item[0].modifier", claimed(lines=(line("71046", "26"),))
    ),
    "modifier-visit-only": Case(
        claimed(lines=(line("20610", "25"),)), "Claim.item[0].modifier", claimed(lines=(line("99213", "25"),))
    ),
    "bilateral-units": Case(
        claimed(lines=(line("20610", "50", units=2),)), "Claim.item[0].quantity", claimed(lines=(line("20610", "50"),))
    ),
    "modifiers-too-many": Case(
        claimed(lines=(line("99213", "25", "57", "24", "95", "GC"),)), "Claim.item[0].modifier",
        claimed(lines=(line("99213", "25", "57", "24", "GC"),)),
    ),
    "telehealth-home-too-early": Case(
        replace(claimed(lines=(line("99213", "95", place="10"),)), day=date(2021, 6, 1)), "Claim.item[0].location",
        replace(claimed(lines=(line("99213", "95", place="02"),)), day=date(2021, 6, 1)),
    ),
    "telehealth-audio-too-early": Case(
        replace(claimed(lines=(line("99213", "93", place="02"),)), day=date(2021, 6, 1)), "Claim.item[0].modifier",
        replace(claimed(lines=(line("99213", "95", place="02"),)), day=date(2021, 6, 1)),
    ),
    "telehealth-place": Case(
        claimed(lines=(line("99213", "95", place="11"),)), "Claim.item[0].location",
        claimed(lines=(line("99213", "95", place="10"),)),
    ),
    "telehealth-places-mixed": Case(
        two(line("99213", "95", place="02"), line("99214", "95", place="10")), "Claim.item.location",
        two(line("99213", "95", place="02"), line("99214", place="11")),
    ),
}  # fmt: skip

DEMOGRAPHICS = {
    "service-before-birth": Case(
        replace(SOUND, born="2026-09-02"), "Claim.patient.resolve().birthDate", replace(SOUND, born="2026-09-01")
    ),
    "service-after-death": Case(
        Claimed(patient={"deceasedDateTime": "2026-08-31T23:00:00Z"}), "Claim.item[0]",
        Claimed(patient={"deceasedDateTime": "2026-09-01T23:00:00Z"}),
    ),
    "obstetric-sex": Case(
        replace(claimed(SOUND, "O80"), gender="male", day=date(2024, 9, 1)), "Claim.diagnosis[0]",
        replace(claimed(SOUND, "O80"), day=date(2024, 9, 1)),
    ),
    "obstetric-age": Case(
        replace(claimed(SOUND, "O80"), born="1961-09-01"), "Claim.diagnosis[0]",
        replace(claimed(SOUND, "O80"), born="1961-09-02"),
    ),
    "newborn-age": Case(
        replace(claimed(SOUND, "Z38.00"), born="2025-09-01"), "Claim.diagnosis[0]",
        replace(claimed(SOUND, "Z38.00"), born="2025-09-02"),
    ),
}  # fmt: skip

CASES = COMPLETENESS | VALIDITY | CONVENTIONS | INPATIENT | SERVICES | MODIFIERS | DEMOGRAPHICS
