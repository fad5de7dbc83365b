"""How a refused completion looks: an OperationOutcome with one issue for each open point.

Invariant: `details.coding.code` is the stable code of an issue, `expression` its place, and no issue repeats content.
"""

from typing import cast

from fastapi import Request

from services.coder.work_item import ChartNotComplete
from shared.web.errors import OperationOutcomeResponse, operation_outcome


async def answer_open_points(_request: Request, error: Exception) -> OperationOutcomeResponse:
    """Answer a refused completion: one issue for each open point."""
    points = cast("ChartNotComplete", error).points
    outcomes = [
        operation_outcome(point.code, ChartNotComplete.issue_type, point.message, (point.expression,))
        for point in points
    ]
    issues = [issue for outcome in outcomes for issue in cast("list[object]", outcome["issue"])]
    body = {"resourceType": "OperationOutcome", "issue": issues}
    return OperationOutcomeResponse(body, status_code=ChartNotComplete.http_status)
