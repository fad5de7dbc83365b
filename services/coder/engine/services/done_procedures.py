"""Lines of procedures that structured data names by number, with their side and the diagnoses that they were done for.

Place in the flow: `suggest_services` calls it; pure. Invariants: the number is the sender's, never derived here;
visits, imaging and laboratory have suggestions of their own and are left to them.
"""

import re
from collections.abc import Iterator, Sequence

from services.coder.engine.given import GivenFact, GivenKind
from services.coder.engine.model import Chart, CodedFact, CodeSystem, Suggestion
from services.coder.engine.services.lines import MAX_POINTERS, justify_given, list_diagnoses, propose
from shared.fhir import systems

_SIDE_MODIFIERS = {"left": "LT", "right": "RT", "bilateral": "50"}
_SIDE = re.compile(r"(?i)\b(?P<side>left|right|bilateral)\b")
_OWN_SUGGESTIONS = re.compile(r"99[2-4]\d\d|[78]\d{4}|G0\d{3}")
_CONFIDENCE = 0.8


def suggest_procedures(chart: Chart, diagnoses: Sequence[Suggestion]) -> Iterator[Suggestion]:
    """Suggest a line for each procedure whose resource names a CPT or HCPCS number."""
    for fact in chart.given:
        for system, uri in ((CodeSystem.CPT, systems.CPT), (CodeSystem.HCPCS, systems.HCPCS)):
            code = fact.code_in(uri)
            if fact.kind is GivenKind.PROCEDURE and code and not _OWN_SUGGESTIONS.fullmatch(code):
                yield _suggest(diagnoses, fact, system, uri, code)


def _suggest(diagnoses: Sequence[Suggestion], fact: GivenFact, system: CodeSystem, uri: str, code: str) -> Suggestion:
    side = _SIDE.search(f"{fact.body_site} {fact.title}")
    line = propose(
        code, "procedure as recorded", "Recorded as done, with this number.", confidence=_CONFIDENCE, system=system
    )
    stated = justify_given(diagnoses, fact.reasons, (), ())
    return line._replace(
        facts=(CodedFact(fact.path, uri, code),),
        modifiers=(_SIDE_MODIFIERS[side["side"].lower()],) if side else (),
        justified_by=stated or tuple(each.code for each in list_diagnoses(diagnoses))[:MAX_POINTERS],
    )
