"""Taking RSL groups over from a text: by slug, each group as a whole, what cannot be taken over is named and skipped."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from auth_service.rsl import rsl_groups, rsl_steps
from auth_service.rsl.rsl_access import check_may_change
from auth_service.rsl.rsl_groups import Group, GroupFields, Step
from auth_service.rsl.rsl_transfer import GroupText
from auth_service.store.document_records import RslGroupRecord
from common.errors import InvalidInput, ServiceError
from common.identity import Caller

MAX_GROUPS = 5_000


@dataclass(frozen=True)
class Imported:
    """What became of the groups of a text."""

    created: int
    updated: int
    skipped: int
    errors: Sequence[str]


def take_over(session: Session, caller: Caller, groups: Sequence[GroupText], now: float) -> Imported:
    """Create the groups that are new and replace those of the same slug that differ; imported groups are drafts.

    A released group is never replaced, nor one that the caller may not change. A group that is wrong is skipped and named; the others
    are taken over.

    Raises:
        InvalidInput: more than 5,000 groups.
    """
    if len(groups) > MAX_GROUPS:
        raise InvalidInput(f"A text may hold {MAX_GROUPS} RSL groups, this one holds {len(groups)}")
    created = updated = skipped = 0
    errors = []
    for sent in groups:
        try:
            with session.begin_nested():
                outcome = _take_over_one(session, caller, sent, now)
        except ServiceError as error:
            errors.append(f"{sent.where}: {error.message}")
            outcome = "skipped"
        created += outcome == "created"
        updated += outcome == "updated"
        skipped += outcome == "skipped"
    return Imported(created, updated, skipped, errors)


def _take_over_one(session: Session, caller: Caller, sent: GroupText, now: float) -> str:
    fields = GroupFields(sent.name, sent.description, sent.tags, sent.slug)
    slug = rsl_groups.slug_of(sent.slug or sent.name)
    record = session.scalar(select(RslGroupRecord).where(RslGroupRecord.slug == slug))
    if record is None:
        group = rsl_groups.create(session, caller.username, fields, now)
        _replace_steps(session, group.id, sent.steps, now)
        if sent.status == "archived":
            rsl_groups.existing(session, group.id).status = "archived"
        return "created"
    if _content(rsl_groups.group_of(record)) == _content_sent(sent):
        return "skipped"
    check_may_change(session, caller, record.id)
    if record.status == "released":
        raise rsl_groups.released(record)
    rsl_groups.update(session, record.id, fields, ("name", "description", "tags"), now)
    _replace_steps(session, record.id, sent.steps, now)
    record.status = "archived" if sent.status == "archived" else "draft"
    return "updated"


def _replace_steps(session: Session, group_id: int, steps: Sequence[Step], now: float) -> None:
    record = rsl_groups.existing(session, group_id)
    record.steps.clear()
    session.flush()
    for step in steps:
        rsl_steps.append_step(record, step, now)
    session.flush()


def _content(group: Group) -> object:
    return (group.name, group.description, list(group.tags), [_step_content(step) for step in group.steps])


def _content_sent(sent: GroupText) -> object:
    steps = sorted(sent.steps, key=lambda step: step.sequence)
    return (sent.name, sent.description, list(sent.tags), [_step_content(step) for step in steps])


def _step_content(step: Step) -> object:
    rules = [(rule.rule_name, rule.rule_version, dict(rule.metadata), rule.is_optional) for rule in step.rules]
    return (step.sequence, step.name, step.description, step.status, list(step.tags), dict(step.config), rules)
