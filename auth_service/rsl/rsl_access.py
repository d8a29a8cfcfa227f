"""Who may change an RSL group: its owner and administrators, and everybody once it is marked as shared. Everybody may read.

Deleting a group and setting the mark stay with its owner and administrators.
"""

from __future__ import annotations

from sqlalchemy.orm import Session

from auth_service.rsl.rsl_groups import existing
from auth_service.store.document_records import RslGroupRecord
from common.errors import PermissionDenied
from common.identity import Caller


def check_may_change(session: Session, caller: Caller, group_id: int) -> None:
    """Refuse a change of a group, its steps or rules by somebody else.

    Raises:
        NotFound: unknown. PermissionDenied: somebody else's, and not shared.
    """
    record = existing(session, group_id)
    if not record.shared and not _owns(caller, record):
        raise _refused(record, "change it, or mark it as shared")


def check_owns(session: Session, caller: Caller, group_id: int) -> None:
    """Refuse what stays with the owner of a group also when it is shared.

    Raises:
        NotFound: unknown. PermissionDenied: somebody else's.
    """
    record = existing(session, group_id)
    if not _owns(caller, record):
        raise _refused(record, "delete it or set its mark `shared`")


def _owns(caller: Caller, record: RslGroupRecord) -> bool:
    return caller.is_admin or record.owner.strip().casefold() == caller.username.strip().casefold()


def _refused(record: RslGroupRecord, action: str) -> PermissionDenied:
    return PermissionDenied(
        f"RSL group {record.id} ({record.name}) belongs to somebody else: only its owner and administrators may {action}",
        reason="NOT_THE_OWNER",
    )
