"""How the scripts in compose-windows/ and this program talk: JSON lines, in plain ASCII whatever the code pages of Windows are.

A script starts `python -m installer front-door` and writes one line with the command and what its parameters say. This program answers with
lines: something to say, a plan to be confirmed, a step that only PowerShell can do, and at last the exit code. To a plan and a step the
script answers with one line. The script's own -WhatIf and -Confirm decide about the plan, and nothing is changed before that.
"""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, BinaryIO

from bootstrap.progress import SetupFailed
from installer.wording import words

INFO, WARNING, ERROR = "info", "warning", "error"
MARK = b"\xef\xbb\xbf"  # Windows PowerShell 5.1 may begin what it writes with it


class Door:
    """The two ends of the conversation, and the log of what is said."""

    def __init__(self, incoming: BinaryIO, outgoing: BinaryIO) -> None:
        self._incoming, self._outgoing = incoming, outgoing
        self._log: Path | None = None

    def request(self) -> dict[str, Any]:
        """The command that the script was called for.

        Raises:
            SetupFailed: the line is none.
        """
        return self._read()

    def log_to(self, folder: Path, name: str) -> None:
        """From now on also write what is said to a file of JSON lines, one a script and day; one that cannot be written is said."""
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            self.say(words("log.cannot_write", file=folder, reason=error.strerror or error), WARNING)
            return
        self._log = folder / f"{name}-{time.strftime('%Y%m%d', time.gmtime())}.jsonl"

    def stop_logging(self) -> None:
        """Write to no file any more: its folder is about to go."""
        self._log = None

    def say(self, text: str, level: str = INFO, *, logged: bool = True) -> None:
        """Tell people something, line by line.

        Args:
            logged: False for a secret.
        """
        for line in text.splitlines():
            self._write({"say": line, "level": level})
            if logged:
                self.note(line, level)

    def note(self, text: str, level: str = INFO) -> None:
        """Write something to the log only."""
        if self._log is None:
            return
        now = time.time()
        at = f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(now))}.{int(now * 1000) % 1000:03d}Z"
        line = json.dumps({"at": at, "level": level, "process": "script", "event": text}, ensure_ascii=False)
        try:
            with open(self._log, "a", encoding="utf-8", newline="\n") as stream:
                stream.write(line + "\n")
        except OSError as error:
            failed, self._log = self._log, None
            self.say(words("log.cannot_write", file=failed, reason=error.strerror or error), WARNING)

    def confirm(self, target: str, action: str, steps: Iterable[tuple[str, str]]) -> bool:
        """Show a plan; returns whether it is to be carried out."""
        lines = [f"{name:<10} {text}" for name, text in steps]
        self._write({"plan": lines, "target": target, "action": action})
        return bool(self._answer("plan"))

    def do(self, step: str, **details: object) -> Any:
        """Have PowerShell do a step; returns what it found.

        Raises:
            SetupFailed: the system refused, or PowerShell has ended.
        """
        self._write({"do": step, "with": details})
        return self._answer(step)

    __call__ = do

    def event(self, number: int, kind: str, message: str) -> None:
        """Write to the event log of Windows; one that refuses is no reason to fail.

        Args:
            kind: Information, Warning or Error.
        """
        try:
            self.do("event", id=number, kind=kind, message=message)
        except SetupFailed as error:
            self.say(str(error), WARNING)

    def give(self, value: object) -> None:
        """Hand the script a value that it gives back as its own output."""
        self._write({"give": value})

    def end(self, code: int) -> None:
        """Say that all is done and how."""
        self._write({"end": code})

    def _answer(self, step: str) -> Any:
        answer = self._read()
        if "refused" in answer:
            raise SetupFailed(words("step.refused", step=step, reason=answer["refused"]))
        return answer.get("done")

    def _read(self) -> dict[str, Any]:
        line = self._incoming.readline().removeprefix(MARK)
        try:
            found = json.loads(line.decode("ascii"))
        except ValueError:
            raise SetupFailed(words("door.closed")) from None
        if not isinstance(found, dict):
            raise SetupFailed(words("door.closed"))
        return found

    def _write(self, message: Mapping[str, object]) -> None:
        try:
            self._outgoing.write(json.dumps(message).encode("ascii") + b"\n")
            self._outgoing.flush()
        except (OSError, ValueError):
            self.note(words("door.closed"), WARNING)  # the window is gone; what was begun is brought to its end


class Said(io.TextIOBase):
    """A stream whose lines are told through the door: what programs write to standard error."""

    def __init__(self, door: Door) -> None:
        self._door, self._rest = door, ""

    def writable(self) -> bool:
        """It can be written."""
        return True

    def write(self, text: str) -> int:
        """Take text and tell each whole line."""
        *lines, self._rest = (self._rest + text).split("\n")
        for line in lines:
            if line.strip():
                self._door.say(line.rstrip("\r"))
        return len(text)

    def flush(self) -> None:
        """Lines are told as they come."""
