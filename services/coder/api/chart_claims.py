"""A chart's Claim as FHIR, before and after it is completed."""

from fastapi import APIRouter, Response

from services.coder.api.requests import Cases, ChartIdPath, ReaderPrincipal
from services.coder.work_item import ChartId, WrongState
from shared.contracts.errors import NotFound
from shared.web.errors import FHIR_JSON
from shared.web.refusals import document_errors
from shared.web.tags import TAGGED

router = APIRouter(prefix="/v1/charts/{chart_id}", tags=["charts"])

_SCHEMA = {"type": "object", "title": "Bundle", "description": "A FHIR R4 Bundle: the Claim, then its Provenance."}
_SHORT = {"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Claim"}}]}


class FhirAnswer(Response):
    """An answer that is FHIR."""

    media_type = FHIR_JSON


@router.get(
    "/claim",
    dependencies=TAGGED,
    response_class=FhirAnswer,
    responses={
        200: {"content": {FHIR_JSON: {"schema": _SCHEMA, "example": _SHORT}}},
        **document_errors(NotFound, WrongState),
    },
)
async def read_claim(cases: Cases, _principal: ReaderPrincipal, chart_id: ChartIdPath) -> Response:
    """Read the Claim with its Provenance: of status `draft` with what is decided so far, or as it went to billing."""
    return FhirAnswer(await cases.claims.read_bundle(ChartId(chart_id)))
