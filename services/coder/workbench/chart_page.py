"""Arranges a chart for its page: documents cut into segments, and a card for everything that can be decided about.

Place in the flow: from `service.charts`' view to `templates/chart.html`; pure. Invariant: cards keep their number and
place whatever is decided, so that eyes and keys find them again.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from services.coder.api_models import CodeView
from services.coder.chart_models import ChartView, DocumentView, SuggestionView
from services.coder.decision_models import DecisionView
from services.coder.decisions import CODE_ACTIONS, Action
from services.coder.workbench.claim_rows import ClaimRow, arrange_claim
from services.coder.workbench.highlights import Segment, Span, split_parts

_QUOTED_CHARACTERS = 80


@dataclass(frozen=True, slots=True)
class Pane:
    """A document, numbered from 1, with its text cut into parts and those into segments."""

    number: int
    document: DocumentView
    parts: list[list[Segment]]


@dataclass(frozen=True, slots=True)
class Cite:
    """The words that justify a card, and the document and element of the page where they stand."""

    words: str
    document: int
    anchor: str


@dataclass(frozen=True, slots=True)
class Card:
    """A suggestion, or a code that a coder added, with the decision that counts for it."""

    number: int
    target_id: UUID
    offered: CodeView
    suggestion: SuggestionView | None
    decision: DecisionView | None
    cites: list[Cite]
    row: ClaimRow | None = None
    """Where its code stands on the claim; None while it is not there."""

    @property
    def code(self) -> CodeView:
        """The code that was decided, else the one that was offered."""
        return self.decision.code if self.decision and self.decision.code else self.offered

    @property
    def is_open(self) -> bool:
        """Whether the chart cannot be completed without a decision about it."""
        return self.decision is None and self.suggestion is not None and self.suggestion.selected


@dataclass(frozen=True, slots=True)
class ChartPage:
    """What the template shows."""

    view: ChartView
    panes: list[Pane]
    cards: list[Card]
    rows: list[ClaimRow]
    undoable: DecisionView | None
    """The last decision that stands."""

    @property
    def open_count(self) -> int:
        """How many cards wait for a decision."""
        return len(self.view.undecided)


def arrange_chart(view: ChartView) -> ChartPage:
    """Arrange a chart; suggestions in the engine's order, then what coders added."""
    numbers = {(each.document_id, each.version): number for number, each in enumerate(view.documents, 1)}
    standing = [each for each in view.decisions if each.stands]
    rows = arrange_claim(view.codings)
    latest = {each.target_id: each for each in standing if each.action in CODE_ACTIONS}
    cards = [
        Card(
            number=number,
            target_id=each.suggestion_id,
            offered=CodeView(system=each.system, code=each.code, display=each.display),
            suggestion=each,
            decision=latest.get(each.suggestion_id),
            cites=_list_cites(each, numbers, view.documents),
            row=rows.get(each.suggestion_id),
        )
        for number, each in enumerate(view.suggestions, 1)
    ]
    added = [each for each in standing if each.action is Action.ADD]
    for number, each in enumerate(added, len(cards) + 1):
        if each.code:
            row = rows.get(each.decision_id)
            cards.append(Card(number, each.decision_id, each.code, None, latest[each.target_id], [], row))
    undoable = standing[-1] if standing else None
    return ChartPage(view, _cut_documents(view), cards, list(rows.values()), undoable)


def _list_cites(
    suggestion: SuggestionView, numbers: dict[tuple[str, int], int], documents: Sequence[DocumentView]
) -> list[Cite]:
    cites = []
    for evidence in suggestion.evidence:
        number = numbers.get((evidence.document_id, evidence.version))
        if number is not None:
            words = " ".join(documents[number - 1].text[evidence.start : evidence.end].split())
            quoted = words if len(words) <= _QUOTED_CHARACTERS else words[: _QUOTED_CHARACTERS - 1] + "…"
            cites.append(Cite(quoted, number, f"d{number}-{evidence.start}"))
    return cites


def _cut_documents(view: ChartView) -> list[Pane]:
    spans: defaultdict[tuple[str, int], list[Span]] = defaultdict(list)
    for card, suggestion in enumerate(view.suggestions, 1):
        for evidence in suggestion.evidence:
            spans[evidence.document_id, evidence.version].append(Span(evidence.start, evidence.end, card))
    return [
        cut_document(number, each, spans[each.document_id, each.version])
        for number, each in enumerate(view.documents, 1)
    ]


def cut_document(number: int, document: DocumentView, spans: Iterable[Span]) -> Pane:
    """Cut a document where evidence begins and ends."""
    return Pane(number, document, split_parts(document.text, spans))
