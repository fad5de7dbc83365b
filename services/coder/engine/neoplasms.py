"""Composes the names of neoplasms from a site and a behaviour: "renal carcinoma", "metastasis to the liver".

Place in the flow: `services.coder.engine.terms` adds these to the classification's own terms. The phrases and the table
`neoplasm_sites.tsv` are ours. Invariant: a composed term never outranks a term that names the condition itself.
"""

from collections.abc import Iterator

from services.coder.engine.tokens import read_table

PHRASES = {
    "malignant": (
        "{} cancer",
        "{} adenocarcinoma",
        "malignant {} tumor",
        "malignant {} neoplasm",
        "{} malignancy",
        "metastatic {} cancer",
        "metastatic {} adenocarcinoma",
        "{} squamous cell carcinoma",
        "epidermoid {} carcinoma",
        "{} epidermoid carcinoma",
        "primary {} cancer",
        "invasive {} cancer",
        "infiltrating {} cancer",
        "{} cancer metastasis",
        "undifferentiated {} cancer",
        "{} neoplasm malignancy",
        "{} small cell cancer",
        "neuroendocrine {} cancer",
        "advanced {} cancer",
    ),
    "secondary": (
        "{} metastasis",
        "{} metastatic disease",
        "{} metastatic lesion",
        "{} metastatic involvement",
        "{} metastatic infiltration",
        "secondary {} tumor",
        "metastatic {} tumor",
        "{} secondaries",
        "{} carcinomatosis",
        "tumor infiltration {}",
        "multiple {} metastasis",
    ),
    "in_situ": ("{} carcinoma in situ", "in situ {} cancer"),
    "benign": ("benign {} tumor", "benign {} neoplasm", "{} adenoma", "{} lipoma", "{} papilloma", "{} fibroma"),
    "uncertain": ("{} neoplasm of uncertain behavior", "{} tumor of uncertain malignant potential"),
    "unspecified": ("{} tumor", "{} neoplasm", "{} neoplastic process", "{} tumor mass"),
}


def compose_neoplasms() -> Iterator[tuple[str, str, bool]]:
    """Code and phrase for every site and behaviour that has a code, and whether the phrase holds in its order only.

    "Metastatic bone cancer" and "bone cancer metastasis" are of the bone; "cancer with bone metastasis" came from
    elsewhere.
    """
    for sites, *codes in read_table("neoplasm_sites.tsv"):
        for code, phrases in zip(codes, PHRASES.values(), strict=True):
            if code:
                yield from (
                    (code, phrase.format(site), "metasta" in phrase and "cancer" in phrase)
                    for site in sites.split("|")
                    for phrase in phrases
                )
