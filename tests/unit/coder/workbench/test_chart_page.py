"""A chart becomes cards that keep their places, and a page that runs nothing of what the chart says."""

from uuid import UUID, uuid4

from services.coder.api_models import CodeView
from services.coder.chart_facts import read_facts
from services.coder.chart_models import ChartView
from services.coder.coding import StoredSuggestion
from services.coder.decision_models import DecisionView
from services.coder.store.work_items import WorkItem
from services.coder.views import show_chart
from services.coder.work_item import ChartId, State, WorkItemId
from services.coder.workbench.chart_page import arrange_chart
from services.coder.workbench.pages import render_page
from shared.web.security import Principal
from tests.builders.charts import NOTE, ready_chart, suggestion

HOSTILE = "<script>alert(1)</script>\n" + NOTE


def view_of(text: str = NOTE, **more: object) -> ChartView:
    chart = ready_chart(text=text)
    item = WorkItem(WorkItemId(uuid4()), ChartId(chart.chart_id), 1, State.LEASED, 0, 0)
    proposed = [StoredSuggestion(uuid4(), suggestion("J18.9")), StoredSuggestion(uuid4(), suggestion("R05.9", "cough"))]
    return show_chart(item, chart, read_facts(chart), None, proposed, (), ()).model_copy(update=more)


def decision(view: ChartView, action: str, target: UUID | None = None, code: str = "J15.9") -> DecisionView:
    made = uuid4()
    return DecisionView.model_validate(
        {
            "decision_id": made,
            "action": action,
            "target_id": target or made,
            "code": None if action == "reject" else CodeView.model_validate({"system": "icd10cm", "code": code}),
            "reason": "because",
            "decided_by": "ann",
            "decided_at": view.documents[0].authored_at,
        }
    )


def test_the_last_decision_counts_and_cards_keep_their_places() -> None:
    view = view_of()
    first = view.suggestions[0].suggestion_id
    added = decision(view, "add", code="I10")
    decisions = (
        decision(view, "reject", first),
        added,
        decision(view, "change", first),
        decision(view, "change", added.decision_id, "I15.0"),
    )
    cards = arrange_chart(view.model_copy(update={"decisions": decisions})).cards
    assert [(card.number, card.code.code, card.is_open) for card in cards] == [
        (1, "J15.9", False),
        (2, "R05.9", True),
        (3, "I15.0", False),
    ]
    assert [card.offered.code for card in cards] == ["J18.9", "R05.9", "I10"]


def test_evidence_and_card_point_at_each_other() -> None:
    page = arrange_chart(view_of())
    lit = {f"d1-{each.start}": each.cards for part in page.panes[0].parts for each in part if each.cards}
    for card in page.cards:
        for cite in card.cites:
            assert card.number in lit[cite.anchor]
            assert cite.words in NOTE


def test_evidence_of_another_document_version_lights_nothing() -> None:
    view = view_of()
    newer = view.documents[0].model_copy(update={"version": 2})
    page = arrange_chart(view.model_copy(update={"documents": (newer,)}))
    assert [[each.cards for each in part] for part in page.panes[0].parts] == [[()]]
    assert page.cards[0].cites == []


def test_the_page_escapes_the_chart_and_its_title_says_nothing_of_it() -> None:
    page = arrange_chart(view_of(HOSTILE))
    html = render_page(
        "chart.html",
        signed_in=Principal(subject="<ann>", practitioner="Practitioner/ann"),
        page=page,
        lease=None,
        form_id="form",
        refusal=None,
        points=[],
        asked=[],
        systems=[],
        asks_on_admission=False,
        grouping=None,
    ).body
    text = bytes(html).decode()
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in text
    assert "<script>" not in text
    assert "&lt;ann&gt;" in text
    assert "<title>Chart · Chartline</title>" in text
