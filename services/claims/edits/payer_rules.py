"""Reads a payer's own rules from TOML into edits, so that a biller adds one without code; pure.

Place in the flow: the file's text comes in, its rules go into `EditContext.payer_rules`. docs/edits.md describes the
format. Invariant: a file with one rule that cannot be understood is refused whole; its rules' ids have a slash, so none
can take the place of a built-in edit.
"""

import tomllib
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import date
from functools import cached_property
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, ValidationError, model_validator

from services.claims.edits.filing import days_to_file
from services.claims.edits.model import ClaimUnderEdit, Edit, Hit, Owner, Severity
from services.claims.edits.reference import read_range
from services.claims.edits.rule_values import (
    Count,
    DiagnosesText,
    ModifierText,
    PlaceText,
    ServiceCodesText,
    explain_refusals,
)
from services.claims.edits.service_codes import ServiceCodes
from services.claims.edits.view import Diagnosis, Line
from shared.codesets.icd10cm import in_targets
from shared.contracts.errors import InvalidContent

RuleId = Annotated[str, StringConstraints(pattern=r"^[a-z0-9-]{1,40}/[a-z0-9-]{1,40}$")]
Text = Annotated[str, StringConstraints(min_length=1, max_length=400)]


class PayerRulesRefused(InvalidContent):
    """A file of payer rules that is not TOML, or has a rule that cannot be understood. None of it is used."""

    code = "payer-rules-refused"


