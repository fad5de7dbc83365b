"""The table of what an 837 carries names elements that a Claim has, and finds every other one."""

import tomllib
from collections.abc import Iterator
from importlib.resources import files

import pytest
from fhir.resources.R4B import claim as r4

from services.claims.x12.carried import find_uncarried

TABLE = tomllib.loads((files("services.claims.x12") / "carried.toml").read_text())
PATHS = [
    *(path for kind in ("both", "professional", "institutional") for path in TABLE[kind]),
    *(path for paths in TABLE["left_out"].values() for path in paths),
]


def _members(path: str) -> Iterator[tuple[str, set[str]]]:
    """Each step of a path beside the members that FHIR gives its element; a data type's own are not looked at."""
    model = "Claim"
    for step in path.split("."):
        found = getattr(r4, model, None)
        if found is None:
            return
        yield step, {field.alias or name for name, field in found.model_fields.items()} | {"resourceType"}
        model += step[0].upper() + step[1:]


@pytest.mark.parametrize("path", PATHS)
def test_a_path_is_one_that_a_claim_has(path: str) -> None:
    for step, members in _members(path):
        assert step in members


def test_what_no_path_covers_is_found_wherever_it_is() -> None:
    drug = {"udi": [{}], "sequence": 1}
    claim = {
        "status": "active",
        "payee": {"type": {}, "party": {}},
        "item": [{"sequence": 1}, {"sequence": 2, "udi": [{"reference": "Device/1"}], "detail": [drug]}],
        "_created": {"extension": []},
        "diagnosis": [{"sequence": 1, "packageCode": {"coding": []}}],
    }  # fmt: skip
    inside = ["Claim.item[1].udi", "Claim.item[1].detail[0].udi"]
    assert list(find_uncarried(claim, is_professional=False)) == ["Claim.payee", *inside]
    assert list(find_uncarried(claim, is_professional=True)) == [
        "Claim.payee",
        *inside,
        "Claim.diagnosis[0].packageCode",
    ]
