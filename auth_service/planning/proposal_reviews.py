"""Proposals that planners have reviewed: recorded when a routing group is saved, listed, summed up, and given to the next training."""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import orjson
from sqlalchemy import ColumnElement, Select, func, select
from sqlalchemy.orm import Session

from auth_service.planning.proposal_records import ProposalReviewRecord
from auth_service.planning.routing_group_content import MAX_STEPS, Content, Step
from auth_service.planning.workspaces import owner_key
from auth_service.store.active_profiles import active_schema
from auth_service.store.document_fields import Violations, check_filters, text_field, to_json
from auth_service.store.document_records import RoutingGroupRecord
from common.errors import InvalidInput
from common.identity import Caller
from plant.client_names import RUN_TIME, SETUP_TIME, spellings
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import PlantSchema
from routings.routing_changes import ADDED, MOVED, REMOVED, TIME, Change, TimedOperation, changes_between

ACCEPTED, CHANGED = "accepted", "changed"
MAX_PAGE = 200
MOST_PROPOSALS = 1_000
MOST_REVIEWS = 20_000
"""Reviews that a report or a training looks at; the newest count."""
OPERATIONS_SHOWN = 50


@dataclass(frozen=True)
class SentProposal:
    """A proposal as the client got it.

    Attributes:
        item_code: item it was for; one of the group's.
        candidate_id, model_version, strategy: where it came from; "" where not known.
        operations: in order.
    """

    item_code: str
    candidate_id: str = ""
    model_version: str = ""
    strategy: str = ""
    operations: Sequence[TimedOperation] = ()


@dataclass(frozen=True)
class Review:
    """A reviewed proposal; `reviewed_at` in seconds since 1970 UTC."""

    review_id: str
    group_id: str
    item_code: str
    candidate_id: str
    model_version: str
    strategy: str
    outcome: str
    reviewed_by: str
    reviewed_at: float
    changes: Sequence[Change]
    kept: Sequence[TimedOperation]

    def count(self, kind: str) -> int:
        """Number of changes of a kind."""
        return sum(change.kind == kind for change in self.changes)


@dataclass(frozen=True)
class Page:
    """One page of reviews and the number on all pages."""

    items: Sequence[Review]
    total: int
    limit: int
    offset: int


@dataclass(frozen=True)
class OperationChanges:
    """What happened to an operation, in reviews: proposed and kept, and how often it was changed in which way."""

    process_code: str
    proposed: int
    kept: int
    added: int
    removed: int
    moved: int
    times_edited: int


@dataclass(frozen=True)
class VersionReviews:
    """Reviews of the proposals of one version ("" where the client did not say)."""

    model_version: str
    reviews: int
    accepted: int


@dataclass(frozen=True)
class Report:
    """What planners did with proposals; operations most changed first."""

    reviews: int
    accepted: int
    operations: Sequence[OperationChanges]
    versions: Sequence[VersionReviews]


def accepted_proposals(content: Content, proposals: Sequence[SentProposal]) -> list[SentProposal]:
    """The proposals as they are recorded.

    Raises:
        InvalidInput: names every field that is wrong.
    """
    found = Violations()
    if len(proposals) > MOST_PROPOSALS:
        found.add("proposals", f"must hold {MOST_PROPOSALS} proposals or fewer, holds {len(proposals)}")
        proposals = ()
    codes = {owner_key(code): code for code in content.item_codes}
    seen: set[str] = set()
    made = []
    for position, sent in enumerate(proposals):
        where = f"proposals.{position}"
        key = owner_key(sent.item_code)
        if key not in codes:
            found.add(f"{where}.item_code", f"{sent.item_code!r} is not among the group's item codes")
        elif key in seen:
            found.add(f"{where}.item_code", f"{sent.item_code!r} has an earlier proposal; one an item counts")
        seen.add(key)
        if not sent.operations or len(sent.operations) > MAX_STEPS:
            found.add(f"{where}.operations", f"must hold 1 to {MAX_STEPS} operations")
        texts = {
            name: text_field(found, f"{where}.{name}", getattr(sent, name), at_most=at_most)
            for name, at_most in (("candidate_id", 256), ("model_version", 256), ("strategy", 64))
        }
        operations = [
            replace(
                one,
                process_code=text_field(found, f"{where}.operations.{n}.process_code", one.process_code, at_most=256),
            )
            for n, one in enumerate(sent.operations[:MAX_STEPS])
        ]
        made.append(replace(sent, item_code=codes.get(key, ""), operations=operations, **texts))
    found.check("The proposals cannot be recorded")
    return made


