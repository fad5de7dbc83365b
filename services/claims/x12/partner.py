"""What a payer and we agreed on for X12: names, identifiers and folders; pure.

Place in the flow: `x12` of a payer's profile. Invariant: every value is one that X12 carries, checked when it is read.
"""

from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from services.claims.x12.envelope import Route

_Identifier = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9 ./-]{0,14}$", strip_whitespace=True)]
_Code = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9-]{2,80}$")]
_Name = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9][A-Z0-9 &'(),./-]{0,59}$")]
_Qualifier = Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}$")]


class X12Partner(BaseModel):
    """One trading partner: the payer, or the clearinghouse before it. Names are in capital letters."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    outbound: Path
    """The folder into which claims are put, for whatever carries them to the payer."""
    inbound: Path
    """The folder in which answers appear."""
    settle_seconds: Annotated[float, Field(ge=0)] = 60.0
    """A file without an end is taken for unfinished until nobody has written to it for so long."""
    sender_qualifier: _Qualifier = "ZZ"
    sender_id: _Identifier
    receiver_qualifier: _Qualifier = "ZZ"
    receiver_id: _Identifier
    submitter_name: _Name
    contact_name: _Name
    contact_phone: Annotated[str, StringConstraints(pattern=r"^[0-9]{10}$")]
    receiver_name: _Name
    payer_code: _Code
    """The payer's identifier, NM109 of loop 2010BB."""
    filing_indicator: Annotated[str, StringConstraints(pattern=r"^[A-Z0-9]{2}$")] = "CI"
    """SBR09: CI commercial, MB Medicare Part B, MA Part A, MC Medicaid, BL Blue Cross, ..."""
    usage: Literal["P", "T"] = "P"
    """ISA15: production or test."""

    @property
    def route(self) -> Route:
        """The way of our files."""
        return Route((self.sender_qualifier, self.sender_id), (self.receiver_qualifier, self.receiver_id), self.usage)

    @model_validator(mode="after")
    def _folders_differ(self) -> Self:
        if self.outbound == self.inbound:
            raise ValueError("outbound and inbound are two folders")
        return self
