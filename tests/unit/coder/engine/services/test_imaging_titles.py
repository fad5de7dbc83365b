"""Titles of examinations: their attributes, their numbers, and how often real ones come out as coders had them."""

import sys
from pathlib import Path

import pytest

from bench.service_lines import count_titles, read_titles
from services.coder.engine.services.exam_title import read_title
from services.coder.engine.services.imaging import find_services
from services.coder.engine.services.tables import load_rows

REAL_TITLES = Path("../shared/data/radiology_exam_title_cpt_dev.jsonl")
TARGET = 0.85


@pytest.mark.parametrize(
    ("title", "codes"),
    [
        ("XR Chest 2 Views", ["71046"]),
        ("CHEST PORT. LINE PLACEMENT", ["71045"]),
        ("CTA CHEST W&W/O C&RECONS, NON-CORONARY", ["71275"]),
        ("CT CHEST W/O CONTRAST; CT ABDOMEN W/O CONTRAST; CT PELVIS W/O CONTRAST", ["71250", "74176"]),
        ("MRI lumbar spine without and with contrast", ["72158"]),
        ("MR BRAIN W/O CONTRAST", ["70551"]),
        ("MRA BRAIN W/O CONTRAST", ["70544"]),
        ("BILAT LOWER EXT VEINS", ["93970"]),
        ("UNILAT LOWER EXT VEINS RIGHT", ["93971"]),
        ("RENAL U.S.", ["76770"]),
        ("DIGITAL SCREENING MAMMOGRAM BILATERAL", ["77067"]),
        ("WRIST(3 + VIEWS) RIGHT", ["73110"]),
        ("C-SPINE NON-TRAUMA 2-3 VIEWS", ["72040"]),
        ("ERCP BILIARY & PANCREAS", ["74330"]),
        ("Echocardiogram transthoracic complete", ["93306"]),
        ("SELECTIVE CATHETER PLACEMENT", []),
        ("BY SAME PHYSICIAN", []),
    ],
)
def test_title(title: str, codes: list[str]) -> None:
    assert [service.code for service in find_services(title)] == codes


def test_a_loinc_code_stands_in_for_a_title_that_says_nothing() -> None:
    assert [service.code for service in find_services("Imaging", "36643-5")] == ["71046"]


def test_a_note_about_a_region_is_no_examination() -> None:
    assert find_services("Chest pain clinic note", is_imaging=False) == ()


def test_what_a_title_does_not_say_is_absent() -> None:
    exam = read_title("CT HEAD", is_imaging=True)
    assert (exam.modality, exam.contrast, exam.views, exam.side) == ("ct", "", 0, "")


def test_a_rule_names_a_region_or_group_of_the_table() -> None:
    regions = load_rows("imaging_regions.tsv")
    known = {row["region"] for row in regions} | {row["group"] for row in regions}
    assert {row["region"] for row in load_rows("imaging_services.tsv")} <= known


@pytest.mark.parametrize(
    "line", [line for line in Path(__file__).with_name("titles.tsv").read_text("utf-8").splitlines()[2:] if line]
)
def test_titles_as_hospitals_write_them(line: str) -> None:
    title, codes = line.split("\t")
    assert [service.code for service in find_services(title)] == codes.split()


@pytest.mark.real_data
@pytest.mark.skipif(not REAL_TITLES.exists(), reason="the development data are not here")
def test_unambiguous_real_titles_come_out_as_most_notes_have_them(capsys: pytest.CaptureFixture[str]) -> None:
    """A single note is no majority of anything: it cannot be told from a slip of the annotator."""
    counted = count_titles(list(read_titles(REAL_TITLES)))
    with capsys.disabled():
        sys.stdout.write("".join(f"\n{name} {value}" for name, value in counted.items()))
    assert float(str(counted["notes_several_notes_share"])) >= TARGET
