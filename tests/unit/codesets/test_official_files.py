"""Every official file at hand loads with its known counts; its truncated and its wrong twin are refused."""

import os
import zipfile
from pathlib import Path

import pytest

from shared.codesets.changes import compare_releases
from shared.codesets.entry import FileRefused
from shared.codesets.kinds import KINDS
from shared.codesets.opening import read_release

FOLDER = Path(os.environ.get("CHARTLINE_CODESETS", Path(__file__).resolve().parents[4] / "shared" / "codesets"))
PCS_2026 = "icd10pcs_fy2026/2026-icd-10-pcs-order-file-long-and-abbreviated-titles.zip"

FILES: list[tuple[str, str, dict[str, int]]] = [
    ("icd10cm-tabular", "icd10cm_fy2026/icd10c-tabular-April-1-2026.xml", {"codes": 74_719}),
    ("icd10cm-external-cause", "icd10cm_fy2026/icd10cm-eindex-April-1-2026.xml", {"terms": 8_090, "codes": 6_671}),
    ("icd10cm-neoplasm", "icd10cm_fy2026/icd10cm-neoplasm-April-1-2026.xml", {"terms": 1_940}),
    ("icd10cm-drug", "icd10cm_fy2026/icd10cm-drug-April-1-2026.xml", {"terms": 7_430, "main_terms": 5_179}),
    ("icd10cm-index", "icd10cm_fy2027_excerpt/icd10cm_index_2027.excerpt.xml", {"main_terms": 13, "codes": 18}),
    ("icd10pcs-order", PCS_2026, {"codes": 79_193, "headers": 917}),
    ("icd10pcs-order-addenda", PCS_2026, {"add": 83, "delete": 2}),
    ("icd10pcs-index-addenda", "icd10pcs_fy2026/2026-addendum.zip", {"terms": 73}),
    ("icd10pcs-tables-addenda", "icd10pcs_fy2026/2026-addendum.zip", {"tables": 17, "codes": 2_954, "added": 36}),
    ("icd10pcs-definitions-addenda", "icd10pcs_fy2026/2026-addendum.zip", {"changes": 24}),
    ("icd10pcs-conversion", "icd10pcs_fy2026/2026-icd-pcs-conversion-table.zip", {"rows": 17_848}),
    ("icd10pcs-tables", "icd10pcs_fy2023/icd10pcs_tables_2023.xml", {"codes": 78_530, "tables": 901}),
    ("icd10pcs-index", "icd10pcs_fy2023/icd10pcs_index_2023.xml", {"main_terms": 3_023}),
    ("hcpcs", "hcpcs/2019-Alpha-Numeric-HCPCS-File.zip", {"procedures": 6_440, "modifiers": 360}),
    ("hcpcs", "hcpcs/HCPC2024_ANWEB_fixed_width_upper_cased.txt", {"procedures": 8_091, "modifiers": 383}),
    ("hcpcs", "hcpcs/hcpcs_2025OCT_code_longdesc.csv", {"codes": 8_846}),
    ("hcpcs", "hcpcs/HCPC2026_OCT_ANWEB.excerpt.csv", {"codes": 4}),
    ("poa-exempt", "poa/POAexemptCodesFY26.zip", {"codes": 38_349}),
]
WRONG = FOLDER / "ncci" / "LAYOUT.md"

pytestmark = [
    pytest.mark.real_data,
    pytest.mark.skipif(not FOLDER.exists(), reason="the official files are not here"),
]


@pytest.mark.parametrize(("kind", "name", "counts"), FILES)
def test_an_official_file_has_its_known_counts(kind: str, name: str, counts: dict[str, int]) -> None:
    found = read_release(KINDS[kind], FOLDER / name).reading.counts
    assert {key: found[key] for key in counts} == counts


@pytest.mark.parametrize("share", [0.5, 0.97])
@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, name, _ in FILES])
def test_its_truncated_twin_is_refused(kind: str, name: str, share: float, tmp_path: Path) -> None:
    whole = (FOLDER / name).read_bytes()
    twin = tmp_path / Path(name).name
    twin.write_bytes(whole[: int(len(whole) * share)])
    with pytest.raises(FileRefused):
        read_release(KINDS[kind], twin)


@pytest.mark.parametrize(
    "name", ["hcpcs/HCPC2024_ANWEB_fixed_width_upper_cased.txt", "hcpcs/hcpcs_2025OCT_code_longdesc.csv"]
)
def test_a_twin_that_ends_between_lines_is_refused(name: str, tmp_path: Path) -> None:
    lines = (FOLDER / name).read_bytes().splitlines(keepends=True)
    twin = tmp_path / Path(name).name
    twin.write_bytes(b"".join(lines[: int(len(lines) * 0.95)]))
    with pytest.raises(FileRefused, match="last section"):
        read_release(KINDS["hcpcs"], twin)


@pytest.mark.parametrize(("kind", "name"), [(kind, name) for kind, name, _ in FILES])
def test_its_wrong_twin_is_refused(kind: str, name: str, tmp_path: Path) -> None:
    twin = tmp_path / Path(name).name
    twin.write_bytes(WRONG.read_bytes())
    with pytest.raises(FileRefused):
        read_release(KINDS[kind], twin)


def test_the_worksheet_of_a_release_says_what_its_text_says(tmp_path: Path) -> None:
    archive = zipfile.ZipFile(FOLDER / "hcpcs/2019-Alpha-Numeric-HCPCS-File.zip")
    path = tmp_path / "HCPC2019_CONTR_ANWEB.xlsx"
    path.write_bytes(archive.read("HCPC2019_CONTR_ANWEB.xlsx"))
    archive.close()
    from_sheet = read_release(KINDS["hcpcs"], path).reading
    from_text = read_release(KINDS["hcpcs"], FOLDER / "hcpcs/2019-Alpha-Numeric-HCPCS-File.zip").reading
    assert from_sheet.counts == from_text.counts
    assert [(e.code, e.starts, e.ends) for e in from_sheet.entries] == [
        (e.code, e.starts, e.ends) for e in from_text.entries
    ]


def test_what_changed_between_two_releases_of_which_one_is_in_capitals() -> None:
    files = ("2019-Alpha-Numeric-HCPCS-File.zip", "HCPC2024_ANWEB_fixed_width_upper_cased.txt")
    old, new = (read_release(KINDS["hcpcs"], FOLDER / "hcpcs" / name).reading for name in files)
    changes = compare_releases(old.entries, new.entries, whole=False)
    assert (len(changes.added), len(changes.deleted), len(changes.revised)) == (1_674, 359, 236)
    ended = {entry.code for entry in new.entries if entry.ends} - {entry.code for entry in old.entries if entry.ends}
    assert {code for code, _ in changes.deleted} == ended & {entry.code for entry in old.entries}
