"""The memory of the simulated payers: what came in, what was answered, and how each payer behaves just now.

Place in the flow: the HTTP and the Kafka side bring every Bundle here. Several payers share one desk, each by its id.
Invariant: a Bundle.identifier is adjudicated once; when it comes again it gets the same bytes, and is counted.
"""

import hashlib
import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from enum import StrEnum

from services.simulators.payer_adjudication import JsonObject, Verdict, adjudicate, judge_claim
from shared.fhir import systems
from shared.fhir.bundle_rules import check_bundle
from shared.fhir.issues import Issue

ALL_PAYERS = "*"
_IN_FORCE = frozenset({Verdict.ACCEPTED, Verdict.PAID, Verdict.PARTLY_DENIED})


class Mode(StrEnum):
    """How a payer behaves. All but `fail` and `reject` take the claim in."""

    USUAL = "usual"
    """Accepts most, denies some, and pays what its settings say."""
    ACCEPT = "accept"
    DENY = "deny"
    FAIL = "fail"
    """Answers 503 and takes nothing in."""
    REJECT = "reject"
    """Answers 422 and takes nothing in."""
    TIMEOUT = "timeout"
    """Takes the claim in and never answers."""
    DROP_ANSWER = "drop_answer"
    """Takes the claim in and breaks the connection in the middle of the answer."""
    PEND = "pend"
    """Answers that it will decide later; the decision is told when it is asked for."""
    SLOW = "slow"
    """Answers as usual, after a while."""


class UnusableBundle(Exception):
    """What came is not a Bundle that a payer can read."""

    def __init__(self, issues: Iterable[Issue]) -> None:
        """`issues` are the broken rules."""
        super().__init__("unusable Bundle")
        self.issues = tuple(issues)


@dataclass
class _Claim:
    chart: str
    sha256: str
    answer: bytes
    in_force: bool
    replaces: tuple[str, ...]
    times: int = 1


@dataclass
class _Book:
    """All claims of one payer, by identifier."""

    claims: dict[str, _Claim] = field(default_factory=dict)
    altered: int = 0
    unusable: int = 0


class PayerDesk:
    """Takes Bundles in for any number of payers."""

    def __init__(self, denial_percent: float = 12.0, paid_percent: float = 0.0) -> None:
        """`paid_percent` of what is taken is paid at once; of the rest nothing is said of money."""
        self._denial_percent = denial_percent
        self._paid_percent = paid_percent
        self._books: dict[str, _Book] = {}
        self._modes: dict[str, Mode] = {}

    def set_mode(self, mode: Mode, payer_id: str = ALL_PAYERS) -> None:
        """Let one payer behave in a way from now on; for all payers, forget what was said about single ones."""
        if payer_id == ALL_PAYERS:
            self._modes.clear()
        self._modes[payer_id] = mode

    def mode_of(self, payer_id: str) -> Mode:
        """How a payer behaves now."""
        return self._modes.get(payer_id, self._modes.get(ALL_PAYERS, Mode.USUAL))

    def take_in(self, body: bytes, payer_id: str) -> bytes:
        """Take a Bundle in and return the ClaimResponse; raises UnusableBundle."""
        book = self._books.setdefault(payer_id, _Book())
        try:
            bundle = read_bundle(body)
        except UnusableBundle:
            book.unusable += 1
            raise
        identifier = bundle["identifier"]["value"]
        known = book.claims.get(identifier)
        if known is None:
            known = book.claims[identifier] = self._adjudicate(bundle, body, payer_id)
            self._retire(book, known)
        else:
            known.times += 1
            book.altered += known.sha256 != hashlib.sha256(body).hexdigest()
        return known.answer

    def find_answer(self, identifier: str, payer_id: str) -> bytes | None:
        """Return the decision about a claim that came in, None where none did."""
        claim = self._books.get(payer_id, _Book()).claims.get(identifier)
        return claim.answer if claim else None

    def count_received(self, payer_id: str = ALL_PAYERS) -> dict[str, int]:
        """Count what one payer, or all of them, took in.

        `effective_claims` are those in force: neither replaced nor denied. A chart with two of them was billed twice.
        """
        books = [book for name, book in self._books.items() if payer_id in (ALL_PAYERS, name)]
        claims = [claim for book in books for claim in book.claims.values()]
        bundles = sum(claim.times for claim in claims)
        charts = Counter(claim.chart for claim in claims if claim.in_force)
        return {
            "bundles": bundles,
            "identifiers": len(claims),
            "effective_claims": charts.total(),
            "resent": bundles - len(claims),
            "altered": sum(book.altered for book in books),
            "unusable": sum(book.unusable for book in books),
            "charts_billed_twice": sum(count > 1 for count in charts.values()),
        }

    def _adjudicate(self, bundle: JsonObject, body: bytes, payer_id: str) -> _Claim:
        identifier = bundle["identifier"]["value"]
        claim = bundle["entry"][0]["resource"]
        is_void = claim["status"] == "cancelled"
        verdict = Verdict.ACCEPTED if is_void else self._decide(claim, identifier, payer_id)
        return _Claim(
            chart=_chart_of(claim) or identifier,
            sha256=hashlib.sha256(body).hexdigest(),
            answer=json.dumps(adjudicate(bundle, verdict), separators=(",", ":")).encode(),
            in_force=verdict in _IN_FORCE and not is_void,
            replaces=tuple(_replaced_by(claim)),
        )

    def _decide(self, claim: JsonObject, identifier: str, payer_id: str) -> Verdict:
        mode = self.mode_of(payer_id)
        if mode is Mode.REJECT:
            return Verdict.REJECTED
        if mode in (Mode.ACCEPT, Mode.DENY):
            return Verdict.ACCEPTED if mode is Mode.ACCEPT else Verdict.DENIED
        return judge_claim(claim, identifier, self._denial_percent, self._paid_percent)

    @staticmethod
    def _retire(book: _Book, replacement: _Claim) -> None:
        for identifier in replacement.replaces:
            if identifier in book.claims:
                book.claims[identifier].in_force = False


def read_bundle(body: bytes) -> JsonObject:
    """Read a Bundle that breaks no rule; raises UnusableBundle."""
    try:
        bundle: JsonObject = json.loads(body)
    except ValueError:
        raise UnusableBundle([Issue("not-json", "structure", "Bundle", "the body is not JSON")]) from None
    issues = check_bundle(bundle)
    if issues:
        raise UnusableBundle(issues)
    return bundle


def _chart_of(claim: JsonObject) -> str | None:
    identifiers = claim.get("identifier", ())
    return next((each["value"] for each in identifiers if each.get("system") == systems.CHART_IDENTIFIER), None)


def _replaced_by(claim: JsonObject) -> Iterable[str]:
    for related in claim.get("related", ()):
        value = related.get("claim", {}).get("identifier", {}).get("value")
        if value:
            yield value
