"""The JSON Schemas of our messages, for peers who do not read Python. Made by `python -m shared.contracts.schemas`."""

import json
from pathlib import Path
from typing import Any

from shared.contracts.envelope import Envelope, Message
from shared.contracts.messages import ChartCoded, ChartReady, ChartWithdrawn, ClaimDraft, ClaimReturned
from shared.contracts.topics import Topic

SCHEMA_FOLDER = Path(__file__).parent

MESSAGE_TYPES: dict[Topic, type[Message]] = {
    Topic.CHART_READY: Envelope[ChartReady],
    Topic.CLAIM_DRAFT: Envelope[ClaimDraft],
    Topic.CHART_CODED: Envelope[ChartCoded],
    Topic.CHART_WITHDRAWN: Envelope[ChartWithdrawn],
    Topic.CLAIM_RETURNED: Envelope[ClaimReturned],
}


def make_schemas() -> dict[str, dict[str, Any]]:
    """Return each schema under its file name."""
    return {f"{topic}.json": model.model_json_schema() for topic, model in MESSAGE_TYPES.items()}


def write_schemas() -> None:
    """Write every schema into this folder."""
    for name, schema in make_schemas().items():
        (SCHEMA_FOLDER / name).write_text(json.dumps(schema, indent=2) + "\n", encoding="utf-8")
