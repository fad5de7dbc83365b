"""Text comes out of every format, whole, once, and as it was written."""

import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.documents.markup import text_of_html
from shared.documents.reading import DocumentText, read_document
from tests.builders import Resource, as_text, attachment, composition, diagnostic_report, document_reference, patient

TEXT = "Impression: pneumonia, left lower lobe. Größe 3 µm."
HTML = "<head><title>x</title><style>p{}</style></head><body><h1>Impression</h1><p>No&nbsp;acute <b>disease</b>.</p>"
RTF = r"{\rtf1\ansi Impression:\par pneumonia\'e9 \b now\b0.}"


def read(resource: Resource) -> DocumentText:
    found = read_document(resource["resourceType"], as_text(resource))
    assert found is not None
    return found


def report(*forms: Resource, conclusion: str | None = None) -> Resource:
    return diagnostic_report(text=None, presentedForm=list(forms) or None, conclusion=conclusion)


def pdf(text: str) -> bytes:
    """A PDF of one page, compressed, as a reporting system would write it."""
    stream = zlib.compress(f"BT /F1 12 Tf 72 720 Td ({text}) Tj ET".encode("latin-1"))
    objects = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R/Resources<</Font<</F1 5 0 R>>>>>>",
        b"<</Length %d/Filter/FlateDecode>>stream\n" % len(stream) + stream + b"\nendstream",
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    out, offsets = b"%PDF-1.4\n", []
    for number, each in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj" % number + each + b"endobj\n"
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    start = len(out)
    out += b"xref\n0 6\n0000000000 65535 f \n" + table
    return out + b"trailer<</Size 6/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % start


@pytest.mark.parametrize(
    ("form", "text"),
    [
        (attachment(TEXT), TEXT),
        (attachment(TEXT, "text/plain; charset=utf-8"), TEXT),
        (attachment(TEXT.encode("latin-1"), "text/plain;charset=ISO-8859-1"), TEXT),
        (attachment(TEXT.encode("utf-16"), "text/plain; charset=utf-16"), TEXT),
        (attachment("\ufeff" + TEXT), TEXT),
        (attachment(TEXT.encode("cp1252")), TEXT),
        (attachment(TEXT, "text/plain; charset=banana"), TEXT),
        (attachment("a\r\nb\rc\0d\n"), "a\nb\ncd"),
        (attachment(HTML, "text/html"), "Impression\n\nNo acute disease."),
        (
            attachment(RTF, "application/rtf"),
            "Impression:\npneumoniaé now.",
        ),
        (attachment(pdf("Impression: pneumonia."), "application/pdf"), "Impression: pneumonia."),
    ],
)
def test_each_format_gives_its_text(form: Resource, text: str) -> None:
    document = read(report(form))
    assert document.text == text
    assert document.unreadable == ()


@pytest.mark.parametrize(
    ("form", "code"),
    [
        ({"contentType": "text/plain", "url": "https://elsewhere.example/x"}, "attachment-not-inline"),
        (attachment(b"\x89PNG", "image/png"), "attachment-format"),
        (attachment(b"%PDF-1.4 broken", "application/pdf"), "attachment-unreadable"),
        (attachment(pdf(""), "application/pdf"), "attachment-format"),
        ({"contentType": "text/plain", "data": "QQ"}, "attachment-unreadable"),
    ],
)
def test_what_gives_no_text_is_counted_and_the_rest_is_read(form: Resource, code: str) -> None:
    document = read(report(form, attachment(TEXT)))
    assert document.text == TEXT
    assert document.unreadable == (code,)


def test_the_same_words_in_two_formats_stand_once() -> None:
    forms = [attachment(f"<p>{TEXT}</p>", "text/html"), attachment(TEXT)]
    assert read(report(*forms)).text == TEXT


def test_different_parts_all_stand_plain_text_first() -> None:
    forms = [attachment("<p>Second part.</p>", "text/html"), attachment("First part.")]
    assert read(report(*forms)).text == "First part.\n\nSecond part."


@pytest.mark.parametrize(
    ("text", "conclusion", "expected"),
    [
        ("Findings.", "Pneumonia.", "Findings.\n\nConclusion:\nPneumonia."),
        ("Findings.\nImpression:\n  Pneumonia.", "Pneumonia.", "Findings.\nImpression:\n  Pneumonia."),
        (None, "Pneumonia.", "Pneumonia."),
        (None, None, ""),
    ],
)
def test_the_conclusion_is_told_where_the_text_does_not(
    text: str | None, conclusion: str | None, expected: str
) -> None:
    forms = [attachment(text)] if text else []
    assert read(report(*forms, conclusion=conclusion)).text == expected


def test_a_composition_is_its_sections_under_their_titles() -> None:
    note = composition(sections=(("Subjective", "Cough &amp; fever."), ("Plan", "Rest.<br/>Fluids.")))
    document = read(note)
    assert document.text == "Subjective:\nCough & fever.\n\nPlan:\nRest.\nFluids."
    assert (document.kind, document.title) == ("11506-3", "Progress note")
    assert document.authored_at is not None


def test_a_document_reference_gives_its_attachment() -> None:
    document = read(document_reference(text="Nurse note."))
    assert (document.text, document.kind) == ("Nurse note.", "34746-8")


def test_a_report_is_dated_when_it_was_issued() -> None:
    document = read(diagnostic_report(issued="2026-09-02T00:00:00Z"))
    assert document.authored_at is not None
    assert document.authored_at.day == 2


def test_other_types_are_no_documents() -> None:
    assert read_document("Patient", as_text(patient())) is None


@given(st.text(), st.sampled_from(["text/plain", "text/html", "application/rtf", "application/pdf"]))
def test_any_content_gives_text_without_nul(content: str, content_type: str) -> None:
    document = read(report(attachment(content, content_type)))
    assert "\0" not in document.text


@pytest.mark.parametrize(
    ("markup", "text"),
    [
        ("<table><tr><td>Na</td><td>140</td></tr><tr><td>K</td><td>4</td></tr></table>", "Na\t140\nK\t4"),
        ("<pre>a\n  b</pre>c", "a\n  b\n\nc"),
        ("a<script>x</script>b", "ab"),
        ("5 &lt; 6", "5 < 6"),
        ("<ul><li>a</li>\n <li>b</li></ul>", "a\nb"),
        ("a<br>\n  <br/>b", "a\n\nb"),
        ("one<p>two<br>three</p>", "one\n\ntwo\nthree"),
    ],
)
def test_markup_becomes_lines(markup: str, text: str) -> None:
    assert text_of_html(markup) == text
