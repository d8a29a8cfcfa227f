"""Where snapshots live: one folder each under the state folder, written under a temporary name and renamed; the newest two are kept."""

from __future__ import annotations

import contextlib
import os
import shutil
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from hashlib import blake2b
from itertools import starmap, zip_longest
from pathlib import Path
from typing import Any, Final

import filelock
import orjson

from common.errors import DataProblem, Unavailable
from common.files import replace, sync_folder, write_bytes
from common.notices import from_record, to_record
from source.kept_parts import KeptParts

FORMAT: Final = 7
"""Version of the files of a snapshot; another one is read again from the source."""

KEPT: Final = 2
PARTS: Final = ".parts"
"""Folder of the parts of sources, one folder a lineage."""
FACTS: Final = "snapshot.json"
ABANDONED_SECONDS: Final = 3600.0


@dataclass(frozen=True)
class SnapshotFacts:
    """What a snapshot says about itself.

    Attributes:
        tag: names the content: source identity, input profile, columns and format.
        source: the source, as configured.
        lineage: hash of source path and input profile; snapshots of one lineage replace each other.
        identity: identity of the source when it was read.
        read_at: when the reading began, seconds since 1970 UTC.
        seconds: how long it took.
        items: items of the item master.
        items_with_routing: those with a current routing.
        routing_rows: rows of the routing table as read.
        operations: rows of the current routings.
        work_result_rows: rows of the work results as read.
        findings: what was found in the data, for people.
        changes: rows and items added, changed and removed against the snapshot before.
        item_columns: names and kinds of the item columns.
        routing_columns: names and kinds of the routing columns.
        readings: how much of each table was read from the source, for people.
        schema: the plant's schema as JSON; "": the mechanical seal plant's.
        mapping: hash of the input profile; snapshots of one mapping hold what the same features read, whatever the source's path.
        units: item columns that the profile converts, and the unit that they are in then.
        format: version of the files.
    """

    tag: str
    source: str
    lineage: str
    identity: str
    read_at: float
    seconds: float = 0.0
    items: int = 0
    items_with_routing: int = 0
    routing_rows: int = 0
    operations: int = 0
    work_result_rows: int = 0
    findings: list[str] = field(default_factory=list)
    changes: dict[str, int] = field(default_factory=dict)
    item_columns: list[tuple[str, str]] = field(default_factory=list)
    routing_columns: list[tuple[str, str]] = field(default_factory=list)
    readings: list[str] = field(default_factory=list)
    schema: str = ""
    mapping: str = ""
    units: dict[str, str] = field(default_factory=dict)
    format: int = FORMAT

    def write(self, folder: Path) -> None:
        """Write the facts into the snapshot's folder."""
        record = asdict(self) | {"finding_notices": [to_record(text) for text in self.findings]}
        write_bytes(folder / FACTS, orjson.dumps(record, option=orjson.OPT_INDENT_2))

    @classmethod
    def read(cls, folder: Path) -> SnapshotFacts:
        """The facts of the snapshot in a folder.

        Raises:
            DataProblem: there are none, or they are of another format.
        """
        try:
            content: dict[str, Any] = orjson.loads((folder / FACTS).read_bytes())
            if content.get("format") != FORMAT:
                raise DataProblem(f"The snapshot {folder} has format {content.get('format')}, not {FORMAT}: refresh it")
            notices = content.pop("finding_notices", [])
            facts = cls(**content)
            facts.findings[:] = starmap(from_record, zip_longest(facts.findings, notices[: len(facts.findings)]))
            return facts
        except (OSError, ValueError, TypeError) as error:
            raise DataProblem(f"The snapshot {folder} cannot be read ({error}): refresh it") from error


def lineage_of(source: str, profile_json: str) -> str:
    """Hash of a source path and an input profile."""
    return _hash(os.path.normcase(Path(source).absolute()), profile_json)


def mapping_of(profile_json: str) -> str:
    """Hash of an input profile."""
    return _hash(profile_json)


