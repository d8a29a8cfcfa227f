"""RSL groups: named sets of routing steps with rule references. Reading, listing, creating, changing, deleting."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field

import orjson
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from auth_service.store.document_fields import Violations, check_filters, distinct, like_pattern, name_field, text_field
from auth_service.store.document_records import RSL_STATUSES, RslGroupRecord, RslRuleRecord, RslStepRecord, RslTagRecord
from common.errors import InvalidInput, NotFound, PreconditionFailed

MAX_PAGE = 200
MAX_SLUG = 64
MAX_TAGS = 50


@dataclass(frozen=True)
class Rule:
    """A reference to a rule."""

    rule_name: str
    rule_version: str | None = None
    metadata: Mapping[str, object] = field(default_factory=dict)
    is_optional: bool = False
    id: int = 0
    created_at: float = 0.0


@dataclass(frozen=True)
class Step:
    """A step; `sequence` 0 means after the last one."""

    name: str
    sequence: int = 0
    description: str | None = None
    status: str = "draft"
    tags: Sequence[str] = ()
    config: Mapping[str, object] = field(default_factory=dict)
    rules: Sequence[Rule] = ()
    id: int = 0
    created_at: float = 0.0
    updated_at: float = 0.0


@dataclass(frozen=True)
class Group:
    """A group with its steps in sequence; times in seconds since 1970 UTC."""

    id: int
    slug: str
    name: str
    description: str | None
    owner: str
    tags: Sequence[str]
    status: str
    validation_errors: Sequence[str]
    last_validated_at: float | None
    released_at: float | None
    released_by: str | None
    created_at: float
    updated_at: float
    steps: Sequence[Step]
    shared: bool = False
    """Whether others than the owner and administrators may change it."""


@dataclass(frozen=True)
class GroupFields:
    """What people decide about a group itself."""

    name: str
    description: str | None = None
    tags: Sequence[str] = ()
    slug: str = ""
    shared: bool = False


@dataclass(frozen=True)
class Page:
    """One page of groups and the number on all pages."""

    items: Sequence[Group]
    total: int
    page: int
    page_size: int


def slug_of(text: str) -> str:
    """A name as it stands in addresses: letters and digits of any script in lower case, everything else one hyphen."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return re.sub(r"[\W_]+", "-", plain).strip("-")[:MAX_SLUG].strip("-") or "group"


def free_slug(wanted: str, taken: Collection[str]) -> str:
    """`wanted`, or `wanted-2`, `wanted-3` ... when it is taken; never longer than 64 characters."""
    number, slug = 1, wanted
    while slug in taken:
        number += 1
        suffix = f"-{number}"
        slug = wanted[: MAX_SLUG - len(suffix)].rstrip("-") + suffix
    return slug


def create(session: Session, owner: str, fields: GroupFields, now: float) -> Group:
    """Create a draft without steps.

    Raises:
        InvalidInput: names every field that is wrong.
    """
    record = RslGroupRecord(
        owner=owner,
        shared=fields.shared,
        status="draft",
        validation_errors_json="[]",
        created_at=now,
        updated_at=now,
    )
    fill(session, record, fields, ("name", "description", "tags"))
    record.slug = _unused_slug(session, slug_of(fields.slug or record.name), record)
    _index(record)
    session.add(record)
    session.flush()
    return group_of(record)


def get(session: Session, group_id: int) -> Group:
    """One group.

    Raises:
        NotFound: unknown.
    """
    return group_of(existing(session, group_id))


def update(session: Session, group_id: int, fields: GroupFields, changed: Collection[str], now: float) -> Group:
    """Change the fields named in `changed` (name, description, tags, slug, shared).

    Raises:
        NotFound: unknown. InvalidInput: a field is wrong. PreconditionFailed: released, and name or slug would change.
    """
    record = existing(session, group_id)
    unknown = set(changed) - {"name", "description", "tags", "slug", "shared"}
    if unknown:
        raise InvalidInput(f"An RSL group has no field {', '.join(sorted(unknown))} that can be changed")
    if "shared" in changed:
        record.shared = fields.shared
    before = (record.name, record.slug)
    fill(session, record, fields, changed)
    if "slug" in changed:
        record.slug = _unused_slug(session, slug_of(fields.slug), record)
    if record.status == "released" and (record.name, record.slug) != before:
        raise released(record)
    _index(record)
    record.updated_at = now
    session.flush()
    return group_of(record)


def delete(session: Session, group_id: int) -> Group:
    """Delete a group with its steps; returns it as it was.

    Raises:
        NotFound: unknown. PreconditionFailed: released.
    """
    record = existing(session, group_id)
    if record.status == "released":
        raise released(record)
    group = group_of(record)
    session.delete(record)
    session.flush()
    return group


