"""What a bulk prediction has done so far: a folder beside the result with the finished parts and a journal that names them.

A part counts when its file is whole and the journal has its line, so that a run that was killed at any moment goes on without
repeating or losing items.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from filelock import FileLock, Timeout

from common.errors import Conflict, PreconditionFailed
from common.files import remove_leftovers, write_text, writing

if TYPE_CHECKING:
    import polars as pl

JOB_FILE: Final = "job.json"
JOURNAL_FILE: Final = "journal.jsonl"


@dataclass(frozen=True)
class FinishedPart:
    """A part of the items that is predicted.

    Attributes:
        part: its number, from 0; it holds the items [part * batch, (part + 1) * batch) of the list.
        items: how many items.
        operations: rows of its file.
        bytes: size of its file.
        model_version: version that found the neighbours.
        unanswered: (code, reason) of items without a routing.
    """

    part: int
    items: int
    operations: int
    bytes: int
    model_version: str
    unanswered: tuple[tuple[str, str], ...]


class PredictionJournal:
    """The folder of one bulk prediction, held by one process at a time.

    Attributes:
        finished: the parts that are done, by number.
    """

    def __init__(
        self, target: Path, codes: Sequence[str], options: Mapping[str, Any], *, restart: bool = False
    ) -> None:
        """Begin, or go on where an earlier run ended.

        Args:
            target: the result's file; the folder is called like it with .parts behind.
            options: everything that the result depends on beside the codes.
            restart: throw an earlier run's parts away.

        Raises:
            Conflict: another process works on it, or the earlier run had other items or options.
            PreconditionFailed: the folder cannot be written.
        """
        self.folder = target.with_name(f"{target.name}.parts")
        self._job = {"items": len(codes), "codes": _digest(codes), "options": dict(options)}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            self._lock = FileLock(self.folder / "lock")
            self._lock.acquire(timeout=0)
        except Timeout:
            raise Conflict(f"Another process is writing {target}: wait for it, or choose another --out") from None
        except OSError as error:
            raise PreconditionFailed(f"{self.folder} cannot be written: {error.strerror}") from None
        try:
            self.finished = self._take_over(target, restart=restart)
        except BaseException:
            self.close()
            raise

    def part_file(self, part: int) -> Path:
        """Where a part's rows are."""
        return self.folder / f"{part:07d}.parquet"

    def add(
        self, part: int, items: int, rows: pl.DataFrame, model_version: str, unanswered: Sequence[tuple[str, str]]
    ) -> None:
        """Store a part: its rows first, then its line in the journal."""
        path = self.part_file(part)
        with writing(path) as stream:
            rows.write_parquet(stream, compression="zstd", compression_level=1)
        done = FinishedPart(part, items, rows.height, path.stat().st_size, model_version, tuple(unanswered))
        with open(self.folder / JOURNAL_FILE, "ab") as stream:
            stream.write(json.dumps(asdict(done), ensure_ascii=False).encode("utf-8") + b"\n")
            stream.flush()
            os.fsync(stream.fileno())
        self.finished[part] = done

    def close(self) -> None:
        """Let other processes work on it."""
        self._lock.release()

    def remove(self) -> None:
        """Delete the folder: the result is complete."""
        self.close()
        shutil.rmtree(self.folder, ignore_errors=True)

    def _take_over(self, target: Path, *, restart: bool) -> dict[int, FinishedPart]:
        job_file, journal = self.folder / JOB_FILE, self.folder / JOURNAL_FILE
        earlier = _read_json(job_file)
        if earlier is not None and earlier != self._job and not restart:
            raise Conflict(
                f"{self.folder} has parts of another prediction ({earlier.get('items', '?')} items, options "
                f"{earlier.get('options')}): repeat that command to finish it, add --restart to drop it, or choose another --out"
            )
        remove_leftovers(self.folder, older_than_seconds=0.0)
        if earlier is None or restart:
            journal.unlink(missing_ok=True)
        done = {part.part: part for part in _read_journal(journal) if self._is_whole(part)}
        write_text(journal, "".join(json.dumps(asdict(part), ensure_ascii=False) + "\n" for part in done.values()))
        write_text(job_file, json.dumps(self._job, ensure_ascii=False, indent=1))
        return done

    def _is_whole(self, part: FinishedPart) -> bool:
        path = self.part_file(part.part)
        return path.is_file() and path.stat().st_size == part.bytes


def _digest(codes: Sequence[str]) -> str:
    return hashlib.sha256("\n".join(codes).encode("utf-8", "surrogatepass")).hexdigest()


def _read_json(path: Path) -> dict[str, Any] | None:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError):
        return None


def _read_journal(path: Path) -> list[FinishedPart]:
    """The whole lines of a journal; a killed run may have left half a line at its end."""
    found = []
    try:
        lines = path.read_bytes().splitlines()
    except OSError:
        return []
    for line in lines:
        try:
            fields = json.loads(line)
            pairs = tuple((str(code), str(reason)) for code, reason in fields.pop("unanswered"))
            found.append(FinishedPart(**fields, unanswered=pairs))
        except (ValueError, TypeError, KeyError):
            continue
    return found
