"""Readable text out of one Attachment: plain text, HTML, RTF, and PDF with a text layer. Pure, and bounded.

Invariant: whatever the bytes are, the answer is text without U+0000, or an Unreadable that says why not.
"""

import base64
import binascii
import logging
from collections.abc import Callable
from email.message import Message
from io import BytesIO

from pypdf import PdfReader
from pypdf.errors import PyPdfError
from striprtf.striprtf import rtf_to_text

from shared.contracts.errors import InvalidContent
from shared.documents.markup import text_of_html
from shared.fhir.elements import Attachment

MAX_ATTACHMENT_BYTES = 12 * 1024 * 1024
MAX_TEXT_CHARACTERS = 8 * 1024 * 1024
MAX_PDF_PAGES = 500

# pypdf reports what it repairs, and the report may quote the document.
logging.getLogger("pypdf").setLevel(logging.CRITICAL)


class Unreadable(InvalidContent):
    """An attachment that gives no text; `code` says why."""

    code = "attachment-unreadable"


class NotInline(Unreadable):
    """An attachment by address only."""

    code = "attachment-not-inline"


class UnknownFormat(Unreadable):
    """A format that holds no text we can read, such as an image."""

    code = "attachment-format"


class AttachmentTooLarge(Unreadable):
    """More bytes, characters or pages than are read."""

    code = "attachment-too-large"


def read_attachment(attachment: Attachment) -> str:
    """Return the text of an attachment; raises Unreadable."""
    if attachment.data is None:
        raise NotInline("the attachment has no data")
    media_type, charset = _split_content_type(attachment.content_type)
    reader = _READERS.get(media_type)
    if reader is None:
        raise UnknownFormat("the attachment is neither text, HTML, RTF nor PDF", expression="contentType")
    text = reader(_decode_data(attachment.data), charset)
    if len(text) > MAX_TEXT_CHARACTERS:
        raise AttachmentTooLarge(f"a text may have {MAX_TEXT_CHARACTERS} characters")
    return clean_text(text)


def clean_text(text: str) -> str:
    """Make line ends \\n, drop U+0000 and trailing space of the whole."""
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "").rstrip()


def _split_content_type(content_type: str) -> tuple[str, str]:
    header = Message()
    header["content-type"] = content_type or "text/plain"
    return header.get_content_type(), str(header.get_param("charset") or "")


def _decode_data(data: str) -> bytes:
    if len(data) * 3 // 4 > MAX_ATTACHMENT_BYTES:
        raise AttachmentTooLarge(f"an attachment may have {MAX_ATTACHMENT_BYTES} bytes")
    try:
        # FHIR lets base64 have whitespace, which the strict decoder does not.
        return base64.b64decode("".join(data.split()), validate=True)
    except (binascii.Error, ValueError):
        raise Unreadable("the data is not base64", expression="data") from None


def _read_plain(content: bytes, charset: str) -> str:
    for candidate in (charset, "utf-8-sig"):
        try:
            return content.decode(candidate or "utf-8-sig")
        except (UnicodeDecodeError, LookupError):
            continue
    return content.decode("cp1252", "replace")


def _read_html(content: bytes, charset: str) -> str:
    return text_of_html(_read_plain(content, charset))


def _read_rtf(content: bytes, _charset: str) -> str:
    text: str = rtf_to_text(content.decode("cp1252", "replace"), errors="replace")  # type: ignore[no-untyped-call]  # no types
    return text


def _read_pdf(content: bytes, _charset: str) -> str:
    try:
        pages = PdfReader(BytesIO(content)).pages
        if len(pages) > MAX_PDF_PAGES:
            raise AttachmentTooLarge(f"a PDF may have {MAX_PDF_PAGES} pages")
        text = "\n\n".join(page.extract_text() for page in pages)
    except Unreadable:
        raise
    except (PyPdfError, ValueError, TypeError, KeyError, AttributeError, IndexError, RecursionError, OSError):
        # pypdf lets malformed files surface as any of these.
        raise Unreadable("the PDF is malformed", expression="data") from None
    if not text.strip():
        raise UnknownFormat("the PDF has no text layer", expression="data")
    return text


_READERS: dict[str, Callable[[bytes, str], str]] = {
    "text/plain": _read_plain,
    "text/markdown": _read_plain,
    "text/html": _read_html,
    "application/xhtml+xml": _read_html,
    "application/rtf": _read_rtf,
    "text/rtf": _read_rtf,
    "application/pdf": _read_pdf,
}
FORMATS_BY_PREFERENCE = {media_type: rank for rank, media_type in enumerate(_READERS)}
"""Where a report comes in several formats, the first of these is the one that loses least."""
