"""How a training run ends, as the exit code of its process and as errors on the way there."""

from __future__ import annotations

import errno
from enum import IntEnum
from pathlib import Path

from common.errors import (
    Conflict,
    DataProblem,
    InvalidInput,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    ServiceError,
    Unavailable,
)


class ExitCode(IntEnum):
    """Exit codes of train_build_index.py."""

    DONE = 0
    UNEXPECTED = 1
    USAGE = 2
    SOURCE_UNUSABLE = 3
    LOCK_HELD = 4
    CANNOT_WRITE = 5
    NOT_REGISTERED = 6
    NOT_ACTIVATED = 7
    INTERRUPTED = 130


MEANINGS = {
    ExitCode.DONE: "done",
    ExitCode.UNEXPECTED: "an unexpected error; the log has it",
    ExitCode.USAGE: "wrong arguments, a name that is taken, or settings that cannot be used",
    ExitCode.SOURCE_UNUSABLE: "the source cannot be used: missing, damaged, a column is missing, a value does not fit, no items",
    ExitCode.LOCK_HELD: "another training holds the lock; says who and since when",
    ExitCode.CANNOT_WRITE: "the disk is full or the folder cannot be written",
    ExitCode.NOT_REGISTERED: "the version is complete on disk but could not be registered; says how to register it",
    ExitCode.NOT_ACTIVATED: "the version is registered but was not activated; says why",
    ExitCode.INTERRUPTED: "interrupted; nothing half-written stays",
}


class TrainingCancelled(BaseException):
    """The run was told to stop (Ctrl-C, CTRL+BREAK, SIGTERM)."""


class LockHeld(Conflict):
    """Another training runs."""

    default_reason = "TRAINING_RUNS"


class CannotWrite(Unavailable):
    """The disk is full or a folder cannot be written."""

    default_reason = "CANNOT_WRITE"


class NotRegistered(Unavailable):
    """The registry did not take the version, which is complete on disk."""

    default_reason = "NOT_REGISTERED"


class NotActivated(PreconditionFailed):
    """The version is registered, and the one before serves on."""

    default_reason = "NOT_ACTIVATED"


_CODES: tuple[tuple[type[ServiceError], ExitCode], ...] = (
    (LockHeld, ExitCode.LOCK_HELD),
    (CannotWrite, ExitCode.CANNOT_WRITE),
    (NotRegistered, ExitCode.NOT_REGISTERED),
    (NotActivated, ExitCode.NOT_ACTIVATED),
    (DataProblem, ExitCode.SOURCE_UNUSABLE),
    (NotFound, ExitCode.SOURCE_UNUSABLE),
    (InvalidInput, ExitCode.USAGE),
    (PreconditionFailed, ExitCode.USAGE),
    (PermissionDenied, ExitCode.CANNOT_WRITE),
)


def exit_code_of(error: BaseException) -> ExitCode:
    """The exit code that an error ends the process with."""
    if isinstance(error, (TrainingCancelled, KeyboardInterrupt)):
        return ExitCode.INTERRUPTED
    return next((code for kind, code in _CODES if isinstance(error, kind)), ExitCode.UNEXPECTED)


def cannot_write(path: Path, error: OSError) -> CannotWrite:
    """The error of a folder that cannot be written: what, where and what to do."""
    if error.errno in (errno.ENOSPC, errno.EDQUOT) or getattr(error, "winerror", None) == 112:
        what = "the disk is full: free space, or choose another disk with --save-dir"
    elif error.errno == errno.EROFS:
        what = "the disk is read-only: choose another folder with --save-dir"
    else:
        what = f"{error.strerror or error}: grant this account the right to write there, or choose another folder with --save-dir"
    return CannotWrite(f"{path} cannot be written: {what}", details={"path": path})
