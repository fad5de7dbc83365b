"""Compares the chart's coded facts with what its words say: agreement is noted, and is never an answer by itself.

Place in the flow: `choice` asks which facts support a candidate. Invariant: a code that only structured data carries
makes no suggestion, because nothing in the documents justifies it.
"""

from services.coder.engine.model import CodedFact
from shared.codesets.icd10cm import dot_code

_ICD10CM_SYSTEMS = frozenset({"http://hl7.org/fhir/sid/icd-10-cm", "urn:oid:2.16.840.1.113883.6.90"})


def find_support(code: str, facts: tuple[CodedFact, ...]) -> tuple[CodedFact, ...]:
    """The facts that name `code`, or a category that it belongs to, in ICD-10-CM.

    SNOMED CT facts are carried for the coder to see; without a licensed map they support no code.
    """
    return facts and tuple(fact for fact in facts if fact.system in _ICD10CM_SYSTEMS and _covers(fact.code, code))


def _covers(fact: str, code: str) -> bool:
    dotted = dot_code(fact)
    return len(dotted) >= 3 and code.startswith(dotted)
