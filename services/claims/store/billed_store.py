"""Reads and writes what claims bill for whom; nothing here opens or ends a transaction."""

from collections.abc import Mapping, Sequence
from uuid import UUID

import asyncpg

from services.claims.billed import Account, Billed, list_days
from services.claims.edits import BilledService
from shared.postgres.pool import Connection
from shared.postgres.statements import Statements


class BilledStore:
    """The billed lines of one schema."""

    def __init__(self, schema: str) -> None:
        self._sql = Statements("services.claims", schema=schema)

    async def lock_patients(self, connection: Connection, billed: Sequence[Billed]) -> None:
        """Wait until no other transaction judges claims of these patients."""
        patients = sorted({each.account.patient for each in billed})
        await self._sql.execute(connection, "lock_patients", patients=patients)

    async def find_billed(self, connection: Connection, beside: Sequence[Billed]) -> list[Billed]:
        """What claims that stand bill for the same patients on the same days."""
        patients = sorted({each.account.patient for each in beside})
        rows = await self._sql.fetch(connection, "find_billed", patients=patients, days=sorted(list_days(beside)))
        return [_billed(row) for row in rows]

    async def insert_billed(self, connection: Connection, billed: Mapping[UUID, Billed]) -> None:
        """Keep what claims bill, by the claim's id."""
        lines = [
            (claim_id, number, each.account, service)
            for claim_id, each in billed.items()
            for number, service in enumerate(each.services, 1)
        ]
        await self._sql.execute(
            connection,
            "insert_billed_lines",
            claim_ids=[claim_id for claim_id, _, _, _ in lines],
            lines=[number for _, number, _, _ in lines],
            patients=[account.patient for _, _, account, _ in lines],
            providers=[account.provider for _, _, account, _ in lines],
            codes=[service.code for _, _, _, service in lines],
            modifiers=[" ".join(service.modifiers) for _, _, _, service in lines],
            days=[service.day for _, _, _, service in lines],
            units=[service.units for _, _, _, service in lines],
        )


def _billed(row: asyncpg.Record) -> Billed:
    service = BilledService(row["code"], tuple(row["modifiers"]), row["day"], row["units"])
    return Billed(row["chart_id"], Account(row["payer_id"], row["patient"], row["provider"]), (service,))
