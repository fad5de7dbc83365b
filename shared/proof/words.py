"""Whether the words that a proof cites stand in the documents that travel with it.

Place in the flow: a part of `verification`; pure. A text is read from its resource as ingest reads it.
"""

import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import Any

from pydantic import ValidationError

from shared.contracts.errors import ChartlineError
from shared.documents.reading import read_document
from shared.fhir.bundle_rules import resolve_target
from shared.fhir.extensions import EvidenceSpan, Extension, read_evidence


class SealedDocuments:
    """The readable texts of a Bundle, each read once, when it is asked for."""

    def __init__(self, bundle: Mapping[str, Any]) -> None:
        self._base = bundle["entry"][0]["fullUrl"]
        self._resources = {entry["fullUrl"]: entry["resource"] for entry in bundle["entry"]}
        self._texts: dict[str, str | None] = {}

    def find(self, reference: str) -> str | None:
        """Return the text of the resource that the Claim refers to so; None where it is not inside or gives none."""
        url = resolve_target(reference, self._base)
        if url not in self._texts:
            self._texts[url] = _read(self._resources.get(url))
        return self._texts[url]


def check_words(proof: Extension, documents: SealedDocuments) -> Iterator[tuple[str, str]]:
    """Yield rule and message for each cited span that does not stand in its document."""
    for span in read_evidence(proof):
        text = documents.find(span.document)
        if text is None:
            yield "document-missing", "a document that the proof cites is not in the Bundle, or cannot be read"
        elif _hash(text) != span.document_sha256:
            yield "document-changed", "a document that the proof cites has another text"
        elif _hash(_cut(text, span)) != span.sha256:
            yield "words-changed", "the words that the proof cites do not stand where it says"


def _read(resource: Mapping[str, Any] | None) -> str | None:
    if resource is None:
        return None
    try:
        document = read_document(resource["resourceType"], json.dumps(resource))
    except (ChartlineError, ValidationError, KeyError):
        return None
    return document.text if document else None


def _cut(text: str, span: EvidenceSpan) -> str:
    return text[span.start : span.end]


def _hash(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