def tag_of(source: str, profile_json: str, identity: str) -> str:
    """Tag of the snapshot of a source with this identity read through this profile."""
    return _hash(lineage_of(source, profile_json), identity, str(FORMAT))


def _hash(*parts: str) -> str:
    return blake2b("\0".join(parts).encode("utf-8", "surrogatepass"), digest_size=8).hexdigest()


class SnapshotStore:
    """The folder of the snapshots."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def found(self, lineage: str | None = None) -> list[tuple[Path, SnapshotFacts]]:
        """Readable snapshots, newest first; of one lineage where it is named."""
        known = []
        if self.folder.is_dir():
            for path in self.folder.iterdir():
                if path.is_dir() and not path.name.startswith("."):
                    with contextlib.suppress(DataProblem):
                        facts = SnapshotFacts.read(path)
                        if lineage is None or facts.lineage == lineage:
                            known.append((path, facts))
        return sorted(known, key=lambda pair: pair[1].read_at, reverse=True)

    def with_tag(self, lineage: str | None, tag: str) -> Path | None:
        """The newest snapshot with a tag, of one lineage where it is named."""
        return next((path for path, facts in self.found(lineage) if facts.tag == tag), None)

    @contextmanager
    def building(self, timeout: float) -> Iterator[None]:
        """Hold the lock under which snapshots are built; a killed holder leaves none.

        Raises:
            Unavailable: another process has held it for `timeout` seconds.
            OSError: the folder cannot be written.
        """
        self.folder.mkdir(parents=True, exist_ok=True)
        lock = filelock.FileLock(str(self.folder / "build.lock"), timeout=timeout)
        try:
            with lock:
                yield
        except filelock.Timeout:
            raise Unavailable(
                f"Another process has been building a snapshot in {self.folder} for over {timeout:.0f} s; try again later",
                reason="SNAPSHOT_LOCKED",
                retry_after=30.0,
            ) from None

    def parts(self, lineage: str) -> KeptParts:
        """The parts of the source that were kept for the snapshots of a lineage."""
        return KeptParts(self.folder / PARTS / lineage)

    def temporary(self) -> Path:
        """A fresh folder to build in, on the same disk."""
        path = self.folder / f".building-{os.getpid()}-{uuid.uuid4().hex[:8]}"
        path.mkdir(parents=True)
        return path

    def publish(self, built: Path, tag: str) -> Path:
        """Give a finished folder its name (the tag, numbered when the same content was read before) and drop old snapshots."""
        target, number = self.folder / tag, 1
        while target.exists():
            number += 1
            target = self.folder / f"{tag}-{number}"
        sync_folder(built)
        replace(built, target)
        sync_folder(self.folder)
        self.drop_old()
        return target

    def drop_old(self) -> None:
        """Delete all but the newest two snapshots, and what killed builders left.

        Folders that another process still maps stay on Windows until a later call.
        """
        dated = []
        for path in self.folder.iterdir():
            if not path.is_dir() or path.name == PARTS:
                continue
            if path.name.startswith(".building-"):
                if time.time() - path.stat().st_mtime > ABANDONED_SECONDS:
                    shutil.rmtree(path, ignore_errors=True)
                continue
            try:
                dated.append((SnapshotFacts.read(path).read_at, path))
            except DataProblem:
                dated.append((0.0, path))
        for _read_at, path in sorted(dated, reverse=True)[KEPT:]:
            self._remove(path)
        kept = {facts.lineage for _path, facts in self.found()}
        for path in (self.folder / PARTS).glob("*"):
            if path.name not in kept:
                KeptParts(path).forget()

    def _remove(self, path: Path) -> None:
        """Delete a snapshot: without its facts first, so that a folder that is half gone is never taken for one."""
        with contextlib.suppress(OSError):
            (path / FACTS).unlink(missing_ok=True)
        shutil.rmtree(path, ignore_errors=True)


def folder_bytes(folder: Path) -> int:
    """Bytes of all files below a folder."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())
