"""What an edit is and what it looks at; pure.

Invariant: an edit names places (FHIRPath in the Claim), never values; its finding can be shown, logged and counted.
"""

import json
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any, Literal

from services.claims.payers import PayerLimits
from shared.contracts.messages import Finding

Element = dict[str, Any]
"""A FHIR element as Python's `json` reads it; its members differ by type."""

Severity = Literal["error", "warning", "information"]


@dataclass(frozen=True)
class ClaimUnderEdit:
    """A built claim: the Bundle's bytes as they would be sent, and what its payer can carry."""

    bundle_bytes: bytes
    limits: PayerLimits
    service_date: date | None

    @cached_property
    def bundle(self) -> Element:
        """The Bundle, read."""
        bundle: Element = json.loads(self.bundle_bytes)
        return bundle

    @cached_property
    def claim(self) -> Element:
        """The Claim, which is the first entry."""
        claim: Element = self.bundle["entry"][0]["resource"]
        return claim

    def each(self, name: str) -> Iterator[tuple[str, Element]]:
        """Yield the path and the element of each repetition of one of the Claim's elements."""
        for position, element in enumerate(self.claim.get(name, ())):
            yield f"Claim.{name}[{position}]", element


@dataclass(frozen=True, slots=True)
class Hit:
    """A place that breaks a rule: its FHIRPath, and for rules of several parts which part."""

    expression: str
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Edit:
    """One billing rule. `find` yields every place that breaks it; `source` is where the rule stands.

    It applies to services from `effective_from` up to and including `effective_until`; without a service date, always.
    """

    id: str
    source: str
    message: str
    fix: str
    find: Callable[[ClaimUnderEdit], Iterable[Hit]]
    severity: Severity = "error"
    effective_from: date = field(default=date.min)
    effective_until: date = field(default=date.max)

    def applies_on(self, service_date: date | None) -> bool:
        """Tell whether the rule was in effect on the day of the service."""
        return service_date is None or self.effective_from <= service_date <= self.effective_until

    def scrub(self, subject: ClaimUnderEdit) -> Iterator[Finding]:
        """Yield a finding for every place that breaks the rule."""
        for hit in self.find(subject):
            message = f"{self.message} ({hit.detail})" if hit.detail else self.message
            yield Finding(
                edit=self.id, severity=self.severity, message=message, fix=self.fix, expression=hit.expression
            )
