"""Every builder makes a resource that the FHIR library accepts; tests elsewhere rely on it."""

import pytest
from fhir.resources.R4B import get_fhir_model_class

from tests import builders
from tests.builders import Resource, as_text

BUILT: list[Resource] = [
    builders.encounter(),
    builders.diagnostic_report(),
    builders.composition(),
    builders.document_reference(),
    builders.patient(),
    builders.coverage(),
    builders.organization(npi="1234567893"),
    builders.practitioner(),
    builders.condition(),
    builders.observation(),
    builders.claim(),
    builders.claim_response(),
    builders.bundle(builders.patient()),
    builders.bundle(builders.patient(), bundle_type="transaction"),
]


@pytest.mark.parametrize("resource", BUILT, ids=lambda resource: str(resource["resourceType"]))
def test_builder_makes_a_valid_resource(resource: Resource) -> None:
    get_fhir_model_class(resource["resourceType"]).model_validate_json(as_text(resource))
