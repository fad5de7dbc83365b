"""The page of automation: what each service line's trial shows, its history, and turning it on and off."""

from typing import Annotated

from fastapi import APIRouter, Path
from fastapi.responses import Response
from pydantic import ValidationError

from services.coder.api.requests import Cases
from services.coder.automation.modes import Mode
from services.coder.automation_models import AutomationView, ModeRequest
from services.coder.service.use_cases import UseCases
from services.coder.workbench.pages import render_page
from services.coder.workbench.routing import Form, PageRoute, SignedInLead, redirect
from shared.contracts.errors import Conflict
from shared.web.security import Principal

router = APIRouter(prefix="/automation", route_class=PageRoute)

_CHANGES_SHOWN = 20
ServiceLine = Annotated[str, Path(pattern="^[a-z][a-z0-9-]{0,62}$")]


@router.get("")
async def show_automation(cases: Cases, lead: SignedInLead) -> Response:
    """Show every service line."""
    return await _show(cases, lead)


@router.post("/{service_line}")
async def change_mode(cases: Cases, lead: SignedInLead, service_line: ServiceLine, form: Form) -> Response:
    """Change a line's mode, with the reason."""
    try:
        request = ModeRequest.model_validate({"mode": form.get("mode"), "reason": form.get("reason", "")})
        await cases.automating.change_mode(lead.subject, service_line, Mode(request.mode), request.reason)
    except ValidationError:
        return await _show(cases, lead, refusal="Write a reason of at most 500 characters.", status=422)
    except Conflict as error:
        return await _show(cases, lead, refusal=error.message, status=error.http_status)
    return redirect("/workbench/automation")


async def _show(cases: UseCases, lead: Principal, *, refusal: str | None = None, status: int = 200) -> Response:
    view = AutomationView.of(await cases.reporting.read_automation(), cases.reporting.policy)
    changes = {
        line.service_line: await cases.reporting.list_changes(line.service_line, _CHANGES_SHOWN) for line in view.lines
    }
    return render_page(
        "automation.html",
        status=status,
        signed_in=lead,
        view=view,
        changes=changes,
        policy=cases.reporting.policy,
        refusal=refusal,
    )
