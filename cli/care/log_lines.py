"""Reading the log files of all processes as one: merged by time, chosen by request, level, process and age, followed while they grow."""

from __future__ import annotations

import gzip
import heapq
import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from common.errors import InvalidInput
from common.local_time import local_time

LEVELS: Final = {"debug": 10, "info": 20, "warning": 30, "error": 40, "critical": 50}
HIDDEN: Final = {"at", "event", "instance", "level", "logger", "process", "pid", "request_id", "exception"}
_SPAN: Final = re.compile(r"(\d+)\s*([smhdw])")
_UNITS: Final = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days", "w": "weeks"}
_PART: Final = re.compile(r"\.\d{8}T\d{12}$")

Line = Mapping[str, object]


@dataclass(frozen=True)
class Choice:
    """Which lines are wanted; what is "" or None is not looked at.

    Attributes:
        request_id: lines of this request, also of calls that answered it together with others.
        level: lines of this level or worse.
        process: lines of this kind of process (ann) or of one (ann-50051).
        since: lines from this moment on.
    """

    request_id: str = ""
    level: str = ""
    process: str = ""
    since: datetime | None = None

    def takes(self, line: Line) -> bool:
        """Whether a line is one of them."""
        if self.request_id and line.get("request_id") != self.request_id:
            joined = line.get("joined")
            if not isinstance(joined, list) or self.request_id not in joined:
                return False
        if self.level and LEVELS.get(str(line.get("level", "info")).lower(), 20) < LEVELS[self.level]:
            return False
        if self.process and self.process not in (line.get("process"), line.get("instance")):
            return False
        return self.since is None or _moment(line) >= self.since

    @property
    def old_parts(self) -> bool:
        """Whether rotated parts have to be read."""
        return bool(self.request_id) or self.since is not None


def choice(request_id: str = "", level: str = "", process: str = "", since: str = "") -> Choice:
    """The lines that a person asks for.

    Args:
        since: an age (`30m`, `2h`, `3d`) or a moment (`2026-11-24`, `2026-11-24T10:30`, local time without an offset).

    Raises:
        InvalidInput: no such level, or a moment that cannot be understood.
    """
    if level and level.lower() not in LEVELS:
        raise InvalidInput(f"There is no level {level}: choose {', '.join(LEVELS)}")
    return Choice(request_id, level.lower(), process, moment_of(since) if since else None)


def moment_of(text: str, now: datetime | None = None) -> datetime:
    """The moment that an age or a date means.

    Raises:
        InvalidInput: it means none.
    """
    moment = now or datetime.now(UTC)
    age = _SPAN.fullmatch(text.strip().lower())
    try:
        if age:
            return moment - timedelta(**{_UNITS[age[2]]: int(age[1])})
        return datetime.fromisoformat(text.strip()).astimezone(UTC)
    except (ValueError, OverflowError):
        raise InvalidInput(
            f"{text!r} is no age such as 30m, 2h or 3d, and no moment such as 2026-11-24T10:30"
        ) from None


def log_files(folder: Path, *, old_parts: bool) -> list[Path]:
    """The log files below a folder; with `old_parts` the rotated ones too, each once."""
    current = [path for path in folder.rglob("*.jsonl") if old_parts or not _PART.search(path.stem)]
    packed = list(folder.rglob("*.jsonl.gz")) if old_parts else []
    doubled = {path.with_suffix("") for path in packed}  # compressed, and not yet deleted
    return sorted([path for path in current if path not in doubled] + packed)


def merged_lines(folder: Path, wanted: Choice) -> Iterator[Line]:
    """The lines that are wanted, of all files, in order of time."""
    files = [
        path
        for path in log_files(folder, old_parts=wanted.old_parts)
        if wanted.since is None or path.stat().st_mtime >= wanted.since.timestamp()
    ]
    return heapq.merge(*(_wanted_lines(path, wanted) for path in files), key=lambda line: str(line.get("at", "")))


