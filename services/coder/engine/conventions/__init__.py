"""The coding conventions: what the Official Guidelines make of findings, rule by rule, after recognition.

Every stage is a pure function of `findings.Stage`; its rows are data, and each names the section that it follows.
"""

from services.coder.engine.conventions.combination import combine
from services.coder.engine.conventions.history import code_history
from services.coder.engine.conventions.integral import subsume, withhold_integral
from services.coder.engine.findings import Stage

CONVENTIONS: tuple[Stage, ...] = (combine, subsume, withhold_integral, code_history)
"""The stages in the order in which they run."""
