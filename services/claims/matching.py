"""By what names a payer may mean a claim, and in which order these are believed; pure.

Place in the flow: whatever brings answers (the topic, a poll, a file) says what an answer calls its claim; the one
statement `find_named_claims` finds it. Invariants: a surer name is never overruled by another one; a name that finds
nothing leaves it to the next; no name is ever compared with a patient, a day or an amount.
"""

from dataclasses import dataclass
from uuid import UUID

_MOST_DIGITS = 9


@dataclass(frozen=True, slots=True)
class ClaimNames:
    """What an answer calls its claim, in the order in which it is believed; '' is not said.

    `identifier` is Bundle.identifier, `account` CLM01, `control` the control number of the claim's file, `payer_number`
    the payer's own number of the claim, and `former_numbers` others by which the payer has called it.
    """

    account: str = ""
    control: str = ""
    payer_number: str = ""
    former_numbers: tuple[str, ...] = ()
    identifier: str = ""

    @property
    def claim_id(self) -> UUID | None:
        """The identifier, where it can be one of ours."""
        try:
            return UUID(self.identifier)
        except ValueError:
            return None

    @property
    def control_number(self) -> int | None:
        """The control number, where it can be one of ours."""
        is_number = self.control.isascii() and self.control.isdigit() and len(self.control) <= _MOST_DIGITS
        return int(self.control) if is_number else None

    @property
    def payer_numbers(self) -> tuple[str, ...]:
        """All of the payer's own numbers, the present one first; none with a character that no number has."""
        said = (self.payer_number, *self.former_numbers)
        return tuple(dict.fromkeys(each for each in said if each and "\0" not in each))
