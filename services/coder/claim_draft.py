"""The draft Claim: every suggestion as a diagnosis, procedure or line, with what speaks for it in an extension.

Place in the flow: built when the engine has answered, published as `claim.draft.v1`; pure. Invariant: a code, its
confidence, assertion and evidence read back from the draft are those of the suggestion.
"""

import json
from datetime import datetime

from services.coder.chart_facts import ChartFacts
from services.coder.citations import Citations
from services.coder.claim_frame import Entry, build_claim, identify_claim
from services.coder.coding import LineDetails
from services.coder.decisions import ChosenCode
from services.coder.engine.model import Suggestion, Suggestions
from shared.contracts.messages import ChartReady, ClaimDraft, ResourceVersion
from shared.fhir.extensions import SuggestionExtension, build_suggestion


def build_draft(chart: ChartReady, facts: ChartFacts, suggestions: Suggestions, *, created: datetime) -> ClaimDraft:
    """Build the draft of a chart version, with selected suggestions and offers alike; `selected` tells them apart."""
    citations = Citations(chart.documents)
    claim = build_claim(
        chart,
        facts,
        [_enter(suggestion, citations) for suggestion in suggestions.suggestions],
        claim_id=identify_claim(chart.chart_id, f"draft-{chart.chart_version}"),
        status="draft",
        created=created,
    )
    version = ResourceVersion.of("Claim", claim["id"], json.dumps(claim), str(chart.chart_version))
    return ClaimDraft(chart_id=chart.chart_id, chart_version=chart.chart_version, claim=version)


def _enter(suggestion: Suggestion, citations: Citations) -> Entry:
    extension = SuggestionExtension(
        confidence=suggestion.confidence,
        assertion=suggestion.assertion.value,
        selected=suggestion.selected,
        evidence=citations.cite(suggestion),
        why=suggestion.why,
        missing=suggestion.missing,
    )
    chosen = ChosenCode(suggestion.system, suggestion.code, suggestion.display)
    return Entry(chosen, [build_suggestion(extension)], LineDetails.of(suggestion))