def kept_operations(content: Content, schema: PlantSchema = MECHANICAL_SEALS) -> list[TimedOperation]:
    """The operations of a group in order, with the plant's code and the times that its steps hold; the first that is present counts."""
    return [_kept(step, schema) for step in sorted(content.steps, key=lambda step: step.seq)]


def _kept(step: Step, schema: PlantSchema) -> TimedOperation:
    held = step.sql_values if isinstance(step.sql_values, dict) else {}
    held = {**(step.metadata or {}), **held}
    job = next((str(held[name]).strip() for name in schema.job_outputs if held.get(name)), "")
    return TimedOperation(
        step.process_code,
        first_number(held, spellings(SETUP_TIME, schema)),
        first_number(held, spellings(RUN_TIME, schema)),
        step.duration_min,
        job or step.process_code,
    )


def first_number(values: dict[str, object], names: Sequence[str]) -> float | None:
    """The first of the named values that is a number."""
    for name in names:
        value = values.get(name)
        if isinstance(value, (int, float)) and not isinstance(value, bool):
            return float(value)
    return None


def record(
    session: Session, caller: Caller, group_id: str, content: Content, proposals: Sequence[SentProposal], now: float
) -> list[Review]:
    """Record what became of proposals; those recorded with an earlier saving of the group are compared with it anew.

    Args:
        proposals: as `accepted_proposals` returned them.

    Returns:
        The reviews of the proposals that were sent.
    """
    stored = {
        one.item_key: one
        for one in session.scalars(select(ProposalReviewRecord).where(ProposalReviewRecord.group_id == group_id))
    }
    kept = kept_operations(content, active_schema(session))
    sent_keys = []
    for proposal in proposals:
        key = owner_key(proposal.item_code)
        sent_keys.append(key)
        record = stored.get(key)
        if record is None:
            record = ProposalReviewRecord(review_id=str(uuid.uuid4()), group_id=group_id, item_key=key)
            stored[key] = record
            session.add(record)
        record.item_code = proposal.item_code
        record.candidate_id, record.model_version = proposal.candidate_id, proposal.model_version
        record.strategy = proposal.strategy
        record.proposed_json = to_json([asdict(one) for one in proposal.operations])
    held = {owner_key(code) for code in content.item_codes}
    for key, record in list(stored.items()):
        if key not in held:
            session.delete(record)
            continue
        _compare(record, kept)
        record.reviewed_by, record.reviewer_key, record.reviewed_at = caller.username, owner_key(caller.username), now
    session.flush()
    return [_review(stored[key]) for key in sent_keys]


def _compare(record: ProposalReviewRecord, kept: Sequence[TimedOperation]) -> None:
    found = changes_between(_operations(record.proposed_json), kept)
    counts = Counter(change.kind for change in found)
    record.outcome = CHANGED if found else ACCEPTED
    record.added, record.removed = counts[ADDED], counts[REMOVED]
    record.moved, record.times_edited = counts[MOVED], counts[TIME]
    record.kept_json = to_json([asdict(one) for one in kept])
    record.changes_json = to_json([asdict(one) for one in found])


