"""Services beside diagnoses: imaging, laboratory, visits, telehealth, drugs, vaccines, supplies, procedures.

Place in the flow: an engine process calls `suggest_services` after the engine has suggested diagnoses; pure. Invariant:
a service is suggested only from what was documented or reported, and points to the diagnoses that make it necessary.
CPT is a trademark and copyright of the American Medical Association; only numbers are used, with wording of our own.
"""

from collections.abc import Sequence

from services.coder.engine.model import Chart, Suggestion
from services.coder.engine.services.done_procedures import suggest_procedures
from services.coder.engine.services.doses_given import list_doses
from services.coder.engine.services.drug_administration import suggest_administration
from services.coder.engine.services.drugs import suggest_drugs
from services.coder.engine.services.imaging_lines import suggest_imaging
from services.coder.engine.services.laboratory import suggest_laboratory
from services.coder.engine.services.lines import merge_repeated
from services.coder.engine.services.supplies import suggest_supplies
from services.coder.engine.services.telehealth import place_visit
from services.coder.engine.services.vaccines import suggest_vaccines
from services.coder.engine.services.visits import suggest_visits


def suggest_services(chart: Chart, diagnoses: Sequence[Suggestion]) -> tuple[Suggestion, ...]:
    """Suggest a chart's services, visits first, in the order in which a claim lists them.

    `diagnoses` are the engine's suggestions for the same chart; only the selected ones justify a service.
    """
    doses = list_doses(chart)
    others = merge_repeated(
        [
            *suggest_imaging(chart, diagnoses),
            *suggest_laboratory(chart, diagnoses),
            *suggest_administration(chart, diagnoses, doses),
            *suggest_vaccines(chart, diagnoses),
            *suggest_procedures(chart, diagnoses),
            *suggest_drugs(chart, diagnoses, doses),
            *suggest_supplies(chart, diagnoses),
        ]
    )
    visits = (place_visit(chart, visit) for visit in suggest_visits(chart, diagnoses, others))
    return (*merge_repeated(visits), *others)
