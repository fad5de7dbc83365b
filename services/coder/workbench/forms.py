"""Reads what a coder typed into requests of the queue API.

Place in the flow: between `charts` and `service.deciding`; pure. Invariant: what the API would refuse is refused here
by the same models, in words that say the fix and never repeat the input.
"""

import json
from collections.abc import Mapping, Sequence
from uuid import UUID

from pydantic import ValidationError

from services.coder.decision_models import DecisionBatch
from services.coder.decisions import Action
from services.coder.engine.model import CodeSystem
from services.coder.hold import NewHold
from services.coder.queue_models import HoldRequest
from services.coder.service.deciding import Coder, UnderLease
from services.coder.work_item import ChartId, LeaseToken
from shared.contracts.errors import InvalidContent
from shared.postgres.answers import Repeatable
from shared.web.security import Principal

_FIXES = {
    "reason": "Write a reason of at most 500 characters.",
    "code": "This is not the form of a code of the chosen system.",
    "system": "Choose a code system.",
    "display": "Write a title of at most 300 characters.",
    "on_admission": "Choose whether it was present on admission.",
    "modifiers": "Write at most four modifiers of two letters or digits, such as 25 LT.",
    "units": "Write how many units, 1 to 9999.",
    "linked": "Choose one to four diagnoses that make the service necessary.",
}
_CATEGORY_LENGTH = 3
_FORM_ID_LENGTH, _KEY_LENGTH = 100, 200


def read_lease(form: Mapping[str, str], coder: Principal, chart_id: ChartId) -> UnderLease:
    """Read under which lease a form was filled in; a form sent twice is one request; raises InvalidContent."""
    try:
        token = LeaseToken(UUID(form.get("lease_token", "")))
    except ValueError as error:
        raise InvalidContent("the form names no lease; open the chart again") from error
    about = form.get("target_id") or form.get("decision_id")
    whole = json.dumps(form, sort_keys=True)
    repeatable = recognise_form(form, coder, whole, about=(form.get("action", ""), about or ""))
    return UnderLease(Coder(coder.subject, coder.practitioner), chart_id, token, repeatable)


def recognise_form(
    form: Mapping[str, str], sender: Principal, said: str, about: Sequence[str] = ()
) -> Repeatable | None:
    """Recognise a form that is sent twice, by what it says; None without an id. `about` tells those of a page apart."""
    form_id = form.get("form_id", "")[:_FORM_ID_LENGTH]
    if not form_id:
        return None
    return Repeatable.of(sender.subject, "/".join(filter(None, (form_id, *about)))[:_KEY_LENGTH], said)


def read_decision(form: Mapping[str, str]) -> DecisionBatch:
    """Read one decision; raises InvalidContent, whose message says what to write instead."""
    decision: dict[str, object] = {name: form[name] for name in ("action", "target_id", "reason") if name in form}
    match form.get("action"):
        case Action.CHANGE | Action.ADD:
            decision["code"] = _read_code(form)
        case Action.AMEND:
            decision |= _read_amendment(form)
        case Action.REORDER:
            decision["targets"] = tuple(form.get("targets", "").split())
        case Action.UNDO:
            decision["decision_id"] = form.get("decision_id", "")
    try:
        return DecisionBatch.model_validate({"decisions": (decision,)})
    except ValidationError as error:
        raise InvalidContent(" ".join(dict.fromkeys(_name_fixes(error)))) from error


def read_hold(form: Mapping[str, str]) -> NewHold:
    """Read why a chart is to wait and until when; raises InvalidContent, whose message says what to write instead."""
    hold = {name: form[name] for name in ("reason", "review_on", "note") if form.get(name)}
    try:
        return HoldRequest.model_validate(hold).to_domain()
    except ValidationError as error:
        raise InvalidContent("Choose a reason and a day to look again; a note has at most 500 characters.") from error


def normalise_code(system: str, typed: str) -> str:
    """Write a code as claims show it, from what fingers find quickest: `j189` is J18.9."""
    code = "".join(typed.split()).upper()
    if system == CodeSystem.ICD10CM and "." not in code and len(code) > _CATEGORY_LENGTH:
        return f"{code[:_CATEGORY_LENGTH]}.{code[_CATEGORY_LENGTH:]}"
    return code


def _read_amendment(form: Mapping[str, str]) -> dict[str, object]:
    """What a field leaves empty is not set, but for modifiers, which empty means none."""
    told: dict[str, object] = {"on_admission": form["on_admission"]} if form.get("on_admission") else {}
    if units := form.get("units"):
        told["units"] = int(units) if units.isascii() and units.isdecimal() else units
    if "modifiers" in form:
        told["modifiers"] = tuple(form["modifiers"].upper().replace(",", " ").split())
    linked = {form[name]: int(place) for name in form if (place := name.removeprefix("linked-")).isdigit()}
    if linked := {target: place for target, place in linked.items() if target}:
        told["linked"] = tuple(sorted(linked, key=linked.__getitem__))
    return told


def _read_code(form: Mapping[str, str]) -> dict[str, str]:
    system = form.get("system", "")
    code = {"system": system, "code": normalise_code(system, form.get("code", ""))}
    return code | {name: form[name] for name in ("display", "on_admission") if name in form}


def _name_fixes(error: ValidationError) -> list[str]:
    """The last named place of an issue is the field: a whole code that is wrong is at `code`."""
    places = ([part for part in issue["loc"] if isinstance(part, str)] for issue in error.errors())
    return [_FIXES.get(place[-1], "Open the chart again and decide once more.") for place in places]