class _Table(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Condition(_Table):
    """Parts that must all hold; of a part's values, one. Codes may be ranges: "99202-99215", "E10-E11"."""

    services: tuple[ServiceCodesText, ...] = ()
    other_services: tuple[ServiceCodesText, ...] = ()
    """Another line of the claim, of the same day, has one of these codes."""
    modifiers: tuple[ModifierText, ...] = ()
    places: tuple[PlaceText, ...] = ()
    diagnoses: tuple[DiagnosesText, ...] = ()
    kinds: tuple[Literal["professional", "institutional"], ...] = ()
    genders: tuple[Literal["male", "female", "other", "unknown"], ...] = ()
    min_age: Count | None = None
    max_age: Count | None = None
    max_units: Count | None = None
    max_days_to_file: Count | None = None

    @model_validator(mode="after")
    def _can_hold(self) -> Self:
        if self.min_age is not None and self.max_age is not None and self.max_age < self.min_age:
            raise ValueError("max_age is less than min_age")
        return self

    @property
    def says_nothing(self) -> bool:
        """Whether it holds of every claim."""
        return self == Condition()

    def holds(self, subject: ClaimUnderEdit, lines: Sequence[Line], diagnoses: Sequence[Diagnosis]) -> bool:
        """Whether every part that is given holds of these lines and diagnoses of the claim."""
        # The first three decide for most lines of most claims.
        return (
            (not self.services or any(map(self._services.has, [line.code for line in lines])))
            and (not self.modifiers or any(not self._modifiers.isdisjoint(line.modifiers) for line in lines))
            and (not self.places or any(line.place in self.places for line in lines))
            and self._holds_besides(subject, lines, diagnoses)
        )

    def _holds_besides(self, subject: ClaimUnderEdit, lines: Sequence[Line], diagnoses: Sequence[Diagnosis]) -> bool:
        return (
            (not self.kinds or subject.view.kind in self.kinds)
            and (not self.genders or subject.view.patient.gender in self.genders)
            and (not self.diagnoses or self._has_diagnosis(diagnoses))
            and (not self.other_services or self._has_other(subject, lines))
            and (self.max_units is None or all(line.units <= self.max_units for line in lines))
            and (self.min_age is self.max_age is None or self._has_age(subject))
            and (self.max_days_to_file is None or (days_to_file(subject) or 0) <= self.max_days_to_file)
        )

    def _has_age(self, subject: ClaimUnderEdit) -> bool:
        age = subject.view.age
        return age is not None and (self.min_age or 0) <= age and (self.max_age is None or age <= self.max_age)

    def _has_other(self, subject: ClaimUnderEdit, lines: Sequence[Line]) -> bool:
        days = {line.day for line in lines}
        others = (line for line in subject.view.lines if line.day in days and (len(lines) > 1 or line not in lines))
        return any(self._other_services.has(line.code) for line in others)

    def _has_diagnosis(self, diagnoses: Sequence[Diagnosis]) -> bool:
        return any(in_targets(diagnosis.code, self._targets) for diagnosis in diagnoses)

    @cached_property
    def _modifiers(self) -> frozenset[str]:
        return frozenset(self.modifiers)

    @cached_property
    def _services(self) -> ServiceCodes:
        return ServiceCodes(self.services)

    @cached_property
    def _other_services(self) -> ServiceCodes:
        return ServiceCodes(self.other_services)

    @cached_property
    def _targets(self) -> tuple[tuple[str, str], ...]:
        return tuple(read_range(text) for text in self.diagnoses)


class PayerRule(_Table):
    """One rule: where `when` holds, `require` must hold and `forbid` must not."""

    id: RuleId
    source: Text
    message: Text
    fix: Text
    version: Text = "1"
    payers: tuple[str, ...] = ()
    about: Literal["line", "claim"] = "line"
    severity: Severity = "error"
    owner: Owner = "coder"
    effective_from: date = date.min
    effective_until: date = date.max
    when: Condition = Condition()
    require: Condition | None = None
    forbid: Condition | None = None

    @model_validator(mode="after")
    def _demands_something(self) -> Self:
        if self.require is None and self.forbid is None:
            raise ValueError("a rule requires or forbids something")
        if any(each is not None and each.says_nothing for each in (self.require, self.forbid)):
            raise ValueError("require or forbid has no part")
        if self.effective_until < self.effective_from:
            raise ValueError("a rule does not end before it begins")
        return self

    def as_edit(self) -> Edit:
        """The rule as an edit of the registry's form."""
        return Edit(
            id=self.id,
            source=self.source,
            message=self.message,
            fix=self.fix,
            find=self._make_find(),
            severity=self.severity,
            effective_from=self.effective_from,
            effective_until=self.effective_until,
            version=self.version,
            payers=frozenset(self.payers),
            owner=self.owner,
            services=ServiceCodes(self.when.services) if self.when.services else None,
        )

    def _make_find(self) -> Callable[[ClaimUnderEdit], Iterator[Hit]]:
        def find(subject: ClaimUnderEdit) -> Iterator[Hit]:
            view = subject.view
            if self.about == "claim":
                if self._is_broken(subject, view.lines, view.diagnoses):
                    yield Hit("Claim")
            else:
                yield from (Hit(each.path) for each in view.lines if self._is_broken(subject, [each], each.diagnoses))

        return find

    def _is_broken(self, subject: ClaimUnderEdit, lines: Sequence[Line], diagnoses: Sequence[Diagnosis]) -> bool:
        if not self.when.holds(subject, lines, diagnoses):
            return False
        lacks = self.require is not None and not self.require.holds(subject, lines, diagnoses)
        has = self.forbid is not None and self.forbid.holds(subject, lines, diagnoses)
        return lacks or has


class _RuleFile(_Table):
    rule: Annotated[tuple[PayerRule, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _ids_are_unique(self) -> Self:
        if len({rule.id for rule in self.rule}) != len(self.rule):
            raise ValueError("two rules have the same id")
        return self


def read_payer_rules(text: str) -> tuple[Edit, ...]:
    """Read the rules of a TOML file; raises PayerRulesRefused, which names the place and what is wrong there."""
    try:
        file = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise PayerRulesRefused(f"not TOML: {error}") from None
    try:
        rules = _RuleFile.model_validate(file).rule
    except ValidationError as error:
        found = error.errors(include_input=False, include_url=False, include_context=False)
        raise PayerRulesRefused(explain_refusals(found, file)) from None
    return tuple(rule.as_edit() for rule in rules)


def require_known_payers(rules: Sequence[Edit], payers: Collection[str]) -> None:
    """Raise PayerRulesRefused for a rule of a payer that the settings do not have: it would never apply."""
    for rule in rules:
        unknown = sorted(rule.payers - set(payers))
        if unknown:
            raise PayerRulesRefused(f"{rule.id}, payers: the settings have no payer {', '.join(unknown)}")
