"""The page of one chart, and its forms: decide, complete, give back.

Invariant: a form that is done answers with a redirect, so that going back or reloading never sends it again; one that
is refused answers with the page as it now is, and why.
"""

from collections.abc import Sequence
from uuid import UUID, uuid4

from fastapi import APIRouter
from fastapi.responses import JSONResponse, Response

from services.coder.api.requests import Cases
from services.coder.chart_models import ChartView
from services.coder.engine.model import CodeSystem, Setting
from services.coder.grouping.drivers import Explained
from services.coder.service.use_cases import UseCases
from services.coder.work_item import ChartId, ChartNotComplete, LeaseLost, OpenPoint, WorkItemId
from services.coder.workbench.chart_page import ChartPage, arrange_chart
from services.coder.workbench.forms import read_decision, read_lease
from services.coder.workbench.pages import render_page, show_time
from services.coder.workbench.routing import WORKLIST, Form, PageRoute, SignedIn, SignedInReader, redirect
from shared.contracts.errors import Conflict, InvalidContent
from shared.web.security import Principal

router = APIRouter(prefix="/charts/{chart_id}", route_class=PageRoute)


@router.get("")
async def show_chart(cases: Cases, coder: SignedInReader, chart_id: UUID) -> Response:
    """Show a chart; only its holder gets the forms, and reading renews the lease."""
    await cases.queue.renew(ChartId(chart_id), coder.subject)
    return await _render_chart(cases, coder, ChartId(chart_id))


@router.post("/decisions")
async def decide(cases: Cases, coder: SignedIn, chart_id: UUID, form: Form) -> Response:
    """Store one decision."""
    chart = ChartId(chart_id)
    try:
        await cases.deciding.decide(read_lease(form, coder, chart), read_decision(form))
    except (InvalidContent, Conflict) as error:
        return await _render_chart(cases, coder, chart, status=error.http_status, refusal=error.message)
    return redirect(f"/workbench/charts/{chart_id}")


@router.get("/scrub")
async def show_scrub(cases: Cases, coder: SignedIn, chart_id: UUID) -> Response:
    """Show what billing's edits would find now; the chart's page takes the answer out of this one."""
    findings = await cases.previewing.preview(ChartId(chart_id), coder.practitioner)
    return render_page("scrub.html", signed_in=coder, findings=findings, chart_id=chart_id)


@router.post("/complete")
async def complete(cases: Cases, coder: SignedIn, chart_id: UUID, form: Form) -> Response:
    """Complete the chart and go back to the worklist, or show everything that is still open."""
    chart = ChartId(chart_id)
    try:
        completed = await cases.completing.complete(read_lease({**form, "action": "complete"}, coder, chart))
    except ChartNotComplete as error:
        return await _render_chart(cases, coder, chart, status=error.http_status, points=error.points)
    except (InvalidContent, Conflict) as error:
        return await _render_chart(cases, coder, chart, status=error.http_status, refusal=error.message)
    notice = f"seed-{completed.seeds[0].outcome}" if completed.seeds else "completed"
    return redirect(f"{WORKLIST}?notice={notice}")


@router.post("/lease")
async def renew_lease(cases: Cases, coder: SignedIn, chart_id: UUID) -> Response:
    """Let the lease last as long again, because somebody works on the page; 409 when it has ended."""
    await cases.queue.renew(ChartId(chart_id), coder.subject)
    held = await cases.desk.find_held(ChartId(chart_id), coder.subject)
    if held is None:
        raise LeaseLost("the chart is not in your hands any more; open it again")
    return JSONResponse({"until": show_time(held.lease.expires_at), "at": held.lease.expires_at.isoformat()})


@router.post("/release")
async def release(cases: Cases, coder: SignedIn, chart_id: UUID, form: Form) -> Response:
    """Give the chart back to the queue."""
    chart = ChartId(chart_id)
    try:
        request = read_lease(form, coder, chart)
        view, _ = await cases.charts.read_chart(chart)
        await cases.queue.release(WorkItemId(view.work_item_id), request.token, coder.subject)
    except (InvalidContent, Conflict) as error:
        return await _render_chart(cases, coder, chart, status=error.http_status, refusal=error.message)
    return redirect(f"{WORKLIST}?notice=released")


async def _render_chart(
    cases: UseCases,
    coder: Principal,
    chart_id: ChartId,
    *,
    status: int = 200,
    refusal: str | None = None,
    points: Sequence[OpenPoint] = (),
) -> Response:
    view, _ = await cases.charts.read_chart(chart_id)
    page = arrange_chart(view)
    held = await cases.desk.find_held(chart_id, coder.subject)
    return render_page(
        "chart.html",
        status=status,
        signed_in=coder,
        page=page,
        asked=await cases.queries.list_of_chart(chart_id),
        lease=held.lease if held else None,
        form_id=uuid4(),
        refusal=refusal,
        points=_explain_points(points, page),
        systems=list(CodeSystem),
        grouping=await _find_group(cases, view),
        asks_on_admission=view.encounter.setting is Setting.INPATIENT,
    )


async def _find_group(cases: UseCases, view: ChartView) -> Explained | None:
    """The MS-DRG belongs on this page and on no page of queries."""
    if view.engine is None or view.encounter.setting is not Setting.INPATIENT:
        return None
    return await cases.grouping.explain(ChartId(view.chart_id))


def _explain_points(points: Sequence[OpenPoint], page: ChartPage) -> list[tuple[str, int | None]]:
    """Give each open point its words, and the number of the card that it is about."""
    waiting = iter([card.number for card in page.cards if card.is_open])
    return [(point.message, next(waiting, None) if point.code == "undecided-suggestion" else None) for point in points]
