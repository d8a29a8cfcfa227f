"""Validating, releasing and retracting RSL groups: a release needs a validation without errors since the last change."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy.orm import Session

from auth_service.rsl.rsl_groups import Group, existing, group_of
from auth_service.store.document_fields import to_json
from common.errors import PreconditionFailed


@dataclass(frozen=True)
class Validation:
    """What a validation found; `validated_at` in seconds since 1970 UTC."""

    group_id: int
    errors: tuple[str, ...]
    validated_at: float

    @property
    def is_valid(self) -> bool:
        """Whether nothing is wrong."""
        return not self.errors


def findings(group: Group) -> tuple[str, ...]:
    """What keeps a group from being released, for people.

    A group needs steps, each step a rule, and a step may not refer to one rule in two versions.
    """
    if not group.steps:
        return (f"{group.name} has no steps: add at least one",)
    found = []
    for step in group.steps:
        where = f"Step {step.sequence} ({step.name})"
        if not step.rules:
            found.append(f"{where} refers to no rule: add at least one")
        versions: dict[str, set[str | None]] = {}
        for rule in step.rules:
            versions.setdefault(rule.rule_name.casefold(), set()).add(rule.rule_version)
        for name, different in versions.items():
            if len(different) > 1:
                listed = ", ".join(sorted(version or "none" for version in different))
                found.append(f"{where} refers to rule {name} in different versions ({listed}): keep one")
    return tuple(found)


def validate(session: Session, group_id: int, now: float) -> Validation:
    """Check a group and keep the result: a draft without errors becomes ready, a ready one with errors a draft again.

    Raises:
        NotFound: unknown.
    """
    record = existing(session, group_id)
    errors = findings(group_of(record))
    record.validation_errors_json = to_json(list(errors))
    record.last_validated_at = record.updated_at = now
    if errors and record.status in ("ready", "pending_review"):
        record.status = "draft"
    elif not errors and record.status == "draft":
        record.status = "ready"
    return Validation(group_id, errors, now)


def release(session: Session, group_id: int, who: str, now: float) -> Group:
    """Release a group that is ready; a released one stays as it is.

    Raises:
        NotFound: unknown. PreconditionFailed: not validated without errors since its last change.
    """
    record = existing(session, group_id)
    if record.status == "released":
        return group_of(record)
    if record.status not in ("ready", "pending_review"):
        errors = group_of(record).validation_errors
        because = "; ".join(errors) if errors else "it was not validated since its last change"
        raise PreconditionFailed(
            f"RSL group {group_id} ({record.name}) cannot be released: {because}. Validate it without errors first",
            reason="NOT_VALIDATED",
        )
    record.status, record.released_at, record.released_by, record.updated_at = "released", now, who, now
    return group_of(record)


def retract(session: Session, group_id: int, now: float) -> Group:
    """Make a group a draft again, whatever it was.

    Raises:
        NotFound: unknown.
    """
    record = existing(session, group_id)
    record.status, record.released_at, record.released_by, record.updated_at = "draft", None, None, now
    return group_of(record)
