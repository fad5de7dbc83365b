"""ICD-10-CM as XML: the Tabular List, and the four indexes (Alphabetic, External Cause, Neoplasm, Table of Drugs).

Source: the schemas that NCHS publishes with the files. Invariant: an index entry's title is the path of terms from the
main term down, joined by commas; a column of a table is named by its heading.
"""

from collections import Counter
from collections.abc import Iterator
from xml.etree.ElementTree import Element, ParseError

from shared.codesets.entry import Entry, FileRefused, Reading, SourceFile
from shared.codesets.icd10cm import CodeSet, NoteKind
from shared.codesets.icd10cm_tabular import parse_tabular
from shared.codesets.readers.xml import find_line, read_line, read_tree, require_root

_CROSS_REFERENCES = {
    "see": "see",
    "seeAlso": "see also",
    "seecat": "see category",
    "subcat": "subcategory",
}


def read_tabular(source: SourceFile) -> Reading:
    """The Tabular List: every complete code with its title, and every node above with `billable` false."""
    require_root(source.content, "ICD10CM.tabular")
    try:
        codes = CodeSet(parse_tabular(source.content), content_hash="")
    except ParseError as error:
        raise FileRefused("the XML breaks off or is not well-formed", line=error.position[0]) from None
    billable = [_code_entry(codes, code, billable=True) for code in codes.billable_codes()]
    above = [_code_entry(codes, node, billable=False) for node in codes.nodes() if not codes.is_billable(node)]
    return Reading(codes.release, [*billable, *above], {"codes": len(billable), "headers": len(above)})


def _code_entry(codes: CodeSet, code: str, *, billable: bool) -> Entry:
    terms = codes.notes(codes.node_of(code), NoteKind.INCLUSION)
    return Entry(
        code, codes.title(code), facts={"billable": billable, "terms": terms} if terms else {"billable": billable}
    )


def read_index(source: SourceFile) -> Reading:
    """The Alphabetic Index to Diseases and Injuries."""
    return _read_titled(source, "DISEASES")


def read_external_cause(source: SourceFile) -> Reading:
    """The External Cause of Injuries Index."""
    return _read_titled(source, "EXTERNAL CAUSE")


def read_neoplasm(source: SourceFile) -> Reading:
    """The Neoplasm Table."""
    return _read_headed(source, "Neoplasm")


def read_drug(source: SourceFile) -> Reading:
    """The Table of Drugs and Chemicals."""
    return _read_headed(source, "Substance")


def _read_titled(source: SourceFile, words: str) -> Reading:
    root = read_tree(source.content, "ICD10CM.index")
    if words not in read_line(root.find("title")).upper():
        line = find_line(source.content, "title")
        raise FileRefused(f"this index is not the one with {words} in its title", line=line)
    return _read_terms(source, root)


def _read_headed(source: SourceFile, first: str) -> Reading:
    root = read_tree(source.content, "ICD10CM.index")
    if read_line(root.find("indexHeading/head")) != first:
        line = find_line(source.content, "indexHeading")
        raise FileRefused(f"this index has no table that begins with the column {first}", line=line)
    return _read_terms(source, root)


def _read_terms(source: SourceFile, root: Element) -> Reading:
    columns = {head.get("col", ""): read_line(head) for head in root.iterfind("indexHeading/head")}
    mains = root.findall("letter/mainTerm")
    entries = [entry for main in mains for entry in _walk(main, (), columns)]
    if not entries:
        raise FileRefused("the index has no terms", line=find_line(source.content, "letter"))
    kinds = Counter("references" if "refers" in entry.facts else "codes" for entry in entries)
    counts = {"codes": kinds["codes"], "references": kinds["references"], "main_terms": len(mains)}
    return Reading(f"FY{read_line(root.find('version'))}", entries, {**counts, "terms": _count_terms(root)})


def _count_terms(root: Element) -> int:
    return sum(1 for element in root.iter() if element.tag in {"mainTerm", "term"})


def _walk(term: Element, above: tuple[str, ...], columns: dict[str, str]) -> Iterator[Entry]:
    title = term.find("title")
    path = (*above, _title(title))
    words = ", ".join(path)
    optional = [read_line(mark) for mark in title.findall("nemod")] if title is not None else []
    facts = {"optional": optional} if optional else {}
    below = read_line(term.find("manif"))
    for child in term:
        if child.tag == "code":
            code, _, bracketed = read_line(child).partition("[")
            manifestation = (bracketed or below).strip(" []")
            also = {"manifestation": manifestation} if manifestation else {}
            yield Entry(code.strip(), words, facts={**facts, **also, "column": "Code"})
        elif child.tag == "cell" and read_line(child).strip("-"):
            yield Entry(read_line(child), words, facts={**facts, "column": columns.get(child.get("col", ""), "")})
        elif child.tag in _CROSS_REFERENCES:
            yield Entry("", words, facts={**facts, "refers": _CROSS_REFERENCES[child.tag], "to": read_line(child)})
        elif child.tag == "term":
            yield from _walk(child, path, columns)


def _title(title: Element | None) -> str:
    """The words of a title without its nonessential modifiers."""
    if title is None:
        return ""
    return " ".join(" ".join([title.text or "", *(mark.tail or "" for mark in title)]).split())
