"""Reads a file that a payer left for us, whatever of 999, TA1, 277CA and 835 is in it; pure.

Place in the flow: `service.files` gives it the content of a file. Invariant: a file is read whole or not at all: one
broken envelope, or one transaction that is none of these, and nothing of it is believed.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from services.claims.x12 import acknowledgment, claim_status, remittance
from services.claims.x12.answers import ClaimAnswer, ProviderAdjustment
from services.claims.x12.envelope import Transaction, read_interchanges
from shared.contracts.errors import InvalidContent

_READERS = {
    acknowledgment.KIND: acknowledgment.read_acknowledgment,
    claim_status.KIND: claim_status.read_claim_status,
    remittance.KIND: remittance.read_remittance,
}


@dataclass(frozen=True, slots=True)
class AnswerFile:
    """Everything that one file says, in its order."""

    answers: tuple[ClaimAnswer, ...]
    provider_adjustments: tuple[ProviderAdjustment, ...]


def read_answer_file(content: bytes) -> AnswerFile:
    """Read a file; raises InvalidContent whose expression names the segment, counted from 1."""
    # X12 is one byte a character; what a payer writes beyond ASCII is in names, which nothing here reads.
    text = content.decode("latin-1").lstrip("\r\n ")
    if "\0" in text:
        raise InvalidContent("the file has a NUL character, so it is no text", expression="ISA")
    answers: list[ClaimAnswer] = []
    beside: list[ProviderAdjustment] = []
    for interchange in read_interchanges(text):
        for note in interchange.acknowledgments:
            answers += acknowledgment.read_interchange_note(note)
        for transaction in interchange.transactions:
            answers += _read(transaction)
            beside += _read_beside(transaction)
    return AnswerFile(tuple(answers), tuple(beside))


def _read(transaction: Transaction) -> list[ClaimAnswer]:
    reader = _READERS.get(transaction.kind)
    if reader is None:
        raise InvalidContent("this is no 999, 277CA or 835", expression=f"segment {transaction.place}")
    try:
        return list(reader(transaction))
    except InvalidContent as error:
        place = f"segment {transaction.place}, {error.expression}"
        raise InvalidContent(error.message, expression=place) from None


def _read_beside(transaction: Transaction) -> Iterator[ProviderAdjustment]:
    if transaction.kind == remittance.KIND:
        yield from remittance.read_provider_adjustments(transaction)
