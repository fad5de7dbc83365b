"""The National Provider Identifier's check digit; pure.

Place in the flow: the edits and the X12 writer ask it of every provider of a claim. Invariant: nothing but the text
decides, so a number that is right here may still be nobody's.
Source: 45 CFR 162.406; CMS, NPI check digit (Luhn's of ISO/IEC 7812-1, over the number with the prefix 80840).
"""

from functools import lru_cache

_LENGTH = 10
_OF_PREFIX = 24
"""What the prefix 80840 adds to the sum."""
_PROVIDERS_KEPT = 10_000


@lru_cache(maxsize=_PROVIDERS_KEPT)
def is_npi(text: str) -> bool:
    """Tell whether a text is ten digits of which the last one checks the others."""
    if len(text) != _LENGTH or not (text.isascii() and text.isdigit()):
        return False
    doubled = (sum(divmod(int(digit) * (2 - place % 2), 10)) for place, digit in enumerate(text))
    return (sum(doubled) + _OF_PREFIX) % 10 == 0
