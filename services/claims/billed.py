"""What a Claim bills for whom, as far as another claim must know of it; pure.

Place in the flow: `service.preparation` reads it of every claim, keeps it of those that are queued, and hands what
earlier claims billed to the edits. Invariant: a claim is judged beside claims of its own payer, patient and provider
only, and never beside another version of its own chart.
"""

import json
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Any, NamedTuple
from uuid import UUID

from services.claims.edits import BilledService
from services.claims.edits.view import read_claim
from shared.contracts.messages import ChartCoded


class Account(NamedTuple):
    """Where services add up: payer, patient and provider, the last two as the Claim refers to them."""

    payer_id: str
    patient: str
    provider: str


@dataclass(frozen=True, slots=True)
class Billed:
    """The services of one chart on an account."""

    chart_id: UUID
    account: Account
    services: tuple[BilledService, ...]


class Ledger:
    """What is billed on accounts by now."""

    def __init__(self, billed: Iterable[Billed]) -> None:
        self._billed: dict[Account, list[Billed]] = defaultdict(list)
        for each in billed:
            self.add(each)

    def add(self, billed: Billed) -> None:
        """Enter what a claim bills."""
        self._billed[billed.account].append(billed)

    def beside(self, billed: Billed) -> tuple[BilledService, ...]:
        """What other charts bill on the same account."""
        others = (each for each in self._billed.get(billed.account, ()) if each.chart_id != billed.chart_id)
        return tuple(service for each in others for service in each.services)


def read_billed(coded: ChartCoded, payer_id: str) -> Billed | None:
    """What a coding bills; None for a Claim that is not valid FHIR, which the edits say better."""
    try:
        claim: dict[str, Any] = json.loads(coded.claim.body, parse_float=Decimal)
        lines = read_claim(claim, {}, {}, coded.service_date).lines
        account = Account(payer_id, str(claim["patient"]["reference"]), _name_provider(claim))
    except (ValueError, TypeError, AttributeError, KeyError):
        return None
    services = (BilledService(line.code, line.modifiers, line.day, line.units) for line in lines if line.day)
    return Billed(coded.chart_id, account, tuple(service for service in services if service.code))


def _name_provider(claim: dict[str, Any]) -> str:
    """The billing provider and the practitioner responsible: payers compare the one who rendered the service."""
    team = claim.get("careTeam") or ()
    responsible = (member["provider"].get("reference", "") for member in team if member.get("responsible"))
    return f"{claim['provider'].get('reference', '')} {next(responsible, '')}".strip()


def list_days(billed: Iterable[Billed]) -> set[date]:
    """The days on which services were rendered."""
    return {service.day for each in billed for service in each.services}
