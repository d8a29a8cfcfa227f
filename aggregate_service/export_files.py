"""Writes predicted routings to files in the export directory: CSV, Excel, text, Parquet, JSON and XML, each all or nothing.

Routings come part by part; what is written lies under a temporary name until the last part is in.
"""

from __future__ import annotations

import os
import re
import threading
import time
import zipfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO, BinaryIO, Final, cast

from xlsxwriter.exceptions import FileCreateError

from aggregate_service.export_writers import FORMATS, Layout, Part, Writer
from common.errors import FieldViolation, InvalidInput, PreconditionFailed, lack_of_resources
from common.file_names import is_reserved
from common.files import new_file, remove_leftovers, replace, sync_folder, temporary_name
from common.request_context import add_log_fields
from common.settings import Settings
from plant.export_folder import FILE_MODE, export_folder
from plant.output_profile import OutputProfile
from plant.settings.sections import ExportSection
from protos.aggregate.v1 import aggregate_pb2 as pb

SAFE_NAME: Final = re.compile(r"[^\\/:*?\"<>|\x00-\x1f.][^\\/:*?\"<>|\x00-\x1f]{0,119}")
ZIPPED: Final = frozenset({"csv", "txt", "json", "xml"})
"""Formats that `compress_on_save` puts into a ZIP file; Excel is one already, Parquet is compressed inside."""

MOST_NAME_BYTES: Final = 200
"""File systems take 255, with ending, number and what marks a temporary file; a letter of Hangul is three."""

ABANDONED_SECONDS: Final = 3600.0

