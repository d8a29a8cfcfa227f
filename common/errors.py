"""The errors that cross a process boundary: raised where they are known, translated once at each edge (gRPC and HTTP).

A message says what is wrong, where, and what to do. `reason` is stable and meant for programs.
"""

from __future__ import annotations

import errno
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePath

from common.notices import Notice, within


@dataclass(frozen=True)
class FieldViolation:
    """One field of a request that is wrong: its path (such as `trainer.trim_lower_percent`) and why."""

    field: str
    description: str

    @property
    def sentence(self) -> str:
        """Both for people; says what the description says."""
        return within(f"{self.field}: {self.description}", self.description, field=self.field)


class ServiceError(Exception):
    """An error with a message for people, a reason for programs and details for both.

    Args:
        message: what, where and what to do.
        reason: stable name in capitals, such as MODEL_NOT_LOADED; the class has a default.
        details: facts (table, item, column, path, holder ...), text to text.
        violations: fields of the request that are wrong.
        retry_after: seconds after which trying again makes sense; None when it never does.
    """

    default_reason = "INTERNAL"

    def __init__(
        self,
        message: str,
        *,
        reason: str | None = None,
        details: Mapping[str, object] | None = None,
        violations: Sequence[FieldViolation] = (),
        retry_after: float | None = None,
    ) -> None:
        super().__init__(message)
        self.reason = reason or self.default_reason
        self.details = {key: str(value) for key, value in (details or {}).items()}
        self.message = Notice(message, self.reason, self.details)
        self.violations = tuple(violations)
        self.retry_after = retry_after


class InvalidInput(ServiceError):
    """The request cannot be understood or breaks a bound (HTTP 422, or 400 where the contract says so)."""

    default_reason = "INVALID_INPUT"


class Unauthenticated(ServiceError):
    """No valid token (HTTP 401)."""

    default_reason = "UNAUTHENTICATED"


class PermissionDenied(ServiceError):
    """The caller's role does not allow it (HTTP 403)."""

    default_reason = "PERMISSION_DENIED"


class NotFound(ServiceError):
    """The thing that was named does not exist (HTTP 404)."""

    default_reason = "NOT_FOUND"


class AlreadyExists(ServiceError):
    """The thing to create exists (HTTP 409)."""

    default_reason = "ALREADY_EXISTS"


class Conflict(ServiceError):
    """Somebody else changed it meanwhile (HTTP 409)."""

    default_reason = "CONFLICT"


class PreconditionFailed(ServiceError):
    """The state does not allow it now (HTTP 409): artifacts missing, hashes wrong, another version active."""

    default_reason = "PRECONDITION_FAILED"


class TooManyRequests(ServiceError):
    """A limit of rate or size is reached (HTTP 429)."""

    default_reason = "TOO_MANY_REQUESTS"


class Unavailable(ServiceError):
    """A part that is needed does not answer or is not ready (HTTP 503)."""

    default_reason = "UNAVAILABLE"


class DeadlineExceeded(ServiceError):
    """It took longer than the caller wanted to wait (HTTP 504)."""

    default_reason = "DEADLINE_EXCEEDED"


class DataProblem(ServiceError):
    """A source, an artifact or a database holds something that cannot be used (HTTP 500 family: 503 for callers)."""

    default_reason = "DATA_PROBLEM"


class Unimplemented(ServiceError):
    """The method exists and is not offered here (HTTP 501)."""

    default_reason = "UNIMPLEMENTED"


_LACKS = {
    errno.EMFILE: "this process has too many files and connections open",
    errno.ENFILE: "this machine has too many files open",
    errno.ENOMEM: "this machine has no memory left",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk quota is used up",
    errno.EFBIG: "a file may not become larger",
    errno.EROFS: "the disk is read-only",
}


_NO_THREAD = re.compile(r"can't (?:start new|spawn worker) thread")
"""What Python and Polars say when the system gives them no thread; Polars as a panic, which is no Exception."""


def lack_of_resources(error: BaseException) -> Unavailable | None:
    """The error to answer with where the machine lacks something for the moment; None for every other error."""
    if isinstance(error, MemoryError):
        lack: str | None = _LACKS[errno.ENOMEM]
    elif _NO_THREAD.search(str(error)) and type(error).__name__ in ("RuntimeError", "PanicException"):
        lack = _LACKS[errno.ENOMEM]
    else:
        lack = _LACKS.get(error.errno or 0) if isinstance(error, OSError) else None
    if lack is None:
        return None
    file = error.filename if isinstance(error, OSError) else None
    where = f" ({PurePath(os.fsdecode(file)).name})" if isinstance(file, str | bytes) and file else ""
    return Unavailable(
        f"The request cannot be done now: {lack}{where}",
        reason="LACK_OF_RESOURCES",
        details={"path": file} if file else None,
        retry_after=5.0,
    )
