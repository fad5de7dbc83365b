"""What the routes need of a request: the caller, the use cases, and the headers that guard a change."""

from typing import Annotated
from uuid import UUID

from fastapi import Depends, Header, Path, Request

from services.coder.service.deciding import Coder, UnderLease
from services.coder.service.use_cases import UseCases
from services.coder.work_item import ChartId, LeaseToken
from shared.web.repeating import RepeatableRequest
from shared.web.security import Principal, Role, require_principal


async def _find_use_cases(request: Request) -> UseCases:
    cases: UseCases = request.app.state.use_cases
    return cases


Cases = Annotated[UseCases, Depends(_find_use_cases)]
CoderPrincipal = Annotated[Principal, Depends(require_principal(Role.CODER, Role.LEAD))]
ReaderPrincipal = Annotated[Principal, Depends(require_principal(Role.CODER, Role.LEAD, Role.AUDITOR))]
"""Who may read a chart: to code it, or to audit its coding."""
LeadPrincipal = Annotated[Principal, Depends(require_principal(Role.LEAD))]
ListReader = Annotated[Principal, Depends(require_principal(Role.CODER, Role.LEAD, Role.ADMIN))]
ListKeeper = Annotated[Principal, Depends(require_principal(Role.LEAD, Role.ADMIN))]
PhysicianPrincipal = Annotated[Principal, Depends(require_principal(Role.PHYSICIAN, guarded=False))]
"""What is addressed to `principal.practitioner`, and nothing else."""
KnownPrincipal = Annotated[Principal, Depends(require_principal(*Role, phi=False, guarded=False))]
"""For what holds no PHI."""
ChartIdPath = Annotated[UUID, Path(description="The chart's id, as the lease names it.")]
WorkItemIdPath = Annotated[UUID, Path(description="The work item's id, as the lease names it.")]
LeaseTokenHeader = Annotated[
    UUID, Header(alias="Lease-Token", description="The lease_token of the caller's lease on this chart.")
]


async def _read_under_lease(
    principal: CoderPrincipal,
    chart_id: ChartIdPath,
    lease_token: LeaseTokenHeader,
    repeatable: RepeatableRequest,
) -> UnderLease:
    coder = Coder(principal.subject, principal.practitioner)
    return UnderLease(coder, ChartId(chart_id), LeaseToken(lease_token), repeatable)


LeasedRequest = Annotated[UnderLease, Depends(_read_under_lease)]
