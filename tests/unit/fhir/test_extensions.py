"""A suggestion survives its way through a FHIR element."""

import pytest

from shared.contracts.errors import InvalidContent
from shared.fhir.extensions import (
    SUGGESTION,
    EvidenceSpan,
    SuggestionExtension,
    build_suggestion,
    read_suggestion,
    without_extensions,
)
from tests.builders import Resource, claim

SPAN = EvidenceSpan("DiagnosticReport/dr-1", 2, document_sha256="cd" * 32, start=0, end=9, sha256="ab" * 32)
FULL = SuggestionExtension(0.93, "present", True, (SPAN, SPAN), why="Named as the impression.", missing=("organism",))


@pytest.mark.parametrize("suggestion", [FULL, SuggestionExtension(0.0, "absent", False, (SPAN,))])
def test_read_returns_what_build_wrote(suggestion: SuggestionExtension) -> None:
    assert read_suggestion({"extension": [build_suggestion(suggestion)]}) == suggestion


def test_the_library_accepts_the_extension_on_a_claim() -> None:
    from fhir.resources.R4B.claim import Claim

    draft = claim(status="draft")
    draft["diagnosis"][0]["extension"] = [build_suggestion(FULL)]
    assert Claim.model_validate(draft).diagnosis is not None


def test_an_element_without_suggestion_has_none() -> None:
    assert read_suggestion({"extension": [{"url": "https://elsewhere.example/x", "valueString": "y"}]}) is None


@pytest.mark.parametrize("lost", ["confidence", "assertion", "selected"])
def test_a_suggestion_that_lacks_a_part_is_refused(lost: str) -> None:
    extension = build_suggestion(FULL)
    extension["extension"] = [part for part in extension["extension"] if part["url"] != lost]
    with pytest.raises(InvalidContent):
        read_suggestion({"extension": [extension]})


def test_without_extensions_leaves_others_and_no_empty_array() -> None:
    other: Resource = {"url": "https://elsewhere.example/x", "valueString": "y"}
    element = {"sequence": 1, "extension": [build_suggestion(FULL), other]}
    assert without_extensions(element, SUGGESTION) == {"sequence": 1, "extension": [other]}
    assert without_extensions(element, SUGGESTION, other["url"]) == {"sequence": 1}
