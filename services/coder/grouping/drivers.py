"""What each code does to a stay's MS-DRG: the group that the stay would fall into without it.

Place in the flow: `service.grouping` asks for the chart page and the API; pure but for the grouper. Invariant: every
code that counts is tried, alone; a code whose absence leaves the group as it is drives nothing by itself.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from services.coder.grouping.grouper import DiagnosisWeight, Group, Grouper, Stay


@dataclass(frozen=True, slots=True)
class Driver:
    """A code that counts, and the MS-DRG without it; the same one where others carry it as well."""

    code: str
    role: str
    """MCC, CC or procedure."""
    drg_without: str
    title_without: str
    excluded: bool = False
    acquired: str = ""


@dataclass(frozen=True, slots=True)
class Explained:
    """A stay's group, its principal diagnosis, and what drives it."""

    group: Group
    principal: str
    drivers: tuple[Driver, ...]


def explain_group(grouper: Grouper, stay: Stay) -> Explained | None:
    """Group a stay and try it without each MCC, CC and operating procedure; None where there is no version."""
    group = grouper.group(stay)
    if group is None:
        return None
    weights = [each for each in group.secondary if each.severity]
    weights.sort(key=lambda each: each.severity != "MCC")
    tried = [_try_without(grouper, stay, group, each) for each in weights]
    tried += [_try_without_procedure(grouper, stay, group, code) for code in group.operating]
    return Explained(group, stay.diagnoses[0].code, tuple(tried))


def _try_without(grouper: Grouper, stay: Stay, group: Group, weight: DiagnosisWeight) -> Driver:
    first, *others = stay.diagnoses
    left = (first, *(each for each in others if each.code != weight.code))
    without = grouper.group(replace(stay, diagnoses=left)) or group
    return Driver(weight.code, weight.severity, without.drg, without.title, weight.excluded, weight.acquired)


def _try_without_procedure(grouper: Grouper, stay: Stay, group: Group, code: str) -> Driver:
    left = _drop(stay.procedures, code)
    without = grouper.group(replace(stay, procedures=left)) or group
    return Driver(code, "procedure", without.drg, without.title)


def _drop(procedures: Sequence[str], code: str) -> tuple[str, ...]:
    return tuple(each for each in procedures if each != code)