_naming = threading.Lock()


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written: its path, its size in bytes, and the operations in it."""

    path: Path
    bytes: int
    operations: int


class Exporter:
    """Writes predictions to one directory.

    Args:
        section: the export section of the settings.
        output_columns: columns of the flat formats, in order.
        settings: of the process.
        allowed: folders that exports may go to beside the state folder's own.
        profile: names, types and formats of those columns, and more columns; None: the columns as predictions have them.
        for_program: a program reads the files and no spreadsheet.
    """

    def __init__(
        self,
        section: ExportSection,
        output_columns: Sequence[str],
        settings: Settings,
        allowed: Sequence[str] = (),
        profile: OutputProfile | None = None,
        *,
        for_program: bool = False,
    ) -> None:
        self._section = section
        encoding = (profile.encoding if profile else "") or section.default_encoding
        self._layout = Layout(output_columns, profile, encoding, section.compress_on_save, for_program)
        self._settings, self._allowed = settings, allowed

    def export(self, prediction: pb.PredictResponse, formats: Sequence[str], name: str) -> list[ExportedFile]:
        """Write a prediction that is whole in several formats; returns the files in the order of the formats.

        Raises:
            InvalidInput: as `begin`, or the prediction contradicts itself. PreconditionFailed: the directory cannot be written.
        """
        session = self.begin(formats, name)
        try:
            session.add(prediction)
            return session.finish()
        except BaseException:
            session.abandon()
            raise

    def begin(self, formats: Sequence[str], name: str, *, download: bool = False) -> ExportSession:
        """Begin an export.

        Args:
            formats: csv, excel, txt, parquet, json, xml.
            name: start of the file names; "": routing_ and the time.
            download: the file goes to a caller: exactly one format, in a temporary folder, never zipped.

        Raises:
            InvalidInput: a format is unknown or off, or the name is none of a file; nothing is written then.
            PreconditionFailed: the export directory is not allowed or cannot be written. Unavailable: the disk is full.
        """
        self._check(formats, name, download)
        stem = name or f"routing_{datetime.now().astimezone():%Y%m%d_%H%M%S_%f}"
        folder = self._downloads() if download else self._folder()
        zipped = self._section.compress_on_save and not download
        with _told(folder):
            folder.mkdir(parents=True, exist_ok=True, mode=0o750)
            remove_leftovers(folder)
            if download:
                _forget_downloads(folder)
            return ExportSession(folder, stem, formats, self._layout, zipped=zipped)

    def _folder(self) -> Path:
        return export_folder(self._section.export_directory, self._allowed, self._settings)

    def _downloads(self) -> Path:
        return (self._settings.run_path / "downloads").resolve()

    def _check(self, formats: Sequence[str], name: str, download: bool) -> None:
        problems = []
        for position, kind in enumerate(formats):
            if kind not in FORMATS:
                problems.append(FieldViolation(f"formats.{position}", f"{kind} is not one of {', '.join(FORMATS)}"))
            elif not getattr(self._section, f"enable_{kind}", True):
                problems.append(
                    FieldViolation(f"formats.{position}", f"{kind} is switched off in the settings (export)")
                )
        if not formats or (download and len(formats) != 1):
            problems.append(FieldViolation("formats", "a download has exactly one format, an export one or more"))
        if name and (not SAFE_NAME.fullmatch(name) or name.endswith((".", " ")) or is_reserved(name)):
            problems.append(FieldViolation("name", f"{name!r} cannot be the name of a file"))
        elif len(name.encode("utf-8", "replace")) > MOST_NAME_BYTES:
            problems.append(FieldViolation("name", f"{name!r} is too long for the name of a file: shorten it"))
        if problems:
            raise InvalidInput(f"Nothing was exported: {problems[0].description}", violations=problems)


class ExportSession:
    """One export under way. Not for several threads at once; `finish` or `abandon` ends it."""

    def __init__(self, folder: Path, stem: str, formats: Sequence[str], layout: Layout, *, zipped: bool) -> None:
        self._folder, self._layout = folder, layout
        self._findings = self._operations = 0
        self._begun = False
        self._files: list[_PendingFile] = []
        try:
            for kind in formats:
                self._files.append(_PendingFile(folder, stem, kind, layout, zipped=zipped and kind in ZIPPED))
        except BaseException:
            self.abandon()
            raise

    def add(self, prediction: pb.PredictResponse) -> None:
        """Append routings.

        Raises:
            InvalidInput: the prediction contradicts itself, or a format cannot hold so many. PreconditionFailed: the disk is full, ...
        """
        part = Part(prediction, self._layout)
        with _told(self._folder):
            for file in self._files:
                file.writer.add(part)
        self._begun = True
        self._operations += part.operations
        applied = part.__dict__.get("applied")  # only where a format needed it
        self._findings += applied.total_findings if applied is not None else 0

    def finish(self) -> list[ExportedFile]:
        """Give the files their names; returns them in the order of the formats."""
        if not self._begun:
            self.add(pb.PredictResponse(operation_offsets=[0]))
        if self._layout.profile is not None:
            add_log_fields(output_findings=self._findings)
        with _told(self._folder):
            for file in self._files:
                file.close()
            return [
                ExportedFile(path, path.stat().st_size, self._operations)
                for path in [file.publish() for file in self._files]
            ]

    def abandon(self) -> None:
        """Delete what has been written; does nothing to files that have their names."""
        for file in self._files:
            file.abandon()


class _PendingFile:
    """A file under a temporary name."""

    def __init__(self, folder: Path, stem: str, kind: str, layout: Layout, *, zipped: bool) -> None:
        ending, make = FORMATS[kind]
        self._folder, self._stem, self._ending = folder, stem, ending + (".zip" if zipped else "")
        self._temporary: Path | None = temporary_name(folder / f"{stem}{self._ending}")
        if self._temporary.parent.resolve() != folder:
            raise InvalidInput(f"{stem!r} leads out of the export directory")
        self._stream = new_file(self._temporary, FILE_MODE)  # closed by close or abandon
        self._package: zipfile.ZipFile | None = None
        self._member: IO[bytes] | None = None
        content: BinaryIO = self._stream
        if zipped:
            self._package = zipfile.ZipFile(self._stream, "w", zipfile.ZIP_DEFLATED)
            self._member = self._package.open(f"{stem}{ending}", "w", force_zip64=True)
            content = cast(BinaryIO, self._member)
        self.writer: Writer = make(content, layout)

    def close(self) -> None:
        """Write the end and have the system put everything on the disk."""
        self.writer.finish()
        if self._member is not None and self._package is not None:
            self._member.close()
            self._package.close()
        self._stream.flush()
        os.fsync(self._stream.fileno())
        self._stream.close()

    def publish(self) -> Path:
        """Rename to the first free name; returns it."""
        assert self._temporary is not None
        with _naming:
            target, number = self._folder / f"{self._stem}{self._ending}", 1
            while target.exists():
                number += 1
                target = self._folder / f"{self._stem}-{number}{self._ending}"
            replace(self._temporary, target)
        self._temporary = None
        sync_folder(self._folder)
        return target

    def abandon(self) -> None:
        """Delete the file unless it has its name."""
        if self._temporary is None:
            return
        if not self._stream.closed:
            self.writer.abandon()
            with suppress(Exception):  # what is half-written may well refuse to be closed
                if self._member is not None:
                    self._member.close()
                if self._package is not None:
                    self._package.close()
            with suppress(OSError):
                self._stream.close()
        self._temporary.unlink(missing_ok=True)


def _forget_downloads(folder: Path) -> None:
    """Delete files that a killed process was handing over."""
    limit = time.time() - ABANDONED_SECONDS
    for path in folder.iterdir():
        with suppress(OSError):
            if path.stat().st_mtime < limit:
                path.unlink()


@contextmanager
def _told(folder: Path) -> Iterator[None]:
    """Failures of the disk, in words."""
    try:
        yield
    except (OSError, FileCreateError) as failure:
        error = failure.args[0] if isinstance(failure, FileCreateError) else failure
        lack = lack_of_resources(error)
        if lack is not None:
            raise lack from failure
        raise PreconditionFailed(
            f"The export directory {folder} cannot be written ({getattr(error, 'strerror', '') or error}): grant write access, free space, "
            "or set export.export_directory to another folder",
            reason="EXPORT_NOT_WRITTEN",
        ) from failure
