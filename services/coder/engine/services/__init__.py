"""Services beside diagnoses: imaging and other diagnostics, laboratory, visits, telehealth.

Place in the flow: an engine process calls `suggest_services` after the engine has suggested diagnoses; pure. Invariant:
a service is suggested only from what was documented or reported, and points to the diagnoses that make it necessary.
CPT is a trademark and copyright of the American Medical Association; only numbers are used, with wording of our own.
"""

from collections.abc import Sequence

from services.coder.engine.model import Chart, Suggestion
from services.coder.engine.services.imaging_lines import suggest_imaging
from services.coder.engine.services.laboratory import suggest_laboratory
from services.coder.engine.services.telehealth import place_visit
from services.coder.engine.services.visits import suggest_visits


def suggest_services(chart: Chart, diagnoses: Sequence[Suggestion]) -> tuple[Suggestion, ...]:
    """Suggest a chart's services, visits first, in the order in which a claim lists them.

    `diagnoses` are the engine's suggestions for the same chart; only the selected ones justify a service.
    """
    others = (*suggest_imaging(chart, diagnoses), *suggest_laboratory(chart, diagnoses))
    visits = (place_visit(chart, visit) for visit in suggest_visits(chart, diagnoses, others))
    return (*visits, *others)
