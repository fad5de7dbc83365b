"""A payer that takes files, on real folders and a real database."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from services.claims import SCHEMA
from services.claims.claim import Channel, PayerId
from services.claims.payers import PayerProfile
from services.claims.service import FileService
from services.claims.settings import ClaimsOptions
from services.claims.x12_channel import X12Channel, open_x12_channel
from services.claims.x12_inbox import X12Inbox
from services.simulators.payer_x12 import X12Payer
from shared.contracts.messages import ChartCoded
from shared.postgres.pool import Pool
from tests.builders.x12_claims import x12_case, x12_partner
from tests.integration.claims.conftest import Clinic
from tests.unit.claims.codings import coded_chart

FILES = PayerId("files")


class Office:
    """The service with one payer that takes files, and that payer."""

    def __init__(self, pool: Pool, root: Path) -> None:
        self.partner = x12_partner(root)
        self.partner.outbound.mkdir()
        self.partner.inbound.mkdir()
        profile = PayerProfile(channel=Channel.X12, x12=self.partner)
        self.clinic = Clinic(pool, ClaimsOptions(payers={FILES: profile}, default_payer=FILES))
        self.files = FileService(pool, SCHEMA, self.clinic.options, self.clinic.answers)
        self.inbox = X12Inbox(FILES, self.partner, self.files)
        self.payer = X12Payer(self.partner.outbound, self.partner.inbound)
        self.profile = profile

    @asynccontextmanager
    async def channel(self) -> AsyncIterator[X12Channel]:
        """The way to the payer, ready."""
        async with open_x12_channel(self.files, self.profile) as channel:
            await channel.make_ready()
            yield channel

    async def send(self) -> list[str]:
        """Send what is due; returns the outcomes."""
        async with self.channel() as channel:
            taken = await self.clinic.sending.take_due(FILES, 10)
            ended = [(claim, await channel.submit(claim)) for claim in taken]
        await self.clinic.sending.record_attempts(FILES, ended)
        return [end.report.outcome for _, end in ended]

    async def queue(self, **more: Any) -> UUID:
        """Bring a claim to the state queued."""
        return await self.clinic.queue(coding(**more))

    def out(self) -> list[Path]:
        """The files that the payer can take."""
        return sorted(self.partner.outbound.glob("*.837"))

    def leave(self, name: str, content: str | bytes) -> Path:
        """Put a file where the payer leaves its answers."""
        path = self.partner.inbound / name
        path.write_bytes(content.encode() if isinstance(content, str) else content)
        return path

    async def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Read rows."""
        return [tuple(row) for row in await self.clinic.pool.fetch(sql)]


def coding(chart_id: UUID | None = None, version: int = 1, **more: Any) -> ChartCoded:
    """A coding that X12 can carry."""
    case = x12_case(**more)
    return coded_chart(chart_id, coding_version=version, final_claim=case.claim, resources=case.others)


@pytest.fixture
def office(claims_pool: Pool, tmp_path: Path) -> Office:
    """A payer that takes files."""
    return Office(claims_pool, tmp_path)
