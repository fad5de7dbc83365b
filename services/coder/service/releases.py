"""Asks the loaded code sets about the services and procedures that the engine suggests; the caller connects."""

import asyncio
from datetime import date

from services.coder.engine.model import CodeSystem, Suggestions
from services.coder.released_codes import KINDS, Titles, compare_with_releases
from shared.codesets.icd10pcs_validity import find_invalid_procedures
from shared.codesets.store import list_releases, read_rules
from shared.postgres.pool import Connection


async def confirm_services(connection: Connection, answer: Suggestions, on: date | None) -> Suggestions:
    """Title services by the releases in force on a day; what they do not know on that day becomes an offer."""
    if on is None or not any(each.system in KINDS for each in answer.suggestions):
        return answer
    loaded = {release.kind for release in await list_releases(connection) if release.effective <= on}
    known: dict[CodeSystem, Titles] = {}
    for system, kind in KINDS.items():
        codes = sorted({each.code for each in answer.suggestions if each.system is system})
        if codes and kind in loaded:
            known[system] = {entry.code: entry.title for entry in await read_rules(connection, kind, codes, on)}
    if CodeSystem.ICD10PCS not in known:
        known |= await asyncio.to_thread(_ask_editor, answer, on)
    return compare_with_releases(answer, known)


def _ask_editor(answer: Suggestions, on: date) -> dict[CodeSystem, Titles]:
    """Without a release of ICD-10-PCS the Medicare Code Editor says which codes hold on the day, without titles."""
    codes = {each.code for each in answer.suggestions if each.system is CodeSystem.ICD10PCS}
    return {CodeSystem.ICD10PCS: dict.fromkeys(codes - find_invalid_procedures(codes, on), "")} if codes else {}
