"""The OpenAPI documents of the services, as they give them."""

from services.claims import app as claims
from services.claims.settings import ClaimsSettings
from services.coder import app as coder
from services.coder.settings import CoderSettings
from services.ingest import app as ingest
from services.ingest.settings import IngestSettings
from tests.contract.world import WEB

DOCUMENTS = {
    "coder": coder.create_app(CoderSettings(web=WEB)).openapi(),
    "claims": claims.create_app(ClaimsSettings(web=WEB)).openapi(),
    "ingest": ingest.create_app(IngestSettings(web=WEB)).openapi(),
}
