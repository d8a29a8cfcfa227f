"""The control state as the database has it: settings, active version, keys, revocations, profiles, and its revision."""

from __future__ import annotations

import time

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth_service.control import sessions
from auth_service.control.signing_keys import verification_keys
from auth_service.control.watch import revocations_message
from auth_service.store.active_profiles import active_profiles
from auth_service.store.records import ControlRecord, SettingsRevisionRecord, VersionRecord
from common.errors import DataProblem
from common.identity import LEEWAY_SECONDS
from protos.settings.v1 import settings_pb2 as pb


def control_row(session: Session) -> ControlRecord:
    """The single row of the control table.

    Raises:
        DataProblem: it is missing.
    """
    row = session.get(ControlRecord, 1)
    if row is None:
        raise DataProblem(
            "The control-plane database lacks its control row: restore a backup, or run `python -m auth_service migrate`"
        )
    return row


def advance(session: Session) -> int:
    """Give the control state its next revision, so that every process takes it over; returns it."""
    row = control_row(session)
    row.revision += 1
    session.flush()
    return int(row.revision)


def revision(session: Session) -> int:
    """The revision of the control state."""
    return int(session.scalars(select(ControlRecord.revision)).one())


def settings_document(row: SettingsRevisionRecord) -> pb.SettingsDocument:
    """A revision of the settings as a message."""
    return pb.SettingsDocument(
        revision=row.revision, document_json=row.document_json, updated_at=row.at, author=row.author
    )


def newest_settings(session: Session) -> SettingsRevisionRecord | None:
    """The newest revision of the settings; None before the first."""
    return session.scalars(
        select(SettingsRevisionRecord).order_by(SettingsRevisionRecord.revision.desc()).limit(1)
    ).first()


def version_message(row: VersionRecord) -> pb.ActiveVersion:
    """A version as followers need it."""
    return pb.ActiveVersion(
        version_name=row.version_name,
        artifact_dir=row.artifact_dir,
        manifest_path=row.manifest_path,
        manifest_sha256=row.manifest_sha256,
    )


def active_version(session: Session) -> VersionRecord | None:
    """The active version; None when none is."""
    return session.scalars(select(VersionRecord).where(VersionRecord.active_flag.is_(True))).one_or_none()


def read_state(session: Session) -> pb.ControlState:
    """The whole control state."""
    row = control_row(session)
    input_profile, output_profile = active_profiles(session)
    state = pb.ControlState(revision=row.revision, input_profile_json=input_profile, output_profile_json=output_profile)
    newest = newest_settings(session)
    if newest is not None:
        state.settings.CopyFrom(settings_document(newest))
    active = active_version(session)
    if active is not None:
        state.active.CopyFrom(version_message(active))
    for key in verification_keys(session):
        state.keys.add(key_id=key.key_id, public_key=key.public_key, not_after=key.not_after)
    ended = sessions.revocations(session, now=time.time(), leeway=LEEWAY_SECONDS)
    state.revocations.CopyFrom(revocations_message(ended))
    return state
