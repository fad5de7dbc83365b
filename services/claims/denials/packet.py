"""The evidence packet of an appeal: claim, answer, cited documents and the cited words themselves, as one Bundle; pure.

Place in the flow: `service.denials` makes it when an appeal is decided on, and again, to the byte, whenever it is asked
for. Invariants: every word is cut from a document inside by its offsets and stands there (a span whose hash does not
match is left out); the claim and the documents are the bytes that the payer got.
"""

import base64
import hashlib
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any
from uuid import UUID, uuid5

from services.claims.claim import Channel
from services.claims.denials.denial import DeniedLine
from services.claims.raw_json import find_elements, find_members
from shared.fhir import systems
from shared.fhir.extensions import EvidenceSpan
from shared.proof.words import SealedDocuments

Element = dict[str, Any]
"""A FHIR element as decoded JSON."""


def build_packet(
    bundle: bytes, answer: bytes, channel: Channel, lines: Sequence[DeniedLine], *, claim_id: UUID, letter: str
) -> bytes:
    """Return a Bundle of type collection: a Communication to the payer with the words, then claim, answer, documents.

    `bundle` is what was sent, `answer` the payer's own bytes: a ClaimResponse, or segments of an 835, which go along as
    a Binary. `letter` is why the payer is asked to decide anew.
    """
    text = bundle.decode()
    entries = [text[slice(*span)] for span in find_elements(text, find_members(text)["entry"])]
    spoken = _build_communication(json.loads(bundle), lines, claim_id, letter)
    parts = [
        _entry(uuid5(claim_id, "appeal"), json.dumps(spoken, separators=(",", ":"))),
        *entries,
        _entry(uuid5(claim_id, "answer"), _print_answer(answer, channel, uuid5(claim_id, "answer"))),
    ]
    identifier = json.dumps({"system": systems.CLAIM_IDENTIFIER, "value": str(claim_id)}, separators=(",", ":"))
    head = f'{{"resourceType":"Bundle","identifier":{identifier},"type":"collection"'
    return f'{head},"entry":[{",".join(parts)}]}}'.encode()


def _build_communication(
    bundle: Mapping[str, Any], lines: Sequence[DeniedLine], claim_id: UUID, letter: str
) -> Element:
    documents = SealedDocuments(bundle)
    payload = [{"contentString": letter}]
    payload += [part for line in lines for part in _quote(line, documents)]
    about = {"type": "Claim", "identifier": {"system": systems.CLAIM_IDENTIFIER, "value": str(claim_id)}}
    return {
        "resourceType": "Communication",
        "id": str(uuid5(claim_id, "appeal")),
        "status": "completed",
        "about": [about],
        "payload": payload,
    }


def _quote(line: DeniedLine, documents: SealedDocuments) -> Iterator[Element]:
    """What the payer said of a line, then the words that the line rests on, each after its document."""
    codes = " ".join([line.adjustment.reason, *line.adjustment.remarks])
    yield {"contentString": f"{line.expression}, {line.code}, denied with {codes}: {line.reason.words}"}
    for span, words in _cut_words(line.origin.evidence, documents):
        yield {"contentReference": {"reference": span.document}}
        yield {"contentString": words}


def _cut_words(evidence: Iterable[EvidenceSpan], documents: SealedDocuments) -> Iterator[tuple[EvidenceSpan, str]]:
    for span in evidence:
        words = (documents.find(span.document) or "")[span.start : span.end]
        if hashlib.sha256(words.encode("utf-8", "surrogatepass")).hexdigest() == span.sha256:
            yield span, words


def _print_answer(answer: bytes, channel: Channel, binary_id: UUID) -> str:
    if channel is not Channel.X12:
        return answer.decode()
    data = base64.b64encode(answer).decode()
    return json.dumps({"resourceType": "Binary", "id": str(binary_id), "contentType": "text/plain", "data": data})


def _entry(full_url: UUID, resource: str) -> str:
    return f'{{"fullUrl":"urn:uuid:{full_url}","resource":{resource}}}'
