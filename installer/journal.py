"""What is being changed: written before each step, so that whoever comes after an interruption knows how far it got."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from bootstrap.environment import only_one_at_a_time
from bootstrap.progress import SetupFailed
from common.files import write_text
from installer.layout import Layout
from installer.wording import words

PATIENCE_SECONDS = 2.0


@dataclass(frozen=True)
class Operation:
    """A change of the running version.

    Attributes:
        kind: install, upgrade, rollback or repair.
        former: version that ran before; None at the first installation.
        wanted: version that is to run.
        step: step that has been begun, a name of `installer.change.STEPS`.
        backup: database saved before the migration; "" when there was none.
        served: whether predictions were possible before.
        started_at: seconds since 1970.
        before: how services and firewall were (`RunningSystem.look`).
    """

    kind: str
    former: str | None
    wanted: str
    step: str = ""
    backup: str = ""
    served: bool = False
    started_at: float = 0.0
    before: dict[str, Any] = field(default_factory=dict)


def read_operation(layout: Layout) -> Operation | None:
    """The operation that an interrupted installer left; None when there is none.

    Raises:
        SetupFailed: the journal cannot be understood.
    """
    try:
        text = layout.journal.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        facts = json.loads(text)
        return Operation(**{name: facts[name] for name in facts if name in Operation.__dataclass_fields__})
    except (ValueError, TypeError, AttributeError) as error:
        reason = f"{type(error).__name__}: {error}"
        raise SetupFailed(
            words("journal.damaged", file=layout.journal, reason=reason, program=layout.program)
        ) from error


def write_operation(layout: Layout, operation: Operation) -> None:
    """Note how far an operation is."""
    layout.journal.parent.mkdir(parents=True, exist_ok=True)
    write_text(layout.journal, json.dumps(asdict(operation), indent=1))


def close_operation(layout: Layout, operation: Operation, outcome: str) -> None:
    """Take the journal away and add a line to the history.

    Args:
        outcome: done, or went back.
    """
    line = {"at": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "outcome": outcome, **asdict(operation)}
    with open(layout.history, "a", encoding="utf-8") as stream:
        stream.write(json.dumps(line) + "\n")
        stream.flush()
        os.fsync(stream.fileno())
    layout.journal.unlink(missing_ok=True)


def read_history(layout: Layout) -> list[dict[str, object]]:
    """What was changed, oldest first."""
    try:
        lines = layout.history.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return []
    found = []
    for line in lines:
        try:
            found.append(json.loads(line))
        except ValueError:  # the machine went down while it was written
            continue
    return found


def previous_version(layout: Layout) -> str | None:
    """The version that ran before the active one and is still installed; None when there is none."""
    active = layout.active()
    for line in reversed(read_history(layout)):
        if line.get("outcome") == "done" and line.get("wanted") == active:
            former = line.get("former")
            return str(former) if former and former != active and layout.is_complete(str(former)) else None
    return None


@contextmanager
def exclusively(layout: Layout) -> Iterator[None]:
    """Hold the installation as the only installer.

    Raises:
        SetupFailed: another one is at work.
    """
    folder = layout.journal.parent
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise cannot_write(folder, error) from error
    try:
        lock = only_one_at_a_time(folder / "installer", PATIENCE_SECONDS)
        lock.__enter__()
    except SetupFailed:
        raise SetupFailed(words("check.another_installer", folder=folder)) from None
    try:
        yield
    finally:
        lock.__exit__(None, None, None)


def cannot_write(folder: Path, error: OSError) -> SetupFailed:
    """What to do about a folder that cannot be written."""
    return SetupFailed(words("check.cannot_write", folder=folder, reason=error.strerror or error))
