"""Turns templates into answers, and serves the style sheet, the script and the icon.

Invariant: everything that a template writes is escaped, and a name that it does not know is an error.
"""

import hashlib
import re
from datetime import UTC, date, datetime
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from fastapi.responses import HTMLResponse, Response
from jinja2 import Environment, PackageLoader, StrictUndefined

from shared.contracts.errors import NotFound
from shared.web.security import Role

_MEDIA_TYPES = {
    "workbench.css": "text/css",
    "workbench.js": "text/javascript",
    "compose.js": "text/javascript",
    "session.js": "text/javascript",
    "icon.svg": "image/svg+xml",
}
_DECIDED = {
    "accept": "Accepted",
    "change": "Changed",
    "reject": "Rejected",
    "add": "Added",
    "amend": "Details set",
    "principal": "Put first",
    "reorder": "Put in order",
    "undo": "Taken back",
}
_ON_ADMISSION = {
    "y": "present on admission",
    "n": "not present on admission",
    "u": "documentation insufficient",
    "w": "clinically undetermined",
}
_HOLD_REASONS = {
    "pending-report": "A report is pending",
    "pending-query": "A query is pending",
    "registration-problem": "Registration must be corrected",
}
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_CODERS = frozenset({Role.CODER, Role.LEAD})
_READERS = _CODERS | {Role.AUDITOR}
_PAGES = (
    ("", "Worklist", _READERS),
    ("log", "Log", _CODERS),
    ("codes", "Codes", _READERS),
    ("changes", "Changes", _CODERS),
    ("audits", "Audits", frozenset({Role.LEAD, Role.AUDITOR})),
    ("differences", "Differences", _READERS),
    ("figures", "Figures", _READERS),
    ("automation", "Automation", frozenset({Role.LEAD})),
    ("reviews", "Opened charts", frozenset({Role.LEAD})),
    ("my-queries", "Queries to you", frozenset({Role.PHYSICIAN})),
)
"""The pages that every page leads to: path, name, and whose they are."""
_INNER_CAPITAL = re.compile(r"(?<=[a-z])(?=[A-Z])")
_SYSTEM_NAMES = {"icd10cm": "ICD-10-CM", "icd10pcs": "ICD-10-PCS", "cpt": "CPT", "hcpcs": "HCPCS"}

assets: Final = APIRouter()


def _read_assets() -> dict[str, bytes]:
    folder = files(__package__) / "assets"
    return {name: (folder / name).read_bytes() for name in _MEDIA_TYPES}


_ASSETS = _read_assets()
_FINGERPRINTS = {name: hashlib.sha256(content).hexdigest()[:12] for name, content in _ASSETS.items()}


@assets.get("/assets/{fingerprint}/{name}")
async def read_asset(fingerprint: str, name: str) -> Response:
    """Serve an asset, for good: its content is in its address."""
    if _FINGERPRINTS.get(name) != fingerprint:
        raise NotFound("there is no asset under this address")
    headers = {"Cache-Control": "public, max-age=31536000, immutable", "X-Content-Type-Options": "nosniff"}
    return Response(_ASSETS[name], media_type=_MEDIA_TYPES[name], headers=headers)


def locate_asset(name: str) -> str:
    """Return the path of an asset."""
    return f"/workbench/assets/{_FINGERPRINTS[name]}/{name}"


def show_minute(moment: datetime) -> str:
    """Write a moment for people, in UTC."""
    return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M}"


def show_time(moment: datetime) -> str:
    """Write the time of day for people, in UTC."""
    return f"{moment.astimezone(UTC):%H:%M}"


def show_age(moment: datetime, now: datetime | None = None) -> str:
    """Write how long ago a moment was, in its largest unit."""
    seconds = max(0, int(((now or datetime.now(UTC)) - moment).total_seconds()))
    for unit, length in (("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds >= length:
            return f"{seconds // length} {unit}"
    return "now"


def show_day(day: date | None) -> str:
    """Write a day for people."""
    return f"{day:%Y-%m-%d}" if day else "no date"


def _make_environment() -> Environment:
    made = Environment(
        loader=PackageLoader("services.coder.workbench"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters.update(minute=show_minute, time=show_time, age=show_age, day=show_day)
    made.filters["words_of_type"] = lambda name: _INNER_CAPITAL.sub(" ", name).lower()
    made.filters["words_of_type"] = lambda name: _INNER_CAPITAL.sub(" ", name).lower()
    made.filters["system"] = lambda system: _SYSTEM_NAMES[system]
    made.globals.update(asset=locate_asset, decided=_DECIDED, hold_reasons=_HOLD_REASONS, on_admission=_ON_ADMISSION)
    made.globals.update(pages=_PAGES)
    return made


_ENVIRONMENT = _make_environment()


def render_page(template: str, *, status: int = 200, **values: object) -> HTMLResponse:
    """Answer with a page."""
    return HTMLResponse(_ENVIRONMENT.get_template(template).render(values), status_code=status)
