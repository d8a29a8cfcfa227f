"""Where files lie by their content: a folder that the hosts share, or an object store (S3 and what speaks like it).

A file is named by the SHA-256 of its bytes, so that it is never replaced: what is there is whole, or is noticed by whoever fetches it.
"""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any, Protocol

from common.errors import InvalidInput, NotFound, Unavailable
from common.files import temporary_name

CHUNK_BYTES = 8 * 1024 * 1024
ANSWER_SECONDS = 30


class Place(Protocol):
    """A store. Methods block and raise Unavailable, with what to do, where it cannot be used."""

    name: str

    def has(self, key: str) -> bool:
        """Whether there is something under a name."""

    def put(self, key: str, source: Path) -> None:
        """Keep a file under a name."""

    def read(self, key: str) -> Iterator[bytes]:
        """What is kept under a name, in pieces. Raises NotFound."""

    def forget(self, prefix: str, keep: int) -> None:
        """Drop all but the newest folders below one; an object store does that by its own rules."""


def place_of(url: str) -> Place:
    """The store that the settings name: the path of a folder, or a URL such as s3://bucket/prefix.

    Raises:
        InvalidInput: it cannot be understood, or the package for object stores is not installed.
    """
    scheme, found, _ = url.partition("://")
    if not found or len(scheme) == 1:
        return FolderPlace(Path(url))
    if scheme == "file":
        return FolderPlace(Path(url.removeprefix("file://")))
    return ObjectPlace(url)


def key_of(digest: str) -> str:
    """Name of a file of a version."""
    return f"sha256/{digest[:2]}/{digest}"


class FolderPlace:
    """A folder, on a share where there are several hosts."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self.name = str(folder)

    def has(self, key: str) -> bool:
        with self._told("read"):
            if not self._folder.is_dir():
                raise FileNotFoundError(2, "there is no such folder", str(self._folder))
            return (self._folder / key).is_file()

    def put(self, key: str, source: Path) -> None:
        target = self._folder / key
        with self._told("written"):
            if not self._folder.is_dir():
                raise FileNotFoundError(2, "there is no such folder", str(self._folder))
            target.parent.mkdir(parents=True, exist_ok=True)
            partial = temporary_name(target)
            try:
                shutil.copyfile(source, partial)
                os.replace(partial, target)
            finally:
                partial.unlink(missing_ok=True)

    def read(self, key: str) -> Iterator[bytes]:
        with self._told("read"):
            try:
                stream = open(self._folder / key, "rb")  # noqa: SIM115 - closed below
            except FileNotFoundError:
                raise NotFound(f"{self.name} does not hold {key}") from None
            with stream:
                while piece := stream.read(CHUNK_BYTES):
                    yield piece

    def forget(self, prefix: str, keep: int) -> None:
        with self._told("written"):
            folders = [path for path in (self._folder / prefix).iterdir() if path.is_dir()]
            for path in sorted(folders, key=lambda one: one.stat().st_mtime, reverse=True)[keep:]:
                shutil.rmtree(path, ignore_errors=True)

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            raise Unavailable(
                f"The artifact store {self.name} cannot be {what} ({error.strerror or error}): see that the share answers, that "
                "this account has the right, and that it has space; ROUTING_ML_ARTIFACT_STORE names it",
                reason="STORE_UNAVAILABLE",
                retry_after=5.0,
            ) from error


class ObjectPlace:
    """An object store by its URL. Region, address and credentials come from the environment, as AWS_ENDPOINT_URL and the like."""

    def __init__(self, url: str) -> None:
        try:
            import obstore
            from obstore.store import from_url
        except ImportError:
            raise InvalidInput(
                f"ROUTING_ML_ARTIFACT_STORE is {url}: object stores need the package obstore (`pip install obstore`), which is "
                "not installed; a folder needs none"
            ) from None
        self.name = url
        self._obstore: Any = obstore
        plain = os.environ.get("AWS_ENDPOINT_URL", "").startswith("http://")
        options: Any = {"timeout": f"{ANSWER_SECONDS * 10}s", "connect_timeout": "5s", "allow_http": plain}
        try:
            self._store: Any = from_url(
                url,
                client_options=options,
                retry_config={"max_retries": 3, "retry_timeout": timedelta(seconds=ANSWER_SECONDS)},
            )
        except Exception as error:
            raise InvalidInput(f"ROUTING_ML_ARTIFACT_STORE is {url}, which cannot be used: {error}") from None

    def has(self, key: str) -> bool:
        with self._told("read"):
            try:
                self._obstore.head(self._store, key)
            except FileNotFoundError:
                return False
            return True

    def put(self, key: str, source: Path) -> None:
        with self._told("written"):
            self._obstore.put(self._store, key, source)

    def read(self, key: str) -> Iterator[bytes]:
        with self._told("read"):
            try:
                found = self._obstore.get(self._store, key)
            except FileNotFoundError:
                raise NotFound(f"{self.name} does not hold {key}") from None
            for piece in found.stream(min_chunk_size=CHUNK_BYTES):
                yield bytes(piece)

    def forget(self, prefix: str, keep: int) -> None:
        """Nothing: set a rule of the bucket's life cycle for the prefix."""

    @contextmanager
    def _told(self, what: str) -> Iterator[None]:
        try:
            yield
        except (NotFound, GeneratorExit):
            raise
        except Exception as error:
            said = str(error).strip().splitlines()[0][:300] if str(error).strip() else type(error).__name__
            raise Unavailable(
                f"The artifact store {self.name} cannot be {what} ({said}): see that its address, region and credentials are right "
                "(AWS_ENDPOINT_URL, AWS_REGION, AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) and that it has space",
                reason="STORE_UNAVAILABLE",
                retry_after=5.0,
            ) from error
