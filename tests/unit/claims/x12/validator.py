"""The independent judge of X12 files: pyx12, which has the maps of the implementation guides."""

import io

from pyx12.params import params
from pyx12.x12n_document import x12n_document


def is_valid(text: str) -> bool:
    """Tell whether every interchange of a text follows its guide."""
    return bool(x12n_document(params(), io.StringIO(text), None, None))
