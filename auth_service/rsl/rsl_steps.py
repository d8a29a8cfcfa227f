"""Steps of RSL groups and their rule references: adding, changing, deleting. Each change makes an earlier validation void."""

from __future__ import annotations

from collections.abc import Collection

from sqlalchemy.orm import Session

from auth_service.rsl.rsl_groups import MAX_TAGS, Rule, Step, existing, rule_of, step_of, touch
from auth_service.store.document_fields import Violations, distinct, name_field, text_field, to_json
from auth_service.store.document_records import STEP_STATUSES, RslGroupRecord, RslRuleRecord, RslStepRecord
from common.errors import InvalidInput, NotFound

MAX_STEPS = 1_000
MAX_RULES = 200
MAX_SEQUENCE = 1_000_000
FIELDS = ("sequence", "name", "description", "status", "tags", "config")


def add_step(session: Session, group_id: int, step: Step, now: float) -> Step:
    """Add a step with its rules; sequence 0 puts it after the last one.

    Raises:
        NotFound: unknown group. InvalidInput: a field is wrong or the sequence is taken. PreconditionFailed: released.
    """
    group = existing(session, group_id)
    touch(group, now)
    record = append_step(group, step, now)
    session.flush()
    return step_of(record)


def append_step(group: RslGroupRecord, step: Step, now: float) -> RslStepRecord:
    """Add a step to a group's row.

    Raises:
        InvalidInput: a field is wrong or the sequence is taken.
    """
    record = RslStepRecord(created_at=now, updated_at=now)
    _fill(group, record, step, FIELDS)
    found = Violations()
    if len(group.steps) >= MAX_STEPS:
        found.add("steps", f"an RSL group holds {MAX_STEPS} steps or fewer")
    if len(step.rules) > MAX_RULES:
        found.add("rules", f"a step holds {MAX_RULES} rules or fewer")
    found.check("The step cannot be stored")
    for position, rule in enumerate(step.rules):
        record.rules.append(_rule(rule, f"rules.{position}.", now))
    group.steps.append(record)
    return record


def update_step(
    session: Session, group_id: int, step_id: int, changes: Step, changed: Collection[str], now: float
) -> Step:
    """Change the fields of a step named in `changed` (sequence, name, description, status, tags, config).

    Raises:
        NotFound: unknown group or step. InvalidInput: a field is wrong or the sequence is taken. PreconditionFailed: released.
    """
    unknown = set(changed) - set(FIELDS)
    if unknown:
        raise InvalidInput(f"A step has no field {', '.join(sorted(unknown))} that can be changed")
    group = existing(session, group_id)
    record = _step(group, step_id)
    touch(group, now)
    _fill(group, record, changes, changed)
    record.updated_at = now
    session.flush()
    return step_of(record)


def delete_step(session: Session, group_id: int, step_id: int, now: float) -> None:
    """Delete a step with its rules.

    Raises:
        NotFound: unknown group or step. PreconditionFailed: released.
    """
    group = existing(session, group_id)
    record = _step(group, step_id)
    touch(group, now)
    group.steps.remove(record)
    session.flush()


def add_rule(session: Session, group_id: int, step_id: int, rule: Rule, now: float) -> Rule:
    """Add a rule reference to a step.

    Raises:
        NotFound: unknown group or step. InvalidInput: a field is wrong. PreconditionFailed: released.
    """
    group = existing(session, group_id)
    step = _step(group, step_id)
    touch(group, now)
    if len(step.rules) >= MAX_RULES:
        raise InvalidInput(f"A step holds {MAX_RULES} rules or fewer")
    record = _rule(rule, "", now)
    step.rules.append(record)
    step.updated_at = now
    session.flush()
    return rule_of(record)


def delete_rule(session: Session, group_id: int, step_id: int, rule_id: int, now: float) -> None:
    """Delete a rule reference.

    Raises:
        NotFound: unknown group, step or rule. PreconditionFailed: released.
    """
    group = existing(session, group_id)
    step = _step(group, step_id)
    record = next((rule for rule in step.rules if rule.id == rule_id), None)
    if record is None:
        raise NotFound(f"Step {step_id} of RSL group {group_id} has no rule {rule_id}; it may have been deleted")
    touch(group, now)
    step.rules.remove(record)
    step.updated_at = now
    session.flush()


def _step(group: RslGroupRecord, step_id: int) -> RslStepRecord:
    record = next((step for step in group.steps if step.id == step_id), None)
    if record is None:
        raise NotFound(f"RSL group {group.id} has no step {step_id}; it may have been deleted")
    return record


def _fill(group: RslGroupRecord, record: RslStepRecord, step: Step, changed: Collection[str]) -> None:
    found = Violations()
    others = {other.sequence for other in group.steps if other is not record}
    if "sequence" in changed:
        record.sequence = step.sequence or max(others, default=0) + 1
        if not 1 <= record.sequence <= MAX_SEQUENCE:
            found.add("sequence", f"must be 1 to {MAX_SEQUENCE}, is {step.sequence}")
        elif record.sequence in others:
            found.add("sequence", f"{record.sequence} is taken by another step of the group")
    if "name" in changed:
        record.name = name_field(found, "name", step.name, at_least=1, at_most=256)
    if "description" in changed:
        text = step.description
        record.description = None if text is None else text_field(found, "description", text)
    if "status" in changed:
        record.status = step.status or "draft"
        if record.status not in STEP_STATUSES:
            found.add("status", f"must be one of {', '.join(STEP_STATUSES)}, is {step.status!r}")
    if "tags" in changed:
        tags = distinct(step.tags)[: MAX_TAGS + 1]
        if len(tags) > MAX_TAGS:
            found.add("tags", f"must be {MAX_TAGS} or fewer")
        record.tags_json = to_json([text_field(found, "tags", tag, at_most=64) for tag in tags])
    if "config" in changed:
        record.config_json = to_json(dict(step.config))
    found.check("The step cannot be stored")


def _rule(rule: Rule, where: str, now: float) -> RslRuleRecord:
    found = Violations()
    version = rule.rule_version
    record = RslRuleRecord(
        rule_name=name_field(found, f"{where}rule_name", rule.rule_name, at_least=1, at_most=256),
        rule_version=None if version is None else text_field(found, f"{where}rule_version", version, at_most=64),
        metadata_json=to_json(dict(rule.metadata)),
        is_optional=rule.is_optional,
        created_at=now,
    )
    found.check("The rule cannot be stored")
    return record
