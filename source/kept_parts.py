"""Parts of tables kept from one reading to the next, so that only those are read from the source that have changed."""

from __future__ import annotations

import contextlib
import hashlib
import os
import shutil
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, BinaryIO, Final

import polars as pl
import pyarrow as pa

from common import __version__
from common.files import new_file, replace, temporary_name
from common.logs import get_logger
from plant.columns import ColumnType
from source.parts import Part, Whole
from source.source import BATCH_ROWS, Source, digest
from source.source_around import SourceAround

log = get_logger(__name__)

ENDING: Final = ".part"
_HASH_BYTES: Final = 32
_LENGTH_BYTES: Final = 8
_MADE_BY: Final = (2, __version__, pl.__version__, pa.__version__)
"""Rows that other code has made are read again: it may have read them in another way."""


class KeptParts:
    """A folder of parts, one file each: an Arrow stream, what the rows depend on beyond their key, its length, a hash of all before.

    Args:
        folder: made when something is kept.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._used: set[str] = set()
        self._fails = False

    def find(self, part: Part) -> list[pl.DataFrame] | None:
        """The frames of a part as they were read before; None where it was not, has changed since, or its file is damaged."""
        name = self._name(part.key)
        try:
            content = (self._folder / name).read_bytes()
        except OSError:
            return None
        body = memoryview(content)[:-_HASH_BYTES]
        if len(content) < _HASH_BYTES + _LENGTH_BYTES or _hash(body) != content[-_HASH_BYTES:]:
            return None
        length = int.from_bytes(body[-_LENGTH_BYTES:], "little")
        stream, beyond = body[: -_LENGTH_BYTES - length], bytes(body[-_LENGTH_BYTES - length : -_LENGTH_BYTES])
        if not part.still(beyond.decode()):
            return None
        self._used.add(name)
        if not len(stream):
            return []
        return [pl.DataFrame(pa.Table.from_batches([batch])) for batch in pa.ipc.open_stream(pa.py_buffer(stream))]

    def keep(self, part: Part, frames: Iterable[pl.DataFrame]) -> Iterator[pl.DataFrame]:
        """The frames of a part, which are kept once all have been taken; where they cannot be, they are read again another time."""
        writer = None if self._fails else _PartFile(self._folder / self._name(part.key))
        try:
            for frame in frames:
                if writer is not None and not self._done(partial(writer.add, frame)):
                    writer.abandoned()
                    writer = None
                yield frame
            beyond = part.beyond() if writer is not None else None
            if writer is not None and beyond is not None and self._done(partial(writer.finish, beyond)):
                self._used.add(writer.path.name)
                writer = None
        finally:
            if writer is not None:
                writer.abandoned()

    def _done(self, step: Callable[[], None]) -> bool:
        """Whether a step of writing went well; after one that did not, nothing is kept any more."""
        try:
            step()
        except (OSError, pa.ArrowException) as error:
            self._fails = True
            log.warning("parts of the source cannot be kept and will be read again", error=str(error))
            return False
        return True

    def drop_others(self) -> None:
        """Delete the parts that no reading has taken or kept since this object was made."""
        with contextlib.suppress(OSError):
            for path in self._folder.iterdir():
                if path.name not in self._used:
                    path.unlink(missing_ok=True)

    def forget(self) -> None:
        """Delete all parts, and the folder of such folders where none is left."""
        shutil.rmtree(self._folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            self._folder.parent.rmdir()

    def _name(self, key: str) -> str:
        return digest([*_MADE_BY, key], size=16) + ENDING


class _PartFile:
    """A part being written, under a temporary name until it is whole."""

    closed = False

    def __init__(self, path: Path) -> None:
        self.path = path
        self._temporary = temporary_name(path)
        self._file: BinaryIO | None = None
        self._writer: Any = None
        self._hash = hashlib.blake2b(digest_size=_HASH_BYTES)

    def add(self, frame: pl.DataFrame) -> None:
        table = frame.to_arrow(compat_level=pl.CompatLevel.oldest())
        if self._writer is None:
            options = pa.ipc.IpcWriteOptions(compression="lz4")
            self._writer = pa.ipc.new_stream(pa.PythonFile(self, "w"), table.schema, options=options)
        self._writer.write_table(table)

    def write(self, data: bytes) -> int:
        """What Arrow writes, hashed on its way."""
        if self._file is None:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            self._file = new_file(self._temporary)
        self._hash.update(data)
        return self._file.write(data)

    def flush(self) -> None:
        """The file is flushed once, at its end."""

    def finish(self, beyond: str) -> None:
        """Give the file its name."""
        if self._writer is not None:
            self._writer.close()
        said = beyond.encode()
        self.write(said + len(said).to_bytes(_LENGTH_BYTES, "little"))
        assert self._file is not None
        self._file.write(self._hash.digest())
        self._file.flush()
        os.fsync(self._file.fileno())
        self._file.close()
        replace(self._temporary, self.path)

    def abandoned(self) -> None:
        """Leave nothing."""
        if self._file is not None:
            with contextlib.suppress(OSError):
                self._file.close()
            with contextlib.suppress(OSError):
                self._temporary.unlink(missing_ok=True)


def _hash(data: memoryview) -> bytes:
    return hashlib.blake2b(data, digest_size=_HASH_BYTES).digest()


@dataclass
class ReadCounts:
    """What was read of a table.

    Attributes:
        parts: its parts; 0 where it has none.
        read: those that were read from the source.
        whole: why it has no parts; "" where it has.
    """

    parts: int = 0
    read: int = 0
    whole: str = ""


@dataclass
class RememberingSource(SourceAround):
    """A source whose unchanged parts come from an earlier reading. What it gives is the same as without.

    Attributes:
        source: where the rest comes from.
        kept: what was read before.
        anew: read everything from the source and keep it again.
        counts: what was read of each table so far.
    """

    source: Source
    kept: KeptParts
    anew: bool = False
    counts: dict[str, ReadCounts] = field(default_factory=dict)

    def batches(
        self,
        table: str,
        columns: Sequence[str],
        types: Mapping[str, ColumnType],
        batch_rows: int = BATCH_ROWS,
        *,
        item_column: str = "ITEM_CD",
    ) -> Iterator[pl.DataFrame]:
        """The named columns as canonical frames (see `Source.batches`)."""
        counts = self.counts.setdefault(table, ReadCounts())
        with self.source.parts(table, columns, types, batch_rows, item_column=item_column) as parts:
            if isinstance(parts, Whole):
                counts.whole = parts.reason
                yield from self.source.batches(table, columns, types, batch_rows, item_column=item_column)
                return
            yield from _together(self._frames(parts, counts), batch_rows)

    def _frames(self, parts: Iterable[Part], counts: ReadCounts) -> Iterator[pl.DataFrame]:
        row = 1
        for part in parts:
            counts.parts += 1
            frames: Iterable[pl.DataFrame] | None = None if self.anew else self.kept.find(part)
            if frames is None:
                counts.read += 1
                frames = self.kept.keep(part, part.frames(row))
            for frame in frames:
                yield frame
                row += frame.height


def _together(frames: Iterable[pl.DataFrame], batch_rows: int) -> Iterator[pl.DataFrame]:
    """The frames, small ones of several parts together: each frame costs its readers time, whatever its rows."""
    waiting: list[pl.DataFrame] = []
    rows = 0
    for frame in frames:
        if waiting and rows + frame.height > batch_rows:
            yield pl.concat(waiting)
            waiting, rows = [], 0
        waiting.append(frame)
        rows += frame.height
    if waiting:
        yield pl.concat(waiting)
