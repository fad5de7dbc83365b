"""Which characters X12 carries, and how names of the world fit into them; pure.

Place in the flow: `transcript` asks for every text of a claim before it is written.
Invariant: a text is carried with all its letters or not at all. Accents fold away, as on every American claim form;
nothing else is replaced, shortened or left out.
Source: ASC X12.6, basic and extended character set; our delimiters * : ^ ~ are of neither for us.
"""

import string
import unicodedata

_CARRIED = frozenset(string.ascii_letters + string.digits + " !\"&'()+,-./;?=%@[]_{}\\|<>#$")
_LETTERS_WITHOUT_ACCENT = str.maketrans(
    {
        "ß": "ss", "Æ": "AE", "æ": "ae", "Ø": "O", "ø": "o", "Œ": "OE", "œ": "oe", "Ł": "L", "ł": "l",
        "Đ": "D", "đ": "d", "Þ": "TH", "þ": "th", "ı": "i", "‘": "'", "’": "'", "“": '"', "”": '"',
        "‐": "-", "‑": "-", "–": "-", "—": "-", "\u00a0": " ",
    }
)  # fmt: skip


def fold_text(text: str) -> str:
    """Return a text in capital ASCII letters, without accents and doubled spaces. May still hold what X12 has not."""
    if text.isascii():
        return text.upper().strip()
    plain = unicodedata.normalize("NFKD", text.translate(_LETTERS_WITHOUT_ACCENT))
    kept = "".join(character for character in plain if not unicodedata.combining(character))
    return kept.upper().strip()


def is_carried(text: str) -> bool:
    """Tell whether every character is one that X12 carries and we do not separate with."""
    return _CARRIED.issuperset(text)
