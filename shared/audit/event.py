"""Words an audited action as a FHIR R4 AuditEvent.

Pure. Invariant: an event carries ids, codes and times; what was read or written is never in it.
"""

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

Action = Literal["C", "R", "U", "D", "E"]
"""AuditEvent.action: create, read, update, delete, execute."""
Outcome = Literal["0", "4"]
"""AuditEvent.outcome: done, refused."""

_SYSTEM = "https://chartline.example/fhir"
_EVENT_TYPES = "http://terminology.hl7.org/CodeSystem/audit-event-type"
_PURPOSES = "http://terminology.hl7.org/CodeSystem/v3-ActReason"
BREAK_GLASS = "BTG"
"""Purpose of use: a restricted chart was opened with a reason."""


@dataclass(frozen=True, slots=True)
class Actor:
    """Who acts: the subject of the identity provider, the Practitioner they are, and their roles."""

    subject: str
    practitioner: str
    roles: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AuditedAction:
    """What somebody did: `operation` is a route's name, `entities` are kinds and ids, such as `("chart", id)`."""

    service: str
    actor: Actor
    operation: str
    action: Action
    entities: Sequence[tuple[str, str]] = ()
    outcome: Outcome = "0"
    purpose: str | None = None


def word_event(event_id: UUID, recorded_at: datetime, done: AuditedAction) -> str:
    """Return the AuditEvent as JSON, with its members in one order."""
    actor = done.actor
    event: dict[str, object] = {
        "resourceType": "AuditEvent",
        "id": str(event_id),
        "type": {"system": _EVENT_TYPES, "code": "rest"},
        "subtype": [{"system": f"{_SYSTEM}/CodeSystem/operation", "code": done.operation}],
        "action": done.action,
        "recorded": recorded_at.isoformat(),
        "outcome": done.outcome,
        "agent": [
            {
                "role": [
                    {"coding": [{"system": f"{_SYSTEM}/CodeSystem/role", "code": role}]} for role in sorted(actor.roles)
                ],
                "who": {
                    "reference": actor.practitioner,
                    "identifier": {"system": f"{_SYSTEM}/sid/subject", "value": actor.subject},
                },
                "requestor": True,
            }
        ],
        "source": {"observer": {"identifier": {"system": f"{_SYSTEM}/sid/service", "value": done.service}}},
    }
    if not actor.roles:
        del event["agent"][0]["role"]  # type: ignore[index]  # FHIR has no empty arrays
    if done.purpose:
        event["purposeOfEvent"] = [{"coding": [{"system": _PURPOSES, "code": done.purpose}]}]
    if done.entities:
        event["entity"] = [
            {"what": {"identifier": {"system": f"{_SYSTEM}/sid/{kind}", "value": value}}}
            for kind, value in done.entities
        ]
    return json.dumps(event, separators=(",", ":"))