def _wanted_lines(path: Path, wanted: Choice) -> Iterator[Line]:
    opened: Iterable[str]
    try:
        with (
            gzip.open(path, "rt", encoding="utf-8-sig", errors="replace")
            if path.suffix == ".gz"
            else open(path, encoding="utf-8-sig", errors="replace")
        ) as opened:
            yield from parse(opened, wanted)
    except (OSError, EOFError):  # rotated or deleted meanwhile, or cut off
        return


def parse(texts: Iterable[str], wanted: Choice) -> Iterator[Line]:
    """The lines among `texts` that are wanted; half-written ones are passed over."""
    for text in texts:
        if wanted.request_id and wanted.request_id not in text:
            continue
        try:
            line = json.loads(text)
        except ValueError:
            continue
        if isinstance(line, dict) and wanted.takes(line):
            yield line


class Follower:
    """Reads what is added to the log files, also across rotations.

    Nothing is kept open between two looks: an open file could not be rotated on Windows.
    """

    def __init__(self, folder: Path, wanted: Choice) -> None:
        self._folder, self._wanted = folder, wanted
        self._read = {path: path.stat().st_size for path in log_files(folder, old_parts=False)}
        self._parts = set(log_files(folder, old_parts=True)) - set(self._read)

    def news(self) -> list[Line]:
        """The lines that came since the last look, in order of time."""
        found: list[Line] = []
        for path in log_files(self._folder, old_parts=False):
            offset = self._read.get(path, 0)
            new_parts = self._new_parts(path)
            if new_parts:
                found += self._rest_of_rotated(new_parts, offset)
                offset = 0
            try:
                size = path.stat().st_size
                if size < offset:  # it is being moved aside right now; the next look finds the part
                    continue
                if size > offset:
                    with open(path, "rb") as stream:
                        stream.seek(offset)
                        added = stream.read()
                    whole = added.rpartition(b"\n")[0]
                    found += parse(whole.decode("utf-8", "replace").splitlines(), self._wanted)
                    offset += len(whole) + 1 if whole else 0
            except OSError:
                continue
            self._read[path] = offset
        return sorted(found, key=lambda line: str(line.get("at", "")))

    def _new_parts(self, path: Path) -> list[Path]:
        """Parts that a file was moved to since the last look."""
        new = [
            part
            for part in log_files(self._folder, old_parts=True)
            if part not in self._parts and part != path and part.name.startswith(f"{path.stem}.")
        ]
        for part in new:
            plain = part.with_suffix("") if part.suffix == ".gz" else part
            self._parts.update({plain, plain.with_name(plain.name + ".gz")})
        return new

    def _rest_of_rotated(self, new_parts: Sequence[Path], offset: int) -> Iterator[Line]:
        """What was still written into a file after `offset`, before it was moved aside."""
        for part in new_parts:
            try:
                with gzip.open(part) if part.suffix == ".gz" else open(part, "rb") as stream:
                    content = stream.read()
            except (OSError, EOFError):
                continue
            yield from parse(content[offset:].decode("utf-8", "replace").splitlines(), self._wanted)
            offset = 0

    def forever(self, pause_seconds: float = 0.5) -> Iterator[Line]:
        """The lines as they come, until interrupted."""
        while True:
            yield from self.news()
            time.sleep(pause_seconds)


_UNKNOWN: Final = datetime.min.replace(tzinfo=UTC)


def _moment(line: Line) -> datetime:
    try:
        moment = datetime.fromisoformat(str(line.get("at", "")).replace("Z", "+00:00"))
    except ValueError:
        return _UNKNOWN
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def in_words(line: Line) -> str:
    """A line for people: local time with its distance from UTC, instance, event, and its other fields."""
    facts = "  ".join(
        f"{name}={value}" for name, value in line.items() if name not in HIDDEN and value not in ("", None)
    )
    trace = f"\n{line['exception']}" if line.get("exception") else ""
    moment = _moment(line)
    at = local_time(moment, "milliseconds") if moment > _UNKNOWN else str(line.get("at", ""))
    return f"{at}  {line.get('instance') or line.get('logger') or ''!s:<17} {line.get('event', '')}  {facts}{trace}"
