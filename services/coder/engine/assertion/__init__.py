"""Whether a condition is present, absent, historical, hypothetical, the family's or uncertain.

`cues.toml` and `chronic.toml` hold the words, `scope.py` the rules, `assess.py` the answer.
"""

from services.coder.engine.assertion.assess import Assessor
from services.coder.engine.assertion.cues import hash_cues

__all__ = ["Assessor", "hash_cues"]
