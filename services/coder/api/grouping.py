"""The MS-DRG of a stay as it is decided now."""

from fastapi import APIRouter

from services.coder.api.requests import Cases, ChartIdPath, ReaderPrincipal
from services.coder.grouping_models import GroupingView
from services.coder.work_item import ChartId, WrongState
from shared.contracts.errors import NotFound
from shared.web.refusals import document_errors
from shared.web.tags import TAGGED

router = APIRouter(prefix="/v1/charts/{chart_id}", tags=["charts"])


@router.get("/grouping", dependencies=TAGGED, responses=document_errors(NotFound, WrongState))
async def explain_grouping(cases: Cases, _principal: ReaderPrincipal, chart_id: ChartIdPath) -> GroupingView:
    """Say which MS-DRG the decided codes of an inpatient stay amount to, and what it would be without each of them.

    A physician query says nothing of it, so no route of queries does.
    """
    return GroupingView.of(await cases.grouping.explain(ChartId(chart_id)))
