"""What saving another source means: the address of a database is kept without its password, and a source that lacks a table is refused."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

from sqlalchemy.orm import Session

from auth_service.mapping import profiles
from auth_service.mapping.profile_kinds import INPUT
from common.errors import InvalidInput, ServiceError
from common.source_addresses import is_address
from plant.input_profile import InputProfile
from plant.schema import OPTIONAL_TABLES, ROLES
from plant.settings import PlantSettings
from plant.settings.violations import Violation
from source.allowed_paths import check_server, may_be_looked_at
from source.databases.address import locate, parse_address
from source.opening import open_source
from source.source import find_table


def keep_addresses(_session: Session, _before: PlantSettings, after: PlantSettings, _author: str) -> PlantSettings:
    """The document with the files that stand for addresses of databases; their passwords go into the folder of secrets.

    Raises:
        InvalidInput: an address cannot be understood. PermissionDenied: its server is not allowed.
    """
    chosen = after.data_source
    if not any(map(is_address, (chosen.access_path, *chosen.backup_paths))):
        return after
    kept = {
        "access_path": _kept(chosen.access_path, after),
        "backup_paths": [_kept(path, after) for path in chosen.backup_paths],
    }
    return after.model_copy(update={"data_source": chosen.model_copy(update=kept)})


def _kept(path: str, document: PlantSettings) -> str:
    if not is_address(path):
        return path
    check_server(parse_address(path)[0], document.access.allowed_servers)
    return str(locate(path))


def check(session: Session, before: PlantSettings, after: PlantSettings) -> Iterator[Violation]:
    """What keeps a newly chosen source from being read through any stored input profile.

    One that fits a profile that is not active yet is saved: activating the profile is the next step. One that cannot be reached now is
    saved all the same: it may be a share that is away, or a file still to come.
    """
    chosen = after.data_source.access_path
    if chosen == before.data_source.access_path or not may_be_looked_at(Path(chosen), []) or not Path(chosen).exists():
        return
    try:
        source = open_source(Path(chosen))
        tables = source.tables()
    except ServiceError as error:
        yield Violation(("data_source", "access_path"), error.message)
        return
    active = InputProfile.parse(profiles.active_record(session, INPUT).profile_json)
    lacking = lacking_table(active, tables)
    if not lacking or any(not lacking_table(profile, tables) for profile in _stored(session)):
        return
    from source.diagnosis import why_not_a_table  # with what reads tables, which this process seldom does

    role, table = lacking
    why = why_not_a_table(source, table) or (
        f"{source.description} lacks table {table or '(none named)'}, from which the active input profile {active.name} takes the {role}; "
        f"it has {', '.join(tables[:12]) or 'no tables'}. Save an input profile for it first"
    )
    yield Violation(("data_source", "access_path"), why)


def _stored(session: Session) -> Iterator[InputProfile]:
    for name in profiles.list_names(session, INPUT):
        with contextlib.suppress(InvalidInput):
            yield InputProfile.parse(profiles.get(session, INPUT, name).stored_json)


def lacking_table(profile: InputProfile, tables: Sequence[str]) -> tuple[str, str] | None:
    """The first role, and its table, that a source does not have for a profile."""
    named = {str(role): table.strip() for role, table in profile.tables.items()}
    for role in ROLES:
        table = named.get(role, "")
        known = [*tables, *profile.queries]
        if role not in OPTIONAL_TABLES and find_table(table, known) is None:
            return role, table
    return None
