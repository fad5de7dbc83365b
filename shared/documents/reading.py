"""The readable text of a report, note or document: one document a resource. Pure.

Place in the flow: runs in a worker process on each validated DiagnosticReport, Composition and DocumentReference.
Invariant: nothing is dropped that is not said elsewhere in the same text; parts that cannot be read are counted.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from shared.documents.attachments import FORMATS_BY_PREFERENCE, Unreadable, clean_text, read_attachment
from shared.documents.markup import text_of_html
from shared.fhir import systems
from shared.fhir.elements import Attachment, CodeableConcept
from shared.fhir.subset import (
    CompositionSection,
    CompositionSubset,
    DiagnosticReportSubset,
    DocumentReferenceSubset,
    read_as,
)

DOCUMENT_TYPES = frozenset({"DiagnosticReport", "Composition", "DocumentReference"})


@dataclass(frozen=True, slots=True)
class DocumentText:
    """A text, its LOINC code (or ''), title and time. `unreadable` are the codes of the parts that gave no text."""

    text: str
    kind: str
    title: str
    authored_at: datetime | None
    unreadable: tuple[str, ...] = ()


def read_document(resource_type: str, body: str) -> DocumentText | None:
    """Read the text of a validated resource; None for types that are no documents."""
    if resource_type == "DiagnosticReport":
        return _read_report(read_as(DiagnosticReportSubset, body))
    if resource_type == "Composition":
        return _read_composition(read_as(CompositionSubset, body))
    if resource_type == "DocumentReference":
        return _read_reference(read_as(DocumentReferenceSubset, body))
    return None


def _read_report(report: DiagnosticReportSubset) -> DocumentText:
    texts, unreadable = _read_attachments(report.presented_form)
    conclusion = clean_text(report.conclusion)
    if conclusion and not _says(texts, conclusion):
        texts.append(f"Conclusion:\n{conclusion}" if texts else conclusion)
    return _compose(texts, unreadable, report.code, report.issued or report.effective_at)


def _read_composition(composition: CompositionSubset) -> DocumentText:
    texts = [text for section in composition.section for text in _read_section(section)]
    return _compose(texts, (), composition.type, composition.date, composition.title)


def _read_section(section: CompositionSection) -> Iterator[str]:
    text = clean_text(text_of_html(section.text.div)) if section.text else ""
    heading = section.title or section.code.title
    if text:
        yield f"{heading}:\n{text}" if heading else text
    for child in section.section:
        yield from _read_section(child)


def _read_reference(reference: DocumentReferenceSubset) -> DocumentText:
    attachments = [content.attachment for content in reference.content]
    texts, unreadable = _read_attachments(attachments)
    title = next((attachment.title for attachment in attachments if attachment.title), "")
    return _compose(texts, unreadable, reference.type, reference.date, title)


def _read_attachments(attachments: Iterable[Attachment]) -> tuple[list[str], tuple[str, ...]]:
    """Read the attachments, best format first; the same words in a second format are not repeated."""
    texts: list[str] = []
    unreadable: list[str] = []
    for attachment in sorted(attachments, key=_preference):
        try:
            text = read_attachment(attachment)
        except Unreadable as error:
            unreadable.append(error.code)
            continue
        if text.strip() and not _says(texts, text):
            texts.append(text)
    return texts, tuple(unreadable)


def _preference(attachment: Attachment) -> int:
    media_type = attachment.content_type.split(";")[0].strip().lower()
    return FORMATS_BY_PREFERENCE.get(media_type, len(FORMATS_BY_PREFERENCE))


def _says(texts: Iterable[str], text: str) -> bool:
    """Tell whether the same words stand in one of `texts` already, whatever the layout."""
    words = _words(text)
    return any(words in _words(other) for other in texts)


def _words(text: str) -> str:
    return f" {' '.join(text.split())} "


def _compose(
    texts: list[str],
    unreadable: tuple[str, ...],
    code: CodeableConcept,
    authored_at: datetime | None,
    title: str = "",
) -> DocumentText:
    return DocumentText(
        text="\n\n".join(texts),
        kind=code.code_in(systems.LOINC),
        title=title or code.title,
        authored_at=authored_at,
        unreadable=unreadable,
    )
