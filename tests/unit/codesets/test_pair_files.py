"""NCCI pairs: read line by line in memory that does not grow with them, in parts or in a zip, whole or refused."""

import tracemalloc
from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from shared.codesets.entry import Entry, FileRefused, Reading, SourceFile
from shared.codesets.kinds import KINDS
from shared.codesets.opening import Opened, read_release
from tests.builders import official_files as files

PAIRS = replace(KINDS["ncci-ptp"], least=1)


def read(content: bytes) -> Reading:
    return PAIRS.read(SourceFile("ccipra-v999r0-f1.TXT", content))


def list_codes(opened: Opened) -> list[str]:
    return [entry.code for entry in opened.reading.entries]


def test_pairs_carry_what_edits_need_each_time_that_they_are_asked_for() -> None:
    reading = read(files.PTP)
    facts = {"other": "A0002", "modifier": "1", "rationale": "Misuse"}
    for _ in range(2):
        current, deleted = reading.entries
        assert current == Entry("A0001", "", date(2020, 1, 1), None, facts)
        assert (deleted.facts["modifier"], deleted.ends) == ("9", date(2019, 12, 31))
    assert (len(reading.entries), reading.counts) == (2, {"codes": 1, "pairs": 2})


@pytest.mark.parametrize(
    ("what", "by", "reason"),
    [
        (b"\t1\tMisuse", b"\t2\tMisuse", "line 7: the modifier indicator"),
        (b"\t1\tMisuse", b"\tMisuse", "line 7: not the seven fields"),
        (b"A0002", b"A2", "line 7: not the seven fields"),
        (b"20191231", b"2019-12-31", "line 8: a date"),
        (b"20100101", b"", "line 8: the effective date"),
        (b"Column1/Column2", b"Column 1", "line 2: the heading"),
        (b"Notice", b"No\0tice", "line 1: this is not a text"),
    ],
)
def test_a_line_that_is_none_of_the_layout_is_refused(what: bytes, by: bytes, reason: str) -> None:
    with pytest.raises(FileRefused, match=f"^{reason}"):
        read(files.PTP.replace(what, by))


def test_a_heading_without_edits_is_refused() -> None:
    with pytest.raises(FileRefused, match=r"^line 6: there are no edits"):
        read(files.PTP_HEADING)


def write_parts(folder: Path, *parts: bytes, name: str = "ccipra-v999r0") -> list[Path]:
    paths = [folder / f"{name}-f{number}.TXT" for number in range(1, len(parts) + 1)]
    for path, part in zip(paths, parts, strict=True):
        path.write_bytes(part)
    return paths


PARTS = tuple(files.pairs(row) for row in (("0001A", "0002A"), ("11042", "97597"), ("A0001", "A0002")))


def test_parts_of_a_release_are_one_release_in_any_order(tmp_path: Path) -> None:
    one, two, three = write_parts(tmp_path, *PARTS)
    opened, turned = read_release(PAIRS, one, two, three), read_release(PAIRS, three, one, two)
    assert (opened.reading.release, opened.reading.counts) == ("v999r0", {"codes": 3, "pairs": 3})
    assert list_codes(opened) == list_codes(turned) == ["0001A", "11042", "A0001"]
    assert (opened.name, opened.sha256) == (turned.name, turned.sha256)


def test_a_release_without_one_of_its_parts_is_refused(tmp_path: Path) -> None:
    one, two, three = write_parts(tmp_path, *PARTS)
    for some, reason in (
        ((one,), "parts of the release are missing"),
        ((one, two), "parts of the release are missing"),
        ((one, three), "from f1 to the last"),
        ((one, two, two, three), "from f1 to the last"),
    ):
        with pytest.raises(FileRefused, match=reason):
            read_release(PAIRS, *some)
    with pytest.raises(FileRefused, match="different releases"):
        read_release(PAIRS, one, two, *write_parts(tmp_path, *PARTS, name="ccipra-v998r0")[2:])
    with pytest.raises(FileRefused, match="is one file"):
        read_release(KINDS["ncci-mue"], one, two)


def test_pairs_for_hospitals_are_not_taken_for_practitioners_and_the_reverse(tmp_path: Path) -> None:
    (path,) = write_parts(tmp_path, PARTS[2], name="ccioph-v999r0")
    with pytest.raises(FileRefused, match="the other kind"):
        read_release(KINDS["ncci-ptp"], path, excerpt=True)
    assert read_release(KINDS["ncci-ptp-outpatient"], path, excerpt=True).reading.counts["pairs"] == 1


def test_a_zip_with_all_parts_is_a_release(tmp_path: Path) -> None:
    path = tmp_path / "ptp.zip"
    members = {f"ccipra-v999r0-f{number}__TXT": part for number, part in enumerate(PARTS, start=1)}
    path.write_bytes(files.pack(ReadMe__txt=b"made up", **members))
    opened = read_release(PAIRS, path)
    assert list_codes(opened) == ["0001A", "11042", "A0001"]
    assert opened.name == "ccipra-v999r0-f1.TXT ccipra-v999r0-f2.TXT ccipra-v999r0-f3.TXT"


def test_a_zip_that_is_damaged_within_a_part_is_refused_where_it_is(tmp_path: Path) -> None:
    path = tmp_path / "ptp.zip"
    whole = files.pack(**{"ccipra-v999r0-f1__TXT": write_many(2_000)})
    at = len(whole) // 2
    path.write_bytes(whole[:at] + bytes(200) + whole[at + 200 :])
    with pytest.raises(FileRefused, match=r"^line \d+: "):
        read_release(PAIRS, path)


def write_many(count: int) -> bytes:
    """Pairs of the same ten codes in column 1, however many they are."""
    each = count // 10
    return files.pairs(*((f"A{one:04d}", f"{two:05d}") for one in range(10) for two in range(10_000, 10_000 + each)))


def test_memory_does_not_grow_with_the_number_of_pairs(tmp_path: Path) -> None:
    def find_peak(count: int) -> int:
        path = tmp_path / f"ccipra-v{count}r0-f1.TXT"
        path.write_bytes(write_many(count))
        tracemalloc.start()
        opened = read_release(PAIRS, path)
        assert sum(1 for _ in opened.reading.entries) == count
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        return peak

    find_peak(1_000)
    assert find_peak(40_000) < 1.3 * find_peak(4_000)
