"""What people may change, and what the observations of a trial allow."""

import pytest

from services.coder.automation.modes import (
    BY_PEOPLE,
    NOTHING_OBSERVED,
    Assessment,
    AutomationVersion,
    LineStanding,
    Mode,
    ModeRefused,
    Trial,
    assess_trial,
    require_change,
)
from services.coder.automation.policy import AutomationPolicy

POLICY = AutomationPolicy()
VERSION = AutomationVersion("engine", "codes", "lexicon", POLICY.version)
SHOWN = Assessment(0.97, is_shown=True, has_fallen=False)


def line(mode: Mode) -> LineStanding:
    return LineStanding("clinic", mode, None, "lee", None, "")


def trial(observed: int, agreed: int, attempt: int = 1) -> Trial:
    return Trial(1, VERSION, attempt, observed, agreed)


def test_a_line_becomes_active_only_from_shadow_and_only_once_agreement_is_shown() -> None:
    require_change(line(Mode.SHADOW), Mode.ACTIVE, SHOWN)
    with pytest.raises(ModeRefused, match="below the standard"):
        require_change(line(Mode.SHADOW), Mode.ACTIVE, NOTHING_OBSERVED)
    with pytest.raises(ModeRefused, match="fell of late"):
        require_change(line(Mode.SHADOW), Mode.ACTIVE, Assessment(0.97, is_shown=True, has_fallen=True))
    for mode in (Mode.OFF, Mode.SUSPENDED, Mode.ACTIVE):
        with pytest.raises(ModeRefused, match="cannot be made active"):
            require_change(line(mode), Mode.ACTIVE, SHOWN)


def test_nobody_suspends_a_line_by_hand() -> None:
    assert all(Mode.SUSPENDED not in wanted for wanted in BY_PEOPLE.values())


def test_few_charts_show_nothing_and_a_hundred_without_a_difference_do() -> None:
    assert not assess_trial(trial(50, 50), [True] * 50, POLICY).allows_closing
    assert assess_trial(trial(120, 120), [True] * 120, POLICY).allows_closing
    assert assess_trial(trial(0, 0), [], POLICY) == NOTHING_OBSERVED


def test_every_further_trial_of_a_version_must_show_more() -> None:
    bounds = [assess_trial(trial(100, 100, attempt), [], POLICY).lower_bound for attempt in (1, 2, 3)]
    assert bounds == sorted(bounds, reverse=True)
    assert len(set(bounds)) == 3


def test_a_fall_of_late_shows_though_all_observations_together_still_look_well() -> None:
    recent = [True] * 190 + [False] * 10
    fallen = assess_trial(trial(5000, 4960), recent, POLICY)
    assert (fallen.is_shown, fallen.has_fallen, fallen.allows_closing) == (True, True, False)


def test_only_what_decides_which_charts_qualify_begins_a_new_trial() -> None:
    assert AutomationPolicy(blind_share=0.3, alpha=0.01).version == POLICY.version
    others = (
        AutomationPolicy(confidence=0.9),
        AutomationPolicy(confidence_by_line={"clinic": 0.9}),
        AutomationPolicy(most_doubt=0.4),
        AutomationPolicy(harmless_details=frozenset({"organism"})),
    )
    assert len({POLICY.version, *(each.version for each in others)}) == 5
