"""National Drug Codes in the one form in which they are compared: eleven digits.

Source: 45 CFR 162.1002 with the HIPAA form 5-4-2, and the ten digits of 21 CFR 207.33 in hyphenated segments.
Invariant: ten digits without hyphens could be three codes, and are none.
"""

_SEGMENTS = (5, 4, 2)
_DIGITS = sum(_SEGMENTS)


def fold_ndc(text: str) -> str:
    """The eleven digits of a code, such as "00002143380" for "0002-1433-80"; "" for what is no NDC."""
    parts = text.strip().split("-")
    if not all(part.isascii() and part.isdigit() for part in parts):
        return ""
    if len(parts) == 1:
        return parts[0] if len(parts[0]) == _DIGITS else ""
    fits = len(parts) == len(_SEGMENTS) and all(len(part) <= most for part, most in zip(parts, _SEGMENTS, strict=True))
    whole = "".join(part.zfill(most) for part, most in zip(parts, _SEGMENTS, strict=True)) if fits else ""
    return whole if sum(map(len, parts)) >= _DIGITS - 1 else ""