def list_page(
    session: Session,
    *,
    page: int = 0,
    page_size: int = 0,
    tags: Sequence[str] = (),
    status: str = "",
    search: str = "",
) -> Page:
    """Groups, newest first.

    Args:
        page: from 1; 0 means 1.
        page_size: 1 to 200; 0 means 20.
        tags: only groups with one of these; empty: any.
        status: only groups of this status; "": any.
        search: only groups whose name, slug or description contains this, ignoring case; "": any.

    Raises:
        InvalidInput: a bound or the status is wrong.
    """
    page, page_size = page or 1, page_size or 20
    if page < 1 or not 1 <= page_size <= MAX_PAGE:
        raise InvalidInput(f"page must be 1 or more and page_size 1 to {MAX_PAGE}, they are {page} and {page_size}")
    if status and status not in RSL_STATUSES:
        raise InvalidInput(f"status must be one of {', '.join(RSL_STATUSES)}, it is {status!r}")
    check_filters(search=search, **{f"tags.{position}": tag for position, tag in enumerate(tags)})
    group = RslGroupRecord
    wanted = []
    if status:
        wanted.append(group.status == status)
    if search.strip():
        wanted.append(group.search_key.like(like_pattern(search), escape="\\"))
    labels = distinct(tags)
    if labels:
        wanted.append(group.id.in_(select(RslTagRecord.group_id).where(RslTagRecord.tag.in_(labels))))
    total = session.scalar(select(func.count()).select_from(group).where(*wanted)) or 0
    records = session.scalars(
        select(group).where(*wanted).order_by(group.id.desc()).limit(page_size).offset((page - 1) * page_size)
    )
    return Page([group_of(record) for record in records], total, page, page_size)


def all_groups(session: Session, *, include_archived: bool) -> list[Group]:
    """Every group in the order of creation."""
    query = select(RslGroupRecord).order_by(RslGroupRecord.id)
    if not include_archived:
        query = query.where(RslGroupRecord.status != "archived")
    return [group_of(record) for record in session.scalars(query)]


def existing(session: Session, group_id: int) -> RslGroupRecord:
    """The group's row.

    Raises:
        NotFound: unknown.
    """
    record = session.get(RslGroupRecord, group_id) if 0 < group_id < 2**63 else None
    if record is None:
        raise NotFound(f"There is no RSL group {group_id}; it may have been deleted")
    return record


def released(record: RslGroupRecord) -> PreconditionFailed:
    """That a released group stays as it is."""
    return PreconditionFailed(
        f"RSL group {record.id} ({record.name}) is released: retract it first, then change it", reason="RELEASED"
    )


def touch(record: RslGroupRecord, now: float) -> None:
    """Note that the steps or rules of a group change: what was validated no longer holds.

    Raises:
        PreconditionFailed: released.
    """
    if record.status == "released":
        raise released(record)
    if record.status in ("ready", "pending_review"):
        record.status = "draft"
    record.updated_at = now


def fill(session: Session, record: RslGroupRecord, fields: GroupFields, changed: Collection[str]) -> None:
    """Take over the fields named in `changed` (name, description, tags).

    Raises:
        InvalidInput: names every field that is wrong.
    """
    found = Violations()
    if "name" in changed:
        record.name = name_field(found, "name", fields.name, at_least=1, at_most=256)
    if "description" in changed:
        text = fields.description
        record.description = None if text is None else text_field(found, "description", text)
    tags = distinct(fields.tags)
    if "tags" in changed:
        if len(tags) > MAX_TAGS:
            found.add("tags", f"must be {MAX_TAGS} or fewer, are {len(tags)}")
        for position, tag in enumerate(tags):
            text_field(found, f"tags.{position}", tag, at_most=64)
    found.check("The RSL group cannot be stored")
    if "tags" in changed:
        record.tags.clear()
        if record.id is not None:
            session.flush()
        record.tags.extend(RslTagRecord(position=position, tag=tag) for position, tag in enumerate(tags))


def _index(record: RslGroupRecord) -> None:
    record.search_key = "\n".join((record.name, record.slug, record.description or "")).casefold()


def _unused_slug(session: Session, wanted: str, record: RslGroupRecord) -> str:
    stem = wanted[: MAX_SLUG - 12].rstrip("-")
    query = select(RslGroupRecord.slug).where(RslGroupRecord.slug.startswith(stem, autoescape=True))
    if record.id is not None:
        query = query.where(RslGroupRecord.id != record.id)
    return free_slug(wanted, set(session.scalars(query)))


def group_of(record: RslGroupRecord) -> Group:
    """A row with its steps as a value."""
    return Group(
        id=record.id,
        slug=record.slug,
        name=record.name,
        description=record.description,
        owner=record.owner,
        shared=record.shared,
        tags=[tag.tag for tag in record.tags],
        status=record.status,
        validation_errors=orjson.loads(record.validation_errors_json),
        last_validated_at=record.last_validated_at,
        released_at=record.released_at,
        released_by=record.released_by,
        created_at=record.created_at,
        updated_at=record.updated_at,
        steps=[step_of(step) for step in sorted(record.steps, key=lambda step: step.sequence)],
    )


def step_of(record: RslStepRecord) -> Step:
    """A step's row as a value."""
    return Step(
        id=record.id,
        sequence=record.sequence,
        name=record.name,
        description=record.description,
        status=record.status,
        tags=orjson.loads(record.tags_json),
        config=orjson.loads(record.config_json),
        created_at=record.created_at,
        updated_at=record.updated_at,
        rules=[rule_of(rule) for rule in record.rules],
    )


def rule_of(record: RslRuleRecord) -> Rule:
    """A rule reference's row as a value."""
    return Rule(
        id=record.id,
        rule_name=record.rule_name,
        rule_version=record.rule_version,
        metadata=orjson.loads(record.metadata_json),
        is_optional=record.is_optional,
        created_at=record.created_at,
    )
