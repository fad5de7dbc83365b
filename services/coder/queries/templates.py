"""What is asked often, as data: `templates.toml`.

Place in the flow: `prefill` begins a query from one, `linter` asks which signs support an answer of one; pure.
Invariant: a template alone breaks no rule; its answers are offered only with indicators that show their signs.
"""

import re
import tomllib
from functools import cache
from importlib.resources import files

from pydantic import BaseModel, ConfigDict

from services.coder.queries.model import Form, Purpose


class TemplateOption(BaseModel):
    """An answer, and the pattern of the signs that support it."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    text: str
    signs: str


class Template(BaseModel):
    """A query to begin from; `codes`, `missing` and `looks_for` say when it is offered and what it cites."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    template: str
    name: str
    title: str
    question: str
    form: Form = Form.CHOICE
    purpose: Purpose = Purpose.SPECIFICITY
    codes: tuple[str, ...] = ()
    missing: tuple[str, ...] = ()
    looks_for: tuple[str, ...] = ()
    options: tuple[TemplateOption, ...] = ()

    @property
    def signs(self) -> tuple[str, ...]:
        """Every pattern that finds an indicator for it."""
        return (*self.looks_for, *(option.signs for option in self.options))

    def suits(self, code: str, missing: tuple[str, ...] = ()) -> bool:
        """Whether it asks about a code, or about a detail that its words leave open."""
        return code.startswith(self.codes) if self.codes else bool(set(self.missing) & set(missing))


@cache
def load_templates() -> dict[str, Template]:
    """Every template by its id, in the order of the file."""
    table = tomllib.loads((files(__package__) / "templates.toml").read_text("utf-8"))
    return {name: Template.model_validate({"template": name, **row}) for name, row in table.items()}


def choose_template(code: str, missing: tuple[str, ...] = ()) -> Template | None:
    """The first template that suits a code with these details missing; the more special ones stand first."""
    return next((each for each in load_templates().values() if each.suits(code, missing)), None)


@cache
def find_support(template: str, answer: str) -> re.Pattern[str] | None:
    """The signs that support an answer of a template; None for an answer of one's own."""
    known = load_templates().get(template)
    signs = next((option.signs for option in known.options if option.text == answer), None) if known else None
    return re.compile(signs, re.IGNORECASE) if signs else None
