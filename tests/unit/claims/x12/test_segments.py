"""Whatever is printed is read back as it was, and nothing that is printed can be more than a value."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.claims.x12.charset import fold_text, is_carried
from services.claims.x12.claim_837 import PROFESSIONAL
from services.claims.x12.envelope import read_interchanges, wrap_transaction
from services.claims.x12.segments import Delimiters, Segment, find_delimiters, print_segments, read_segments
from services.claims.x12.transcript import Transcript
from shared.contracts.errors import InvalidContent
from tests.builders.x12_claims import BUILT_AT, x12_partner

CARRIED = st.text(st.sampled_from("ABCXYZ019 -'().,/&#"), max_size=8)
SEGMENTS = st.lists(
    st.builds(
        Segment.of,
        st.sampled_from(["NM1", "HI", "SV1"]),
        CARRIED,
        st.lists(CARRIED, max_size=4).map(tuple),
        CARRIED,
    ),
    max_size=6,
)


@given(SEGMENTS)
@settings(max_examples=100)
def test_what_is_printed_is_read_back(segments: list[Segment]) -> None:
    assert list(read_segments(print_segments(segments))) == segments


@given(st.text(max_size=30))
@settings(max_examples=200)
def test_a_text_is_carried_whole_or_is_an_obstacle(text: str) -> None:
    out = Transcript()
    written = out.text(text, "Claim.here", 20)
    out.add("NM1", "IL", written)
    printed = print_segments(out.segments)
    assert list(read_segments(printed)) == [Segment.of("NM1", "IL", written)]
    if out.obstacles:
        assert (written, [each.expression for each in out.obstacles]) == ("", ["Claim.here"])
    else:
        assert written == fold_text(text)
        assert is_carried(written)


@pytest.mark.parametrize("mark", ["*", ":", "^", "~", "\n", "\x1d"])
def test_no_value_separates(mark: str) -> None:
    assert not is_carried(f"A{mark}B")
    with pytest.raises(ValueError, match="separates or controls"):
        print_segments([Segment.of("NM1", f"A{mark}B")])
    with pytest.raises(ValueError, match="separates or controls"):
        print_segments([Segment.of("SV1", ("HC", f"A{mark}B"))])


def test_accents_fold_and_other_scripts_do_not() -> None:
    assert fold_text("Zoë Núñez-Łukaszewicz, 3ʳᵈ  Straße") == "ZOE NUNEZ-LUKASZEWICZ, 3RD  STRASSE"
    assert is_carried(fold_text("O’Brien"))
    assert not is_carried(fold_text("王"))


def test_other_delimiters_are_read_from_isa() -> None:
    text = wrap_transaction([Segment.of("BHT", "0019")], x12_partner().route, PROFESSIONAL, 7, BUILT_AT)
    other = text.replace("*", "|").replace(":", ">").replace("~", "'").replace("\n", "")
    assert find_delimiters(other) == Delimiters("|", ">", "^", "'")
    (interchange,) = read_interchanges(other)
    assert interchange.transactions[0].segments == (Segment.of("BHT", "0019"),)


@pytest.mark.parametrize(
    ("old", "new", "place"),
    [
        ("IEA*1*000000007", "IEA*1*000000008", "segment 7"),
        ("IEA*1*", "IEA*2*", "segment 7"),
        ("GE*1*7", "GE*1*8", "segment 6"),
        ("GE*1*7", "GE*3*7", "segment 6"),
        ("SE*3*", "SE*4*", "segment 5"),
        ("SE*3*000000007", "SE*3*000000009", "segment 5"),
        ("SE*3*000000007~\n", "", "segment 3"),
        ("GS*HC", "XX*HC", "segment 2"),
        ("IEA*1*000000007~\n", "IEA*1*00000", "IEA"),
        ("ISA*00", "MSH|00", "ISA"),
    ],
)
def test_a_broken_envelope_names_its_place(old: str, new: str, place: str) -> None:
    text = wrap_transaction([Segment.of("BHT", "0019")], x12_partner().route, PROFESSIONAL, 7, BUILT_AT)
    with pytest.raises(InvalidContent) as error:
        list(read_interchanges(text.replace(old, new)))
    assert error.value.expression == place
