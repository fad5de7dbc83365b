"""The coding conventions: what the Official Guidelines make of findings, rule by rule, after recognition.

Every stage is a pure function of the type `findings.Stage`; its rows are data, and each names the section it follows.
"""

from services.coder.engine.conventions.combination import combine
from services.coder.engine.conventions.companion import name_missing_links, withhold_unaccompanied
from services.coder.engine.conventions.confirmation import confirm_suspicions
from services.coder.engine.conventions.exclusion import resolve_excludes1
from services.coder.engine.conventions.history import code_history
from services.coder.engine.conventions.integral import subsume, withhold_integral
from services.coder.engine.conventions.pregnancy import code_pregnancy
from services.coder.engine.conventions.sequence import put_in_sequence
from services.coder.engine.conventions.therapy import note_long_term_therapy
from services.coder.engine.conventions.uncertainty import weigh_uncertainty
from services.coder.engine.findings import Stage

CONVENTIONS: tuple[Stage, ...] = (
    confirm_suspicions,
    subsume,
    combine,
    code_pregnancy,
    resolve_excludes1,
    withhold_integral,
    code_history,
    weigh_uncertainty,
    note_long_term_therapy,
    withhold_unaccompanied,
    name_missing_links,
    put_in_sequence,
)
"""The stages in the order in which they run."""
