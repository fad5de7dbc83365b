"""Payer profiles: how a payer takes claims, what it can carry, and which coverages lead to it; pure.

Place in the flow: `service.intake` asks which payer a coding goes to, the lanes ask how to reach it.
Invariant: every coded chart has exactly one payer: the one whose `payors` name the focal coverage's payor, else the
default one.
"""

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import (
    AnyHttpUrl,
    BaseModel,
    ConfigDict,
    Field,
    PositiveFloat,
    PositiveInt,
    SecretStr,
    StringConstraints,
    ValidationError,
    model_validator,
)

from services.claims.breaker import BreakerTerms
from services.claims.claim import Channel, PayerId
from services.claims.credentials import ClientCertificate, ClientCredentials
from services.claims.schedule import DEFAULT_STEPS, ScheduleStep
from services.claims.x12 import X12Partner
from shared.contracts.messages import ChartCoded
from shared.contracts.topics import MAX_RECORD_BYTES
from shared.fhir.elements import Reference, Subset
from shared.fhir.subset import CoverageSubset, OrganizationSubset, ResourceSubset, read_as

PayerName = Annotated[str, StringConstraints(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
_KAFKA_HEADROOM_BYTES = 64 * 1024
_LOOPBACK = frozenset({"127.0.0.1", "[::1]", "localhost"})


class PayerLimits(BaseModel):
    """What the payer's channel can carry. A claim beyond it goes back to the coder; it is never cut."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    max_bundle_bytes: PositiveInt = MAX_RECORD_BYTES - _KAFKA_HEADROOM_BYTES
    max_diagnoses: PositiveInt | None = None
    """12 for a payer whose gateway makes X12 837P of it; FHIR itself has no limit."""
    max_in_flight: PositiveInt = 8
    """How many claims are on their way to this payer at one time."""
    max_per_second: PositiveFloat | None = None
    """How many requests a second each process sends to this payer, repetitions included."""
    max_answer_bytes: PositiveInt = 8 * 1024 * 1024
    """A longer answer is not read: the claim counts as delivered without one."""


class PayerProfile(BaseModel):
    """One payer. A claim keeps the channel and endpoint that its profile had when the claim was queued."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    payors: tuple[str, ...] = ()
    """Which Coverage.payor means this payer: `Organization/<id>`, or `<system>|<value>` of an identifier of it."""
    channel: Channel = Channel.KAFKA
    endpoint: AnyHttpUrl | None = None
    """The payer's FHIR base, for channel fhir: claims are posted to `<endpoint>/Claim/$submit`."""
    x12: X12Partner | None = None
    """What was agreed with the payer, for channel x12: claims are files (docs/x12.md)."""
    bearer_token: SecretStr | None = None
    oauth2: ClientCredentials | None = None
    client_certificate: ClientCertificate | None = None
    authorities_file: Path | None = None
    """PEM file of the authorities that vouch for the payer's server, instead of the usual ones."""
    deadline_hours: PositiveFloat = 72.0
    answer_patience_hours: PositiveFloat = 24.0
    """After so long without an answer an acknowledged claim is sent again, with the same identifier."""
    inquiry_hours: PositiveFloat | None = None
    """How often a payer of channel fhir is asked for a decision that it owes; None awaits it."""
    connect_timeout_seconds: PositiveFloat = 5.0
    answer_timeout_seconds: PositiveFloat = 30.0
    tries_per_attempt: PositiveInt = 3
    longest_short_wait_seconds: Annotated[float, Field(ge=0)] = 5.0
    """Between the tries of one attempt; a longer Retry-After ends the attempt and moves the next one."""
    schedule: Annotated[tuple[ScheduleStep, ...], Field(min_length=1)] = DEFAULT_STEPS
    warnings: Literal["send", "return"] = "send"
    """What becomes of a claim with warnings: it goes out, or back to the coder until each is overridden."""
    limits: PayerLimits = PayerLimits()
    breaker: BreakerTerms = BreakerTerms()

    @model_validator(mode="after")
    def _has_what_its_channel_needs(self) -> Self:
        if (self.channel is Channel.FHIR) != (self.endpoint is not None):
            raise ValueError("a payer of channel fhir needs an endpoint, one of another channel has none")
        if (self.channel is Channel.X12) != (self.x12 is not None):
            raise ValueError("a payer of channel x12 needs x12, one of another channel has none")
        if self.inquiry_hours is not None and self.channel is not Channel.FHIR:
            raise ValueError("only a payer of channel fhir can be asked: inquiry_hours is for those")
        if self.bearer_token is not None and self.oauth2 is not None:
            raise ValueError("a payer takes a bearer_token or tokens by oauth2, not both")
        return self

    @model_validator(mode="after")
    def _keeps_its_secrets(self) -> Self:
        with_secrets = [self.endpoint] if self.bearer_token or self.oauth2 else []
        with_secrets += [self.oauth2.token_url] if self.oauth2 else []
        if any(url and url.scheme != "https" and url.host not in _LOOPBACK for url in with_secrets):
            raise ValueError("secrets and tokens go over https only, but for the loopback")
        return self

    @property
    def inquiry_url(self) -> str:
        """Where the payer's answers are searched."""
        return f"{str(self.endpoint).rstrip('/')}/ClaimResponse"

    @property
    def submit_url(self) -> str | None:
        """The address of the operation, None for Kafka."""
        return f"{str(self.endpoint).rstrip('/')}/Claim/$submit" if self.endpoint else None


class _Insurance(Subset):
    focal: bool = False
    coverage: Reference = Reference()


class _ClaimInsurance(ResourceSubset):
    insurance: tuple[_Insurance, ...] = ()


def choose_payer(coded: ChartCoded, payers: Mapping[str, PayerProfile], default: str) -> PayerId:
    """Return the payer of the focal coverage; without a match, or a readable coverage, the default payer."""
    wanted = set(_payor_names(coded))
    return PayerId(next((name for name, profile in payers.items() if wanted & set(profile.payors)), default))


def _payor_names(coded: ChartCoded) -> Iterable[str]:
    bodies = {resource.reference: resource.body for resource in coded.supporting}
    try:
        claim = read_as(_ClaimInsurance, coded.claim.body)
        for insurance in claim.insurance:
            body = bodies.get(insurance.coverage.reference)
            if insurance.focal and body is not None:
                for payor in read_as(CoverageSubset, body).payor:
                    yield from _names_of(payor, bodies)
    except ValidationError:
        return  # The edits say what is wrong with it; here it only has no payer of its own.


def _names_of(payor: Reference, bodies: Mapping[str, str]) -> Iterable[str]:
    if payor.reference:
        yield payor.reference
    if payor.identifier:
        yield f"{payor.identifier.system}|{payor.identifier.value}"
    if payor.reference in bodies:
        for identifier in read_as(OrganizationSubset, bodies[payor.reference]).identifier:
            yield f"{identifier.system}|{identifier.value}"
