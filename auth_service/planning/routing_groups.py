"""Saved routing groups: each belongs to its owner, is changed under an optimistic lock, and stays in the table when deleted."""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import exists, func, or_, select
from sqlalchemy.orm import Session, selectinload

from auth_service.planning.routing_group_content import Content
from auth_service.planning.workspaces import owner_key
from auth_service.store.document_fields import check_filters, like_pattern
from auth_service.store.document_records import RoutingGroupItemRecord, RoutingGroupRecord
from common.errors import AlreadyExists, Conflict, InvalidInput, NotFound, PermissionDenied
from common.identity import Caller

MAX_PAGE = 200


@dataclass(frozen=True)
class RoutingGroup:
    """A saved routing group; times in seconds since 1970 UTC."""

    group_id: str
    content: Content
    owner: str
    version: int
    created_at: float
    updated_at: float


@dataclass(frozen=True)
class Summary:
    """A routing group in a list."""

    group_id: str
    group_name: str
    item_codes: Sequence[str]
    step_count: int
    version: int
    updated_at: float
    owner: str


@dataclass(frozen=True)
class Page:
    """One page of a list and the number of groups on all pages."""

    items: Sequence[Summary]
    total: int
    limit: int
    offset: int


def create(session: Session, caller: Caller, content: Content, now: float) -> RoutingGroup:
    """Save a new group of the caller; `content` has been accepted.

    Raises:
        AlreadyExists: the caller has a group of that name.
    """
    _refuse_taken_name(session, owner_key(caller.username), content.group_name)
    record = RoutingGroupRecord(
        group_id=str(uuid.uuid4()),
        owner=caller.username,
        owner_key=owner_key(caller.username),
        version=1,
        created_at=now,
        updated_at=now,
        deleted_at=0.0,
        deleted_by="",
    )
    _fill(record, content)
    session.add(record)
    session.flush()
    return _group(record)


def get(session: Session, caller: Caller, group_id: str) -> RoutingGroup:
    """One group.

    Raises:
        NotFound: unknown or deleted. PermissionDenied: somebody else's, and the caller is no administrator.
    """
    return _group(_allowed(session, caller, group_id))


def update(session: Session, caller: Caller, group_id: str, version: int, content: Content, now: float) -> RoutingGroup:
    """Replace a group's content; its version grows by one.

    Raises:
        NotFound, PermissionDenied: as `get`. Conflict: `version` is not the stored one. AlreadyExists: the name is taken.
    """
    record = _allowed(session, caller, group_id)
    if record.version != version:
        raise Conflict(
            f"Routing group {record.group_name!r} has version {record.version}, the change was made from version "
            f"{version}: load it again and repeat the change",
            reason="VERSION_CONFLICT",
            details={"group_id": group_id, "stored_version": record.version, "sent_version": version},
        )
    _refuse_taken_name(session, record.owner_key, content.group_name, besides=group_id)
    record.items.clear()
    session.flush()
    _fill(record, content)
    record.version += 1
    record.updated_at = now
    session.flush()
    return _group(record)


def delete(session: Session, caller: Caller, group_id: str, now: float) -> RoutingGroup:
    """Mark a group as deleted; nobody sees it any more, and its name is free. Returns the group as it was.

    Raises:
        NotFound, PermissionDenied: as `get`.
    """
    record = _allowed(session, caller, group_id)
    record.deleted_at, record.deleted_by = now, caller.username
    return _group(record)


def list_page(
    session: Session,
    caller: Caller,
    *,
    limit: int = 0,
    offset: int = 0,
    owner: str = "",
    item_code: str = "",
    search: str = "",
) -> Page:
    """Groups the caller may see, last changed first.

    Args:
        limit: most groups wanted, 1 to 200; 0 means 20.
        owner, item_code, search: restrict the list; "" does not.

    Raises:
        InvalidInput: limit out of range.
    """
    limit = limit or 20
    if not 1 <= limit <= MAX_PAGE or offset < 0:
        raise InvalidInput(f"limit must be 1 to {MAX_PAGE} and offset 0 or more, they are {limit} and {offset}")
    check_filters(owner=owner, item_code=item_code, search=search)
    item = RoutingGroupItemRecord
    group = RoutingGroupRecord
    wanted = [group.deleted_at == 0.0]
    if not caller.is_admin:
        wanted.append(group.owner_key == owner_key(caller.username))
    if owner.strip():
        wanted.append(group.owner_key == owner_key(owner))
    if item_code.strip():
        wanted.append(exists().where(item.group_id == group.group_id, item.item_key == owner_key(item_code)))
    if search.strip():
        pattern = like_pattern(search)
        holds_item = exists().where(item.group_id == group.group_id, item.item_key.like(pattern, escape="\\"))
        wanted.append(or_(group.name_key.like(pattern, escape="\\"), holds_item))
    total = session.scalar(select(func.count()).select_from(group).where(*wanted)) or 0
    records = session.scalars(
        select(group)
        .where(*wanted)
        .order_by(group.updated_at.desc(), group.group_id)
        .limit(limit)
        .offset(offset)
        .options(selectinload(group.items))
    )
    return Page([_summary(record) for record in records], total, limit, offset)


def own_group(session: Session, caller: Caller, group_id: str) -> RoutingGroup | None:
    """The group when it exists and the caller may change it, else None."""
    try:
        return get(session, caller, group_id)
    except (NotFound, PermissionDenied):
        return None


def _allowed(session: Session, caller: Caller, group_id: str) -> RoutingGroupRecord:
    try:
        record = session.get(RoutingGroupRecord, str(uuid.UUID(group_id.strip())))
    except ValueError:
        record = None
    if record is None or record.deleted_at:
        raise NotFound(f"There is no routing group {group_id!r}; it may have been deleted")
    if record.owner_key != owner_key(caller.username) and not caller.is_admin:
        raise PermissionDenied(
            f"Routing group {group_id} belongs to somebody else: only its owner and administrators may"
        )
    return record


def _refuse_taken_name(session: Session, owner: str, name: str, besides: str = "") -> None:
    taken = session.scalar(
        select(RoutingGroupRecord.group_id).where(
            RoutingGroupRecord.owner_key == owner,
            RoutingGroupRecord.name_key == name.casefold(),
            RoutingGroupRecord.deleted_at == 0.0,
            RoutingGroupRecord.group_id != besides,
        )
    )
    if taken is not None:
        raise AlreadyExists(
            f"A routing group called {name!r} exists already: choose another name or change that group",
            reason="DUPLICATE_NAME",
            details={"group_id": taken, "group_name": name},
        )


def _fill(record: RoutingGroupRecord, content: Content) -> None:
    record.group_name = content.group_name
    record.name_key = content.group_name.casefold()
    record.content_json = content.body_json()
    record.step_count = len(content.steps)
    record.items.extend(
        RoutingGroupItemRecord(position=position, item_code=code, item_key=owner_key(code))
        for position, code in enumerate(content.item_codes)
    )


def _group(record: RoutingGroupRecord) -> RoutingGroup:
    codes = [item.item_code for item in record.items]
    return RoutingGroup(
        group_id=record.group_id,
        content=Content.stored(record.group_name, codes, record.content_json),
        owner=record.owner,
        version=record.version,
        created_at=record.created_at,
        updated_at=record.updated_at,
    )


def _summary(record: RoutingGroupRecord) -> Summary:
    return Summary(
        group_id=record.group_id,
        group_name=record.group_name,
        item_codes=[item.item_code for item in record.items],
        step_count=record.step_count,
        version=record.version,
        updated_at=record.updated_at,
        owner=record.owner,
    )
