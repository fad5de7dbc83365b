"""What fhir.resources knows of each element but does not enforce: the codes it may have and what it may refer to.

Place in the flow: `invariants` walks a validated resource along these. The library's metadata is the source; where its
list of codes ends in `+`, `bindings.toml` has the whole list.
"""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, get_args

from fhir.resources.R4B import get_fhir_model_class
from fhir_core.fhirabstractmodel import FHIRAbstractModel
from pydantic.fields import FieldInfo

ModelClass = type[FHIRAbstractModel]
_ANY_RESOURCE = "Resource"


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a type: allowed codes, allowed target types, and the type of its value where that is complex.

    An empty set allows everything.
    """

    codes: frozenset[str]
    targets: frozenset[str]
    model: ModelClass | None


@cache
def known_model(resource_type: str) -> ModelClass | None:
    """Return the library's class of a resource type, None for a name that is no R4 resource."""
    try:
        model = get_fhir_model_class(resource_type)
    except (ValueError, ImportError):
        return None
    return model if "id" in model.model_fields and _is_resource(model) else None


def _is_resource(model: ModelClass) -> bool:
    return any(base.__name__ == _ANY_RESOURCE for base in model.__mro__[1:])


@cache
def elements_of(model: ModelClass) -> Mapping[str, Element]:
    """Return those elements of a type, by their JSON name, of which there is anything to check."""
    fields = {field.alias or name: field for name, field in model.model_fields.items() if not name.endswith("__ext")}
    described = {alias: _describe(model, alias, field) for alias, field in fields.items()}
    return {alias: each for alias, each in described.items() if each.codes or each.targets or each.model}


def _describe(model: ModelClass, alias: str, field: FieldInfo) -> Element:
    about: dict[str, Any] = field.json_schema_extra if isinstance(field.json_schema_extra, dict) else {}
    codes = _completed_codes().get((model.__name__, alias)) or frozenset(about.get("enum_values", ()))
    targets = frozenset(about.get("enum_reference_types", ()))
    return Element(
        codes=frozenset() if "+" in codes else codes,
        targets=frozenset() if _ANY_RESOURCE in targets else targets,
        model=_model_of(field.annotation),
    )


def _model_of(annotation: object) -> ModelClass | None:
    """Find the FHIR type inside Optional[List[...]]; None for primitives and for any-resource slots."""
    find_class = getattr(annotation, "get_model_klass", None)
    if find_class is not None:
        model: ModelClass = find_class()
        return None if model.__name__ == _ANY_RESOURCE else model
    return next((found for part in get_args(annotation) if (found := _model_of(part))), None)


@cache
def _completed_codes() -> Mapping[tuple[str, str], frozenset[str]]:
    table = tomllib.loads((files("shared.fhir") / "bindings.toml").read_text(encoding="utf-8"))
    return {(model, alias): frozenset(codes) for model, rows in table.items() for alias, codes in rows.items()}
