"""The versions that a host has: those that were made here or lie on a share, and those that were fetched from the store.

What was fetched is checked byte by byte against the manifest, whose own digest is in the registry, and is kept in a cache of bounded
size; the version that was used longest ago goes first.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from filelock import FileLock

from common.errors import DataProblem, NotFound, PreconditionFailed, Unavailable
from common.files import is_folder, temporary_name
from common.logs import get_logger
from common.settings import Settings
from trained.artifacts import Artifact, own_file, read_manifest, sha256_of
from trained.artifacts.manifest import FILE_NAME
from trained.travel.places import Place, key_of, place_of

log = get_logger(__name__)

USED = ".used"
LOCK_SECONDS = 600.0

Wanted = Callable[[Artifact], bool]


@dataclass(frozen=True)
class Located:
    """Where a version lies on this host."""

    folder: Path
    manifest_path: Path


class VersionCache:
    """Finds and fetches versions for one process.

    Args:
        place: the store; None: versions are only where they were made.
        folder: of what was fetched.
        models: folder of the versions that are made on this host.
        most_bytes: what the cache may hold, the version that is fetched last apart.
    """

    def __init__(self, place: Place | None, folder: Path, models: Path, most_bytes: int) -> None:
        self.place, self._folder, self._models, self._most_bytes = place, folder, models, most_bytes

    @classmethod
    def of(cls, settings: Settings) -> VersionCache:
        """The versions of an installation.

        Raises:
            InvalidInput: the store cannot be understood.
        """
        place = place_of(settings.artifact_store) if settings.artifact_store else None
        return cls(place, settings.versions_path, settings.models_dir, settings.artifact_cache_bytes)

    def locate(
        self, name: str, artifact_dir: str, manifest_path: str, manifest_sha256: str, wanted: Wanted | None = None
    ) -> Located:
        """Where a version lies here; fetched where it does not. Blocks.

        Args:
            artifact_dir, manifest_path: as they were registered, maybe on another host.
            manifest_sha256: digest of the manifest; "" where it is not known, then nothing is fetched.
            wanted: artifacts that are needed; None: all.

        Raises:
            PreconditionFailed: it is neither here nor, whole, in the store. DataProblem: the store gave other bytes.
            Unavailable: the store does not answer, or the disk is full.
        """
        registered = Located(
            Path(artifact_dir), Path(manifest_path) if manifest_path else Path(artifact_dir) / FILE_NAME
        )
        if not manifest_sha256 or self.place is None:
            return registered
        digest = manifest_sha256.lower()
        here = self._models / name
        for found in (registered, Located(here, here / FILE_NAME)):
            if is_folder(found.folder) and _digest_of(found.manifest_path) == digest:
                return found
        return self._fetched(name, digest, wanted)

    def publish(self, folder: Path, manifest_path: Path) -> int:
        """Put a version into the store, its manifest last, so that one that came half is none; returns the bytes that were new.

        Raises:
            Unavailable: the store cannot be written.
            DataProblem: a file is not the one that the manifest names.
        """
        if self.place is None:
            return 0
        manifest = read_manifest(manifest_path)
        sent = 0
        for artifact in manifest.artifacts.values():
            if not self.place.has(key_of(artifact.sha256)):
                source = own_file(artifact, folder)
                if sha256_of(source) != artifact.sha256:
                    raise DataProblem(
                        f"{source} is not the file that {manifest_path} names: train again, or write the manifest again",
                        reason="HASH_MISMATCH",
                    )
                self.place.put(key_of(artifact.sha256), source)
                sent += source.stat().st_size
        digest = sha256_of(manifest_path)
        if not self.place.has(key_of(digest)):
            self.place.put(key_of(digest), manifest_path)
        log.info("version is in the store", folder=folder.name, store=self.place.name, new_bytes=sent)
        return sent

    def _fetched(self, name: str, digest: str, wanted: Wanted | None) -> Located:
        folder = self._folder / digest[:32]
        found = Located(folder, folder / FILE_NAME)
        with self._told():
            folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self._folder / f"{digest[:32]}.lock", timeout=LOCK_SECONDS):
                if _digest_of(found.manifest_path) != digest:
                    self._fetch(digest, found.manifest_path, name, "the manifest")
                manifest = read_manifest(found.manifest_path)
                for artifact in manifest.artifacts.values():
                    target = artifact.file(folder)
                    if (wanted is None or wanted(artifact)) and not target.is_file():
                        target.parent.mkdir(parents=True, exist_ok=True)
                        if not self._have_already(artifact, target):
                            self._fetch(artifact.sha256, target, name, artifact.path)
                (folder / USED).touch()
            self._forget(folder)
        return found

    def _fetch(self, digest: str, target: Path, version: str, what: str) -> None:
        assert self.place is not None
        partial, hashed = temporary_name(target), hashlib.sha256()
        try:
            with open(partial, "wb") as stream:
                for piece in self.place.read(key_of(digest)):
                    hashed.update(piece)
                    stream.write(piece)
            if hashed.hexdigest() != digest:
                raise DataProblem(
                    f"The artifact store {self.place.name} holds other bytes for {what} of version {version} than were trained: "
                    "delete that file there and publish the version again where it was trained",
                    reason="HASH_MISMATCH",
                    details={"sha256": digest},
                )
            os.replace(partial, target)
        except NotFound:
            raise PreconditionFailed(
                f"Version {version} is neither on this host nor whole in the artifact store {self.place.name} ({what} is missing): "
                f"publish it where it was trained with `routing-ml models publish {version}`",
                reason="VERSION_NOT_IN_STORE",
            ) from None
        finally:
            with contextlib.suppress(OSError):
                partial.unlink(missing_ok=True)

    def _have_already(self, artifact: Artifact, target: Path) -> bool:
        """Take a file from another version that was fetched, where it has the same."""
        for other in self._folder.glob(f"*/{FILE_NAME}"):
            with contextlib.suppress(OSError, PreconditionFailed, DataProblem):
                same = [one for one in read_manifest(other).artifacts.values() if one.sha256 == artifact.sha256]
                for one in same:
                    source = one.file(other.parent)
                    if source != target and source.is_file() and sha256_of(source) == artifact.sha256:
                        _link_or_copy(source, target)
                        return True
        return False

    def _forget(self, kept: Path) -> None:
        """Delete what was used longest ago while there is too much; on Windows files that are mapped stay."""
        folders = [folder for folder in self._folder.iterdir() if folder.is_dir()]
        sizes = {folder: _size_of(folder) for folder in folders}
        total = sum(sizes.values())
        for folder in sorted(folders, key=_used_at):
            if total <= self._most_bytes or folder == kept:
                continue
            log.info("version is forgotten here", folder=folder.name, bytes=sizes[folder])
            shutil.rmtree(folder, ignore_errors=True)
            total -= sizes[folder]

    @contextlib.contextmanager
    def _told(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unavailable(
                f"A version cannot be kept in {self._folder} ({error.strerror or error}): free disk space, or grant this account "
                "the right to write there",
                reason="CACHE_UNWRITABLE",
                retry_after=5.0,
            ) from error


def small(artifact: Artifact) -> bool:
    """Whether an artifact is one that is read, not searched: for hosts that serve no searches."""
    return artifact.path.endswith(".json")


def _digest_of(path: Path) -> str:
    try:
        return hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError:
        return ""


def _link_or_copy(source: Path, target: Path) -> None:
    try:
        os.link(source, target)
    except OSError:
        shutil.copyfile(source, target)


def _size_of(folder: Path) -> int:
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def _used_at(folder: Path) -> float:
    try:
        return (folder / USED).stat().st_mtime
    except OSError:
        return 0.0
