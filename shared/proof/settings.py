"""Where a service finds the key that it signs with: `CHARTLINE_PROOF__SIGNING_KEY_FILE`."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from shared.proof.keys import SigningKey, read_signing_key
from shared.telemetry.logging import get_logger

_log = get_logger(__name__)


class ProofSettings(BaseModel):
    """How claims are proven. Without a key they carry their proof unsigned, and `chartline verify` says so."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    signing_key_file: Path | None = None


def find_signing_key(settings: ProofSettings) -> SigningKey | None:
    """Read the key of the settings, None where there is none; raises KeyUnusable, so that a service does not start."""
    if settings.signing_key_file is None:
        _log.warning("claims-unsigned")
        return None
    return read_signing_key(settings.signing_key_file)
