"""Names the words behind a suggestion as FHIR knows them: by the resource that they were read from, and by hash.

Place in the flow: `claim_draft` and `claim_final` cite with it; pure. Invariant: a cited document is one of the chart.
"""

import hashlib
from collections.abc import Iterable

from services.coder.engine.model import Suggestion
from shared.contracts.messages import ChartDocument
from shared.fhir.extensions import EvidenceSpan


class Citations:
    """The documents of one chart version, by the id that evidence names."""

    def __init__(self, documents: Iterable[ChartDocument]) -> None:
        self._documents = {document.document_id: document for document in documents}
        self._hashes: dict[str, str] = {}

    def cite(self, suggestion: Suggestion) -> tuple[EvidenceSpan, ...]:
        """Return the evidence of a suggestion with the source and hash of each document."""
        return tuple(
            EvidenceSpan(
                document=self._documents[span.document_id].source,
                version=span.version,
                document_sha256=self._hash(span.document_id),
                start=span.start,
                end=span.end,
                sha256=span.sha256,
            )
            for span in suggestion.evidence
        )

    def _hash(self, document_id: str) -> str:
        if document_id not in self._hashes:
            text = self._documents[document_id].text
            self._hashes[document_id] = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
        return self._hashes[document_id]
