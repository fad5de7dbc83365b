"""Sets of service codes as rules name them: single codes and ranges; pure.

Place in the flow: conditions of a payer's rules ask, and so does `selection`, to leave a rule out where no line has a
service that it is about. Invariant: a range holds codes of the length of its ends only.
"""

from collections.abc import Sequence


class ServiceCodes:
    """Single codes, and inclusive ranges such as "99202-99215"."""

    def __init__(self, texts: Sequence[str]) -> None:
        ends = [text.partition("-")[::2] for text in texts]
        self._single = frozenset(first for first, last in ends if not last)
        self._ranges = tuple((first, last) for first, last in ends if last)

    def has(self, code: str) -> bool:
        """Whether `code` is one of them."""
        if code in self._single:
            return True
        return any(first <= code <= last and len(code) == len(first) for first, last in self._ranges)
