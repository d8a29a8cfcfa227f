"""Mapping profiles as they are stored: by kind and name, with revisions, exactly one of each kind active."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth_service.mapping.profile_kinds import OUTPUT, Inspected, inspect, refuse_unaddressable
from auth_service.store.active_profiles import active_schema
from auth_service.store.document_records import ActiveProfileRecord, ProfileRecord, ProfileRevisionRecord
from common.errors import AlreadyExists, Conflict, InvalidInput, NotFound, PreconditionFailed
from plant.output_profile import OutputProfile
from plant.schema import PlantSchema

MAX_PROFILES = 500


@dataclass(frozen=True)
class Profile:
    """A profile; times in seconds since 1970 UTC.

    Attributes:
        stored_json: as stored; "" is the one that comes with the product.
        inspected: what it says and what keeps it from becoming active.
    """

    kind: str
    name: str
    stored_json: str
    inspected: Inspected
    active: bool
    revision: int
    author: str
    created_at: float
    updated_at: float
    built_in: bool

    @property
    def valid(self) -> bool:
        """Whether it may become active."""
        return not self.inspected.problems


@dataclass(frozen=True)
class Revision:
    """One revision of a profile; `at` in seconds since 1970 UTC."""

    revision: int
    at: float
    author: str
    comment: str
    profile_json: str


def list_profiles(session: Session, kind: str, available: Sequence[str] = ()) -> list[Profile]:
    """Profiles of a kind: the built-in one first, then by name.

    Args:
        available: columns that predictions have beside the known ones.
    """
    active = active_record(session, kind).id
    records = session.scalars(select(ProfileRecord).where(ProfileRecord.kind == kind))
    ordered = sorted(records, key=lambda record: (not record.built_in, record.name_key))
    return [_profile(session, record, record.id == active, available) for record in ordered]


def get(session: Session, kind: str, name: str = "", revision: int = 0, available: Sequence[str] = ()) -> Profile:
    """A profile, or how it was in one of its revisions.

    Args:
        name: "": the active one.
        revision: 0: the newest.

    Raises:
        NotFound: no such profile or revision.
    """
    active = active_record(session, kind)
    record = _existing(session, kind, name) if name else active
    profile = _profile(session, record, record.id == active.id, available)
    if not revision or revision == record.revision:
        return profile
    old = _revision(session, record, revision)
    return Profile(
        kind,
        record.name,
        old.profile_json,
        inspect(kind, _text(session, record, old.profile_json), available),
        profile.active,
        revision,
        old.author,
        record.created_at,
        old.at,
        record.built_in,
    )


def save(
    session: Session,
    kind: str,
    profile_json: str,
    *,
    name: str = "",
    expected_revision: int = 0,
    comment: str = "",
    author: str,
    now: float,
    available: Sequence[str] = (),
) -> Profile:
    """Create a profile, or change the one called `name`; stores a revision when something differs.

    Args:
        name: name it has now; "": a new profile.
        expected_revision: revision the editor started from; 0: no check.

    Raises:
        InvalidInput: not of the form of a profile, or an active one would become invalid. AlreadyExists: the name is taken.
        NotFound: unknown. Conflict: it has moved on. PreconditionFailed: it comes with the product.
    """
    inspected = inspect(kind, profile_json, available)
    taken = _named(session, kind, inspected.name)
    if not name:
        if taken is not None:
            raise _taken(kind, inspected.name)
        refuse_unaddressable(inspected.name)
        return _create(session, kind, inspected, comment=comment, author=author, now=now, available=available)
    record = _changeable(session, kind, name)
    if expected_revision and expected_revision != record.revision:
        raise Conflict(
            f"The {kind} profile {record.name} was changed by {record.author or 'somebody'} meanwhile (revision {record.revision}; "
            f"you started from {expected_revision}): load it again and repeat the change",
            reason="PROFILE_CHANGED",
            details={"current_revision": record.revision, "expected_revision": expected_revision},
        )
    if taken is not None and taken.id != record.id:
        raise _taken(kind, inspected.name)
    active = active_record(session, kind).id == record.id
    if active and inspected.problems:
        raise InvalidInput(
            f"The {kind} profile {record.name} is active and would become invalid: {inspected.problems[0]}",
            reason="PROFILE_INVALID",
            violations=inspected.violations,
        )
    if inspected.name != record.name:
        refuse_unaddressable(inspected.name)
    if inspected.json != inspect(kind, _text(session, record), available).json:
        record.name, record.name_key = inspected.name, inspected.name.casefold()
        _store(session, record, inspected.json, comment=comment, author=author, now=now)
    return _profile(session, record, active, available)


def _create(
    session: Session,
    kind: str,
    inspected: Inspected,
    *,
    comment: str,
    author: str,
    now: float,
    available: Sequence[str],
) -> Profile:
    if len(list_names(session, kind)) >= MAX_PROFILES:
        raise InvalidInput(f"There are {MAX_PROFILES} {kind} profiles already: delete some first")
    record = ProfileRecord(
        kind=kind,
        name=inspected.name,
        name_key=inspected.name.casefold(),
        profile_json=inspected.json,
        built_in=False,
        revision=0,
        author=author,
        created_at=now,
        updated_at=now,
    )
    session.add(record)
    session.flush()
    _store(session, record, inspected.json, comment=comment, author=author, now=now)
    return _profile(session, record, False, available)


def _store(session: Session, record: ProfileRecord, text: str, *, comment: str, author: str, now: float) -> None:
    record.profile_json, record.author, record.updated_at = text, author, now
    record.revision += 1
    session.add(
        ProfileRevisionRecord(
            profile_id=record.id,
            revision=record.revision,
            at=now,
            author=author,
            comment="".join(c for c in comment if c.isprintable() or c == "\n")[:1000],
            profile_json=text,
        )
    )
    session.flush()


def delete(session: Session, kind: str, name: str) -> None:
    """Delete a profile with its revisions.

    Raises:
        NotFound: unknown. PreconditionFailed: active, or it comes with the product.
    """
    record = _changeable(session, kind, name)
    if active_record(session, kind).id == record.id:
        raise PreconditionFailed(
            f"The {kind} profile {record.name} is active: activate another one first, then delete it", reason="ACTIVE"
        )
    session.delete(record)
    session.flush()


def activate(
    session: Session, kind: str, name: str, *, author: str, now: float, available: Sequence[str] = ()
) -> tuple[Profile, Profile]:
    """Make a profile the active one of its kind; returns it and the one before (the same when it was active).

    Raises:
        NotFound: unknown. PreconditionFailed: it is not valid.
    """
    before = get(session, kind, available=available)
    record = _existing(session, kind, name)
    problems = inspect(kind, _text(session, record), available).problems
    if problems:
        more = f" (and {len(problems) - 1} more problems)" if len(problems) > 1 else ""
        raise PreconditionFailed(
            f"The {kind} profile {record.name} cannot become active: {problems[0]}{more}", reason="PROFILE_INVALID"
        )
    choice = session.get(ActiveProfileRecord, kind)
    assert choice is not None
    if choice.profile_id != record.id:
        choice.profile_id, choice.activated_at, choice.activated_by = record.id, now, author
        session.flush()
    return get(session, kind, record.name, available=available), before


def revisions(session: Session, kind: str, name: str, limit: int) -> list[Revision]:
    """Revisions of a profile, newest first.

    Raises:
        NotFound: unknown.
    """
    record = _existing(session, kind, name)
    rows = session.scalars(
        select(ProfileRevisionRecord)
        .where(ProfileRevisionRecord.profile_id == record.id)
        .order_by(ProfileRevisionRecord.revision.desc())
        .limit(limit)
    )
    return [
        Revision(
            row.revision,
            row.at,
            row.author,
            row.comment,
            inspect(kind, _text(session, record, row.profile_json)).json,
        )
        for row in rows
    ]


def revert(
    session: Session, kind: str, name: str, revision: int, *, author: str, now: float, available: Sequence[str] = ()
) -> Profile:
    """Make an older revision of a profile the newest again.

    Raises:
        NotFound: no such profile or revision. AlreadyExists, InvalidInput, PreconditionFailed: as `save`.
    """
    record = _existing(session, kind, name)
    old = _revision(session, record, revision)
    return save(
        session,
        kind,
        inspect(kind, _text(session, record, old.profile_json)).json,
        name=record.name,
        comment=f"back to revision {revision}",
        author=author,
        now=now,
        available=available,
    )


def list_names(session: Session, kind: str) -> list[str]:
    """Names of the profiles of a kind in the order they were created."""
    return list(
        session.scalars(select(ProfileRecord.name).where(ProfileRecord.kind == kind).order_by(ProfileRecord.id))
    )


def active_record(session: Session, kind: str) -> ProfileRecord:
    """The row of the active profile of a kind."""
    return session.scalars(
        select(ProfileRecord)
        .join(ActiveProfileRecord, ActiveProfileRecord.profile_id == ProfileRecord.id)
        .where(ActiveProfileRecord.kind == kind)
    ).one()


def _named(session: Session, kind: str, name: str) -> ProfileRecord | None:
    return session.scalars(
        select(ProfileRecord).where(ProfileRecord.kind == kind, ProfileRecord.name_key == name.strip().casefold())
    ).one_or_none()


def stored_under(session: Session, kind: str, name: str) -> Profile | None:
    """The profile of a name; None when there is none."""
    return get(session, kind, name) if _named(session, kind, name) is not None else None


def _existing(session: Session, kind: str, name: str) -> ProfileRecord:
    record = _named(session, kind, name) if name.isprintable() else None
    if record is None:
        raise NotFound(f"There is no {kind} profile {name!r}")
    return record


def _changeable(session: Session, kind: str, name: str) -> ProfileRecord:
    record = _existing(session, kind, name)
    if record.built_in:
        raise PreconditionFailed(
            f"The {kind} profile {record.name} comes with the product and stays as it is: save a copy under another name",
            reason="BUILT_IN",
        )
    return record


def _taken(kind: str, name: str) -> AlreadyExists:
    return AlreadyExists(
        f"There is an {kind} profile called {name} already: choose another name", reason="DUPLICATE_NAME"
    )


def _revision(session: Session, record: ProfileRecord, revision: int) -> ProfileRevisionRecord:
    row = session.get(ProfileRevisionRecord, (record.id, revision)) if 0 < revision < 2**31 else None
    if row is None:
        raise NotFound(f"The {record.kind} profile {record.name} has no revision {revision}")
    return row


def _text(session: Session, record: ProfileRecord, stored: str | None = None) -> str:
    """What is stored of a profile, now or in a revision; of the output profile that comes with the product the plant's columns."""
    text = record.profile_json if stored is None else stored
    if text or record.kind != OUTPUT:
        return text
    return OutputProfile.default(active_schema(session)).model_copy(update={"name": record.name}).to_json()


def call_product_profile(session: Session, before: PlantSchema, after: PlantSchema) -> None:
    """Give the output profile that comes with the product the plant's name where nobody has given it another one."""
    record = _named(session, OUTPUT, OutputProfile.default(before).name)
    name = OutputProfile.default(after).name
    if record is not None and not record.profile_json and _named(session, OUTPUT, name) is None:
        record.name, record.name_key = name, name.casefold()
        session.flush()


def _profile(session: Session, record: ProfileRecord, active: bool, available: Sequence[str]) -> Profile:
    return Profile(
        kind=record.kind,
        name=record.name,
        stored_json=record.profile_json,
        inspected=inspect(record.kind, _text(session, record), available),
        active=active,
        revision=record.revision,
        author=record.author,
        created_at=record.created_at,
        updated_at=record.updated_at,
        built_in=record.built_in,
    )
