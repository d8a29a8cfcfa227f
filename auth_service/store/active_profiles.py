"""The active mapping profiles as every process follows them, and the schema of the plant."""

from __future__ import annotations

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth_service.store.document_records import ActiveProfileRecord, ProfileRecord
from plant.input_profile import InputProfile
from plant.schema import PlantSchema


def active_profiles(session: Session) -> tuple[str, str]:
    """JSON of the active input profile and of the active output profile; "" is the one that comes with the product."""
    rows = session.execute(
        select(ActiveProfileRecord.kind, ProfileRecord.profile_json).join(
            ProfileRecord, ProfileRecord.id == ActiveProfileRecord.profile_id
        )
    )
    found: dict[str, str] = {row.kind: row.profile_json for row in rows}
    return found.get("input", ""), found.get("output", "")


def active_schema(session: Session) -> PlantSchema:
    """The schema of the active input profile.

    Raises:
        InvalidInput: it cannot be read.
    """
    return InputProfile.read(active_profiles(session)[0]).plant
