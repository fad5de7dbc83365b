"""The texts of the rules, and the phrases that break one by themselves: `rules.toml`, read once.

Place in the flow: `linter` and `threads` use them; pure. Invariant: a finding's id, wording and source come from here.
"""

import re
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: what it asks, who says so, and the phrases that break it with the fix for them."""

    rule_id: str
    asks: str
    source: str
    fix: str
    phrases: re.Pattern[str] | None

    def find_phrases(self, text: str) -> Iterator[str]:
        """The words of a text that break the rule."""
        if self.phrases:
            yield from (match[0] for match in self.phrases.finditer(text.replace("’", "'")))


@cache
def load_rules() -> dict[str, Rule]:
    """Every rule by its id, in the order of the file."""
    table = tomllib.loads((files(__package__) / "rules.toml").read_text("utf-8"))
    source = table.pop("source")
    return {rule_id: _read(rule_id, source, row) for rule_id, row in table.items()}


def _read(rule_id: str, source: str, row: dict[str, str | list[str]]) -> Rule:
    phrases = "|".join(row.get("phrases", ()))
    return Rule(
        rule_id,
        str(row["asks"]),
        source,
        str(row.get("fix", "")),
        re.compile(phrases, re.IGNORECASE) if phrases else None,
    )
