"""Checks everything that a sealed Bundle proves, offline, and says what was tampered with.

Place in the flow: `chartline verify`, for payers and auditors: it needs the Bundle and the public keys alone; pure.
Invariant: a Bundle without findings is, entry by entry, what the holder of a key sealed, and every code on its Claim is
what a person decided on words that stand in the documents inside.
"""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shared.fhir.extensions import Extension, find_extension
from shared.proof.coding import CODING_KIND, CODING_PROOF, DECIDED_MEMBERS, SIGNATURE, state_coding
from shared.proof.keys import PublicKeys
from shared.proof.seal import SEAL_KIND, Bundle, describe_bundle, read_seal
from shared.proof.statements import SignatureRefused, Statement, read_statement
from shared.proof.words import SealedDocuments, check_words


@dataclass(frozen=True, slots=True)
class Tampering:
    """One thing that does not hold; `expression` is its FHIRPath in the Bundle, `message` never holds content."""

    rule: str
    expression: str
    message: str


def verify_bundle(bundle: Bundle, keys: PublicKeys) -> list[Tampering]:
    """Return what does not hold; an empty list when all of it does. `bundle` is decoded JSON of any shape."""
    try:
        return [*_check_seal(bundle, keys), *_check_codings(bundle, keys)]
    except (KeyError, TypeError, AttributeError, IndexError, ValueError):
        return [Tampering("not-a-claim-bundle", "Bundle", "this is not shaped like a Bundle that was sealed")]


def count_codings(bundle: Bundle) -> int:
    """How many coded elements the Claim has; raises KeyError or IndexError when the Bundle has no Claim."""
    claim = bundle["entry"][0]["resource"]
    return sum(len(claim.get(name, ())) for name in DECIDED_MEMBERS)


def _check_seal(bundle: Bundle, keys: PublicKeys) -> Iterator[Tampering]:
    token = read_seal(bundle)
    if token is None:
        yield Tampering("seal-missing", "Bundle.signature", "the Bundle is not sealed")
        return
    try:
        sealed = read_statement(token, keys, kind=SEAL_KIND)
    except SignatureRefused as refused:
        yield Tampering("seal-refused", "Bundle.signature", refused.message)
        return
    yield from _compare_manifests(sealed, describe_bundle(bundle, sealed["rules"]))


def _compare_manifests(sealed: Statement, found: Statement) -> Iterator[Tampering]:
    if sealed["head"] != found["head"]:
        yield Tampering("bundle-changed", "Bundle", "a member of the Bundle itself is not as it was sealed")
    was = {entry["fullUrl"]: entry["sha256"] for entry in sealed["entries"]}
    now = [entry["fullUrl"] for entry in found["entries"]]
    for place, entry in enumerate(found["entries"]):
        expression = f"Bundle.entry[{place}].resource"
        if entry["fullUrl"] not in was:
            yield Tampering("entry-added", expression, "this resource was not in the Bundle when it was sealed")
        elif was[entry["fullUrl"]] != entry["sha256"]:
            yield Tampering("entry-changed", expression, "this resource is not as it was sealed")
    for place, url in enumerate(was):
        if url not in now:
            yield Tampering("entry-removed", "Bundle.entry", f"entry {place} of the sealed Bundle is gone")
    if set(now) == was.keys() and now != [*was]:
        yield Tampering("entries-reordered", "Bundle.entry", "entries are repeated or in another order than sealed")


def _check_codings(bundle: Bundle, keys: PublicKeys) -> Iterator[Tampering]:
    claim = bundle["entry"][0]["resource"]
    documents = SealedDocuments(bundle)
    for name in DECIDED_MEMBERS:
        elements: Sequence[Mapping[str, Any]] = claim.get(name, ())
        repeated = {number for number, times in Counter(each["sequence"] for each in elements).items() if times > 1}
        for place, element in enumerate(elements):
            expression = f"Claim.{name}[{place}]"
            if element["sequence"] in repeated:
                yield Tampering("coding-repeated", f"{expression}.sequence", "two elements have this sequence")
            yield from _check_coding(claim["id"], name, element, expression, keys)
            proof = find_extension(element, CODING_PROOF)
            wrong = check_words(proof, documents) if proof else ()
            yield from (Tampering(rule, expression, message) for rule, message in wrong)


def _check_coding(
    claim_id: str, name: str, element: Mapping[str, Any], expression: str, keys: PublicKeys
) -> Iterator[Tampering]:
    proof = find_extension(element, CODING_PROOF)
    token = _find_signature(proof) if proof else None
    if proof is None or token is None:
        yield Tampering("coding-unsigned", expression, "nobody signed for this code")
        return
    try:
        signed = read_statement(token, keys, kind=CODING_KIND)
    except SignatureRefused as refused:
        yield Tampering("coding-refused", expression, refused.message)
        return
    yield from _compare_codings(signed, state_coding(claim_id, name, element, proof["extension"]), expression)


def _find_signature(proof: Extension) -> str | None:
    found = find_extension(proof, SIGNATURE)
    return None if found is None else str(found["valueString"])


def _compare_codings(signed: Statement, found: Statement, expression: str) -> Iterator[Tampering]:
    if (signed["claim"], signed["element"]) != (found["claim"], found["element"]):
        yield Tampering("coding-moved", expression, "what was signed is a code of another claim or element")
    for member in sorted({*signed["decided"], *found["decided"]}):
        if signed["decided"].get(member) != found["decided"].get(member):
            yield Tampering("coding-changed", f"{expression}.{member}", "this is not what the coder decided")
    if signed["proof"] != found["proof"]:
        yield Tampering("proof-changed", f"{expression}.extension", "evidence, decision or versions are not as signed")
