"""A simulated payer that takes claims as files: an 837 in, a 999, a 277CA and an 835 out; the decisions are pure.

Place in the flow: the outside world behind the X12 lanes, for tests and trials. It knows the tokenizer of `x12`, and
reads of a claim what a payer reads: CLM, SV1 or SV2, REF*6R.
Invariants: the answers are a function of the claim's file and the verdict; a claim that comes again under the same
control number is answered again and counted as a repetition.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

from services.claims.x12.envelope import Kind, Route, read_interchanges, wrap_transaction
from services.claims.x12.segments import Segment
from services.simulators.payer_adjudication import Verdict, choose_verdict

ACKNOWLEDGMENT, CLAIM_STATUS, REMITTANCE = (
    Kind("FA", "999", "005010X231A1"),
    Kind("HN", "277", "005010X214"),
    Kind("HP", "835", "005010X221A1", repeats_version=False),
)
_ROUTE = Route(("ZZ", "TESTPAYER"), ("ZZ", "CHARTLINE"), "T")
_MOMENT = datetime(2026, 9, 10, 12, 0, tzinfo=UTC)
_DAY, _CLOCK = "20260910", "1200"
_ALLOWED = Decimal("0.80")
_CENT = Decimal("0.01")
_VOID, _REVERSED = "8", "22"
_FEE_SCHEDULE, _NOT_NECESSARY, _REMARK = "45", "50", "N115"


@dataclass(frozen=True, slots=True)
class FiledLine:
    """A billed line: REF*6R, the procedure, the charge, the day."""

    control: str
    service: tuple[str, ...]
    charge: Decimal
    day: str


@dataclass(frozen=True, slots=True)
class FiledClaim:
    """What a payer reads of an 837."""

    control: str
    version: str
    account: str
    charge: Decimal
    frequency: str
    lines: tuple[FiledLine, ...]

    @property
    def payer_number(self) -> str:
        """The number that the payer gives the claim."""
        return f"ICN{int(self.control):09d}"


class X12Payer:
    """Reads the folder that is our outbound one, and answers into our inbound one."""

    def __init__(self, takes: Path, answers: Path, denial_percent: float = 0.0) -> None:
        self._takes = takes
        self._answers = answers
        self._denial_percent = denial_percent
        self.received: Counter[str] = Counter()

    def work(self, verdict: Verdict | None = None) -> int:
        """Take every file that is there and answer it, all with one verdict or each with its own."""
        files = sorted(self._takes.glob("*.837"))
        for path in files:
            claim = read_filed_claim(path.read_text(encoding="ascii"))
            self.received[claim.control] += 1
            decided = verdict or choose_verdict(claim.account, self._denial_percent)
            for name, text in answer_claim(claim, decided).items():
                unfinished = self._answers / f"{claim.control}.{name}.part"
                unfinished.write_text(text, encoding="ascii")
                unfinished.rename(unfinished.with_suffix(""))
            path.unlink()
        return len(files)


def read_filed_claim(text: str) -> FiledClaim:
    """Read the one claim of a file."""
    (interchange,) = read_interchanges(text)
    (transaction,) = interchange.transactions
    segments = transaction.segments
    claim = next(each for each in segments if each.name == "CLM")
    return FiledClaim(
        control=transaction.control,
        version=transaction.version,
        account=claim.text(1),
        charge=Decimal(claim.text(2)),
        frequency=claim.text(5, 3),
        lines=tuple(_read_lines(segments)),
    )


def answer_claim(claim: FiledClaim, verdict: Verdict) -> dict[str, str]:
    """Return the files by which a payer answers, by their ending, in the order in which it sends them."""
    control = int(claim.control) * 3
    answers = {
        "1.999": wrap_transaction(_acknowledge(claim), _ROUTE, ACKNOWLEDGMENT, control, _MOMENT),
        "2.277": wrap_transaction(_tell_status(claim, verdict), _ROUTE, CLAIM_STATUS, control + 1, _MOMENT),
    }
    if verdict is not Verdict.REJECTED:
        answers["3.835"] = wrap_transaction(_remit(claim, verdict), _ROUTE, REMITTANCE, control + 2, _MOMENT)
    return answers


def _read_lines(segments: Sequence[Segment]) -> list[FiledLine]:
    lines: list[FiledLine] = []
    for place, segment in enumerate(segments):
        if segment.name not in ("SV1", "SV2"):
            continue
        at = 1 if segment.name == "SV1" else 2
        rest = segments[place:]
        day = next(each.text(3) for each in rest if each.name == "DTP" and each.text(1) == "472")
        control = next(each.text(2) for each in rest if each.name == "REF" and each.text(1) == "6R")
        service = segment.elements[at - 1]
        lines.append(FiledLine(control, service, Decimal(segment.text(at + 1)), day[:8]))
    return lines


def _acknowledge(claim: FiledClaim) -> list[Segment]:
    return [
        Segment.of("AK1", "HC", str(int(claim.control)), claim.version),
        Segment.of("AK2", "837", claim.control, claim.version),
        Segment.of("IK5", "A"),
        Segment.of("AK9", "A", "1", "1", "1"),
    ]


def _tell_status(claim: FiledClaim, verdict: Verdict) -> list[Segment]:
    is_taken = verdict is not Verdict.REJECTED
    status = ("A2", "20") if is_taken else ("A7", "562", "85")
    charge = _money(claim.charge)
    return [
        Segment.of("BHT", "0085", "08", f"T{claim.control}", _DAY, _CLOCK, "TH"),
        Segment.of("HL", "1", "", "20", "1"),
        Segment.of("NM1", "PR", "2", "TEST PAYER", "", "", "", "", "PI", "99999"),
        Segment.of("TRN", "1", f"R{claim.control}"),
        Segment.of("DTP", "050", "D8", _DAY),
        Segment.of("DTP", "009", "D8", _DAY),
        Segment.of("HL", "2", "1", "21", "1"),
        Segment.of("NM1", "41", "2", "TEST HOSPITAL", "", "", "", "", "46", "CHARTLINE"),
        Segment.of("TRN", "2", claim.account),
        Segment.of("STC", ("A1", "19", "PR"), _DAY, "WQ", charge),
        Segment.of("QTY", "90" if is_taken else "AA", "1"),
        Segment.of("AMT", "YU" if is_taken else "YY", charge),
        Segment.of("HL", "3", "2", "19", "1"),
        Segment.of("NM1", "85", "2", "TEST HOSPITAL", "", "", "", "", "XX", "1234567893"),
        Segment.of("TRN", "1", "0"),
        Segment.of("STC", ("A1", "19", "PR"), "", "WQ", charge),
        Segment.of("HL", "4", "3", "PT"),
        Segment.of("NM1", "QC", "1", "TESTPERSON", "ADA", "", "", "", "MI", "MEM123456"),
        Segment.of("TRN", "2", claim.account),
        Segment.of("STC", status, _DAY, "WQ" if is_taken else "U", charge),
        *([Segment.of("REF", "1K", claim.payer_number)] if is_taken else []),
        Segment.of("DTP", "472", "D8", claim.lines[0].day),
    ]


def _remit(claim: FiledClaim, verdict: Verdict) -> list[Segment]:
    is_denied, is_void = verdict is Verdict.DENIED, claim.frequency == _VOID
    sign = -1 if is_void else 1
    loops = [_remit_line(line, is_denied=is_denied, sign=sign) for line in claim.lines]
    total = sum((Decimal(loop[0].text(3)) for loop in loops), Decimal(0))
    paid = _money(total)
    money = [
        Segment.of("BPR", "I", paid, "C", "NON", *[""] * 11, _DAY),
        Segment.of("TRN", "1", f"EFT{claim.control}", "1999999999"),
        Segment.of("DTM", "405", _DAY),
        Segment.of("N1", "PR", "TEST PAYER"),
        Segment.of("N3", "9 PAYER ROAD"),
        Segment.of("N4", "BOSTON", "MA", "02101"),
        Segment.of("PER", "BL", "PAYER HELP", "TE", "8005550100"),
        Segment.of("N1", "PE", "TEST HOSPITAL", "XX", "1234567893"),
        Segment.of("LX", "1"),
    ]
    status = _REVERSED if is_void else "4" if is_denied else "1"
    head = Segment.of("CLP", claim.account, status, _money(sign * claim.charge), paid, "", "12", claim.payer_number)
    patient = Segment.of("NM1", "QC", "1", "TESTPERSON", "ADA", "", "", "", "MI", "MEM123456")
    return [*money, head, patient, *(segment for loop in loops for segment in loop)]


def _remit_line(line: FiledLine, *, is_denied: bool, sign: int) -> list[Segment]:
    paid = Decimal(0) if is_denied else (line.charge * _ALLOWED).quantize(_CENT)
    taken = _money(sign * (line.charge - paid))
    reason = _NOT_NECESSARY if is_denied else _FEE_SCHEDULE
    return [
        Segment.of("SVC", line.service[:6], _money(sign * line.charge), _money(sign * paid), "", "1"),
        Segment.of("DTM", "472", line.day),
        Segment.of("CAS", "CO", reason, taken),
        Segment.of("REF", "6R", line.control),
        *([Segment.of("LQ", "HE", _REMARK)] if is_denied else []),
    ]


def _money(amount: Decimal) -> str:
    return f"{amount.normalize():f}"
