"""Snapshots on several hosts: one reads the source, the others fetch what it made from the artifact store.

A snapshot lies there under its tag, which names the source, its state and the profile: its files, and last the list of them with their
SHA-256, so that one that came half is none. Nobody waits for it who has nothing to serve.
"""

from __future__ import annotations

import contextlib
import hashlib
import shutil
import tempfile
import time
from pathlib import Path, PurePosixPath
from typing import Final

import orjson

from aggregate_service.snapshot_store import SnapshotStore
from common.errors import DataProblem, NotFound, ServiceError
from common.logs import get_logger
from common.rpc.addresses import is_own
from common.settings import Settings
from trained.artifacts import sha256_of
from trained.travel import Place, place_of

log = get_logger(__name__)

PREFIX: Final = "snapshots"
KEPT: Final = 4
LOCK_SECONDS: Final = 600.0
WAIT_SECONDS: Final = 60.0
"""How long a host that serves an older snapshot leaves the reading to the first one."""
PAUSE_SECONDS: Final = 0.5


class SnapshotTravel:
    """Fetches and offers snapshots for one process. Blocks: not on the event loop.

    Args:
        place: the artifact store.
        leads: whether this host is the one that reads first.
    """

    def __init__(self, place: Place, store: SnapshotStore, *, leads: bool) -> None:
        self._place, self._store, self._leads = place, store, leads

    @classmethod
    def of(cls, settings: Settings, store: SnapshotStore) -> SnapshotTravel | None:
        """Of an installation; None where there is one host, or no store.

        Raises:
            InvalidInput: the store cannot be understood.
        """
        if not settings.artifact_store or not settings.host:
            return None
        return cls(place_of(settings.artifact_store), store, leads=is_own(settings.aggregate_addresses[0]))

    def fetch(self, tag: str, lineage: str | None, *, patient: bool) -> Path | None:
        """The snapshot with a tag, fetched where it is not here; None where nobody has made it.

        Args:
            lineage: of the source and profile; None: whichever has the tag.
            patient: whether there is time to wait for the host that reads first.
        """
        deadline = time.monotonic() + (WAIT_SECONDS if patient and not self._leads else 0.0)
        while True:
            here = self._store.with_tag(lineage, tag)
            if here is not None:
                return here
            try:
                if self._place.has(_list_of(tag)):
                    return self._fetched(tag, lineage)
            except (ServiceError, OSError) as error:
                log.warning("a snapshot cannot be fetched and is made here", tag=tag, error=str(error))
                return None
            if time.monotonic() >= deadline:
                return None
            time.sleep(PAUSE_SECONDS)

    def offer(self, folder: Path, tag: str) -> None:
        """Put a snapshot into the store; one that cannot be put there is only here."""
        try:
            if self._place.has(_list_of(tag)):
                return
            files = {
                path.relative_to(folder).as_posix(): sha256_of(path) for path in folder.rglob("*") if path.is_file()
            }
            for name, digest in files.items():
                if not self._place.has(_file_of(tag, digest)):
                    self._place.put(_file_of(tag, digest), folder / name)
            with tempfile.TemporaryDirectory() as temporary:
                listed = Path(temporary) / "files.json"
                listed.write_bytes(orjson.dumps(files))
                self._place.put(_list_of(tag), listed)
            self._place.forget(PREFIX, KEPT)
        except (ServiceError, OSError) as error:
            log.warning("a snapshot could not be offered to the other hosts", tag=tag, error=str(error))

    def _fetched(self, tag: str, lineage: str | None) -> Path:
        with self._store.building(LOCK_SECONDS):
            here = self._store.with_tag(lineage, tag)
            if here is not None:
                return here
            files = _names(b"".join(self._place.read(_list_of(tag))))
            built = self._store.temporary()
            try:
                for name, digest in files.items():
                    self._fetch(_file_of(tag, digest), digest, built.joinpath(*PurePosixPath(name).parts))
                folder = self._store.publish(built, tag)
            finally:
                with contextlib.suppress(OSError):
                    shutil.rmtree(built, ignore_errors=True)
        log.info("snapshot fetched", tag=tag, files=len(files))
        return folder

    def _fetch(self, key: str, digest: str, target: Path) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        hashed = hashlib.sha256()
        try:
            with open(target, "wb") as stream:
                for piece in self._place.read(key):
                    hashed.update(piece)
                    stream.write(piece)
        except NotFound:
            raise DataProblem(f"{self._place.name} lacks {key}") from None
        if hashed.hexdigest() != digest:
            raise DataProblem(f"{self._place.name} holds other bytes for {key}", reason="HASH_MISMATCH")


def _list_of(tag: str) -> str:
    return f"{PREFIX}/{tag}/files.json"


def _file_of(tag: str, digest: str) -> str:
    return f"{PREFIX}/{tag}/{digest}"


def _names(listed: bytes) -> dict[str, str]:
    """File names below the folder and their digests.

    Raises:
        DataProblem: it is no such list, or a name leads elsewhere.
    """
    try:
        files = {str(name): str(digest) for name, digest in orjson.loads(listed).items()}
    except (ValueError, AttributeError) as error:
        raise DataProblem(f"The list of a snapshot's files cannot be read ({error})") from None
    for name in files:
        parts = PurePosixPath(name).parts
        if not parts or PurePosixPath(name).is_absolute() or ".." in parts or ":" in name or "\\" in name:
            raise DataProblem(f"The list of a snapshot's files names {name!r}, which is not below its folder")
    return files
