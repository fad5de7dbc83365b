"""Chartline's FHIR extensions: typed builders and readers for what a draft Claim says about each suggested code.

Invariant: `read_suggestion(build_suggestion(s)) == s`. The definitions are the StructureDefinitions in `definitions/`;
nested extension urls are relative, as R4 has it for complex extensions.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.contracts.errors import InvalidContent
from shared.fhir.systems import CHARTLINE

STRUCTURE_DEFINITIONS = f"{CHARTLINE}/StructureDefinition"
SUGGESTION = f"{STRUCTURE_DEFINITIONS}/suggestion"
"""On `Claim.diagnosis`, `Claim.procedure` and `Claim.item`: why the engine proposes the code."""

Extension = dict[str, Any]
"""One FHIR extension as decoded JSON; its value[x] differs by url, so only these functions look inside."""


@dataclass(frozen=True, slots=True)
class EvidenceSpan:
    """A span of one document version: character offsets `start:end`, and the SHA-256 (hex) of its UTF-8 text.

    `document` is the reference of the resource that the text was read from, such as `DiagnosticReport/123`;
    `document_sha256` is the hash of the whole text.
    """

    document: str
    version: int
    document_sha256: str
    start: int
    end: int
    sha256: str


@dataclass(frozen=True, slots=True)
class SuggestionExtension:
    """What a suggestion says beside its code. `confidence` is a probability in [0, 1]."""

    confidence: float
    assertion: str
    selected: bool
    evidence: tuple[EvidenceSpan, ...]
    why: str = ""
    missing: tuple[str, ...] = ()


def build_suggestion(suggestion: SuggestionExtension) -> Extension:
    """Return the suggestion as a complex extension with url SUGGESTION."""
    parts: list[Extension] = [
        {"url": "confidence", "valueDecimal": suggestion.confidence},
        {"url": "assertion", "valueCode": suggestion.assertion},
        {"url": "selected", "valueBoolean": suggestion.selected},
    ]
    if suggestion.why:
        parts.append({"url": "why", "valueString": suggestion.why})
    parts += [{"url": "missing", "valueString": detail} for detail in suggestion.missing]
    parts += [build_evidence(span) for span in suggestion.evidence]
    return {"url": SUGGESTION, "extension": parts}


def build_evidence(span: EvidenceSpan) -> Extension:
    """Return a span as the part `evidence` of a complex extension."""
    return {
        "url": "evidence",
        "extension": [
            {"url": "document", "valueReference": {"reference": span.document}},
            {"url": "version", "valuePositiveInt": span.version},
            {"url": "document-sha256", "valueString": span.document_sha256},
            {"url": "start", "valueUnsignedInt": span.start},
            {"url": "end", "valueUnsignedInt": span.end},
            {"url": "sha256", "valueString": span.sha256},
        ],
    }


def read_suggestion(element: Mapping[str, Any]) -> SuggestionExtension | None:
    """Read the suggestion on a FHIR element, None where it has none; raises InvalidContent when it is malformed."""
    found = find_extension(element, SUGGESTION)
    if found is None:
        return None
    try:
        return SuggestionExtension(
            confidence=float(_value_of(found, "confidence", "valueDecimal")),
            assertion=str(_value_of(found, "assertion", "valueCode")),
            selected=bool(_value_of(found, "selected", "valueBoolean")),
            evidence=read_evidence(found),
            why="".join(part["valueString"] for part in _parts(found, "why")),
            missing=tuple(part["valueString"] for part in _parts(found, "missing")),
        )
    except (KeyError, TypeError, ValueError):
        raise InvalidContent(
            "a suggestion extension lacks a part or has a wrong value", expression=SUGGESTION
        ) from None


def read_evidence(extension: Extension) -> tuple[EvidenceSpan, ...]:
    """Read the spans of a complex extension; raises KeyError, TypeError or ValueError when one is malformed."""
    return tuple(_read_span(part) for part in _parts(extension, "evidence"))


def _read_span(extension: Extension) -> EvidenceSpan:
    return EvidenceSpan(
        document=str(_value_of(extension, "document", "valueReference")["reference"]),
        version=int(_value_of(extension, "version", "valuePositiveInt")),
        document_sha256=str(_value_of(extension, "document-sha256", "valueString")),
        start=int(_value_of(extension, "start", "valueUnsignedInt")),
        end=int(_value_of(extension, "end", "valueUnsignedInt")),
        sha256=str(_value_of(extension, "sha256", "valueString")),
    )


def find_extension(element: Mapping[str, Any], url: str) -> Extension | None:
    """Return the first extension of `element` with `url`, or None."""
    found = _parts(element, url)
    return found[0] if found else None


def without_extensions(element: Mapping[str, Any], *urls: str) -> dict[str, Any]:
    """Return a copy of `element` without the extensions of these urls, and without an empty `extension` array."""
    kept = [extension for extension in element.get("extension", ()) if extension.get("url") not in urls]
    rest = {name: value for name, value in element.items() if name != "extension"}
    return {**rest, "extension": kept} if kept else rest


def _parts(element: Mapping[str, Any], url: str) -> Sequence[Extension]:
    return [extension for extension in element.get("extension", ()) if extension.get("url") == url]


# The value's type follows from `choice`, which the caller names and checks.
def _value_of(element: Mapping[str, Any], url: str, choice: str) -> Any:
    (part,) = _parts(element, url)
    return part[choice]