def list_page(
    session: Session,
    caller: Caller,
    *,
    limit: int = 0,
    offset: int = 0,
    item_code: str = "",
    outcome: str = "",
    model_version: str = "",
) -> Page:
    """Reviews the caller may see (own ones; everybody's for administrators), newest first.

    Args:
        limit: most reviews wanted, 1 to 200; 0 means 20.
        item_code, outcome, model_version: restrict the list; "" does not.

    Raises:
        InvalidInput: limit or outcome out of range.
    """
    limit = limit or 20
    if not 1 <= limit <= MAX_PAGE or offset < 0:
        raise InvalidInput(f"limit must be 1 to {MAX_PAGE} and offset 0 or more, they are {limit} and {offset}")
    if outcome not in ("", ACCEPTED, CHANGED):
        raise InvalidInput(f"outcome is {outcome!r}; it can be {ACCEPTED} or {CHANGED}")
    check_filters(item_code=item_code, model_version=model_version)
    review = ProposalReviewRecord
    wanted: list[ColumnElement[bool]] = []
    if not caller.is_admin:
        wanted.append(review.reviewer_key == owner_key(caller.username))
    if item_code.strip():
        wanted.append(review.item_key == owner_key(item_code))
    if outcome:
        wanted.append(review.outcome == outcome)
    if model_version.strip():
        wanted.append(review.model_version == model_version.strip())
    living = _living().where(*wanted)
    total = session.scalar(select(func.count()).select_from(living.subquery())) or 0
    records = session.scalars(living.order_by(review.reviewed_at.desc(), review.review_id).limit(limit).offset(offset))
    return Page([_review(one) for one in records], total, limit, offset)


def report(session: Session, *, since: float = 0.0, model_version: str = "") -> Report:
    """What planners did with proposals since a moment (seconds since 1970 UTC)."""
    review = ProposalReviewRecord
    chosen = _living().where(review.reviewed_at >= since)
    if model_version.strip():
        chosen = chosen.where(review.model_version == model_version.strip())
    reviews = accepted = 0
    proposed: Counter[str] = Counter()
    kept: Counter[str] = Counter()
    changed: dict[str, Counter[str]] = {kind: Counter() for kind in (ADDED, REMOVED, MOVED, TIME)}
    versions: Counter[str] = Counter()
    accepted_of: Counter[str] = Counter()
    for one in session.scalars(chosen.order_by(review.reviewed_at.desc()).limit(MOST_REVIEWS)):
        reviews += 1
        good = one.outcome == ACCEPTED
        accepted += good
        versions[one.model_version] += 1
        accepted_of[one.model_version] += good
        operations = Counter(operation.process_code for operation in _operations(one.proposed_json))
        proposed.update(operations)
        kept.update(operations)
        for change in _changes(one.changes_json):
            changed[change.kind][change.process_code] += 1
            if change.kind == REMOVED:
                kept[change.process_code] -= 1
    everything = [
        OperationChanges(code, proposed[code], kept[code], *(changed[kind][code] for kind in changed))
        for code in dict.fromkeys([*proposed, *changed[ADDED]])
    ]
    everything.sort(key=lambda one: (-(one.added + one.removed + one.moved + one.times_edited), one.process_code))
    return Report(
        reviews,
        accepted,
        everything[:OPERATIONS_SHOWN],
        [VersionReviews(name, count, accepted_of[name]) for name, count in versions.most_common()],
    )


def examples(session: Session) -> list[Review]:
    """The last review of each item, newest first, for training."""
    review = ProposalReviewRecord
    newest: dict[str, Review] = {}
    for one in session.scalars(_living().order_by(review.reviewed_at.desc(), review.review_id).limit(MOST_REVIEWS)):
        newest.setdefault(one.item_key, _review(one))
    return list(newest.values())


def _living() -> Select[ProposalReviewRecord]:
    """Reviews whose routing group has not been deleted."""
    return (
        select(ProposalReviewRecord)
        .join(RoutingGroupRecord, RoutingGroupRecord.group_id == ProposalReviewRecord.group_id)
        .where(RoutingGroupRecord.deleted_at == 0.0)
    )


def _operations(text: str) -> list[TimedOperation]:
    return [TimedOperation(**one) for one in orjson.loads(text)]


def _changes(text: str) -> list[Change]:
    return [Change(**one) for one in orjson.loads(text)]


def _review(record: ProposalReviewRecord) -> Review:
    return Review(
        review_id=record.review_id,
        group_id=record.group_id,
        item_code=record.item_code,
        candidate_id=record.candidate_id,
        model_version=record.model_version,
        strategy=record.strategy,
        outcome=record.outcome,
        reviewed_by=record.reviewed_by,
        reviewed_at=record.reviewed_at,
        changes=_changes(record.changes_json),
        kept=_operations(record.kept_json),
    )
