"""The Medicare Code Editor, opened once and closed."""

from collections.abc import Iterator

import pytest

from services.claims.edits import MedicareCodeEditor, ReferenceData
from tests.unit.claims.edits.subjects import reference


@pytest.fixture(scope="session")
def tables() -> Iterator[ReferenceData]:
    """All reference data, with the real editor and Tabular List."""
    with MedicareCodeEditor() as editor:
        yield reference(editor)
