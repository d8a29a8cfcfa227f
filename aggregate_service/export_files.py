"""Writes predicted routings to files in the export directory: CSV, Excel, text, Parquet, JSON and XML, each all or nothing."""

from __future__ import annotations

import codecs
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import MappingProxyType
from typing import BinaryIO, Final
from xml.etree import ElementTree

import orjson
import polars as pl
import xlsxwriter

from aggregate_service.export_table import flat_rows, guard_formulas, nested
from common.errors import FieldViolation, InvalidInput, PreconditionFailed
from common.files import writing
from common.output_profile import Applied, OutputProfile, apply_profile
from common.plant_settings.sections import ExportSection
from common.request_context import add_log_fields
from protos.aggregate.v1 import aggregate_pb2 as pb

SAFE_NAME: Final = re.compile(r"[^\\/:*?\"<>|\x00-\x1f.][^\\/:*?\"<>|\x00-\x1f]{0,119}")
XML_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MOST_SHEET_ROWS: Final = 1_048_575


@dataclass(frozen=True)
class ExportedFile:
    """A file that was written: its path and size in bytes."""

    path: Path
    bytes: int


class Exporter:
    """Writes predictions to one directory.

    Args:
        section: the export section of the settings.
        output_columns: columns of the flat formats, in order.
        state: folder that a relative export directory lies in.
        profile: names, types and formats of those columns, and more columns; None: the columns as predictions have them.
    """

    def __init__(
        self,
        section: ExportSection,
        output_columns: Sequence[str],
        state: Path,
        profile: OutputProfile | None = None,
    ) -> None:
        self._section = section
        self._columns = output_columns
        self._profile = profile
        self._encoding = (profile.encoding if profile else "") or section.default_encoding
        self._folder = (state / section.export_directory).resolve()

    def export(self, prediction: pb.PredictResponse, formats: Sequence[str], name: str) -> list[ExportedFile]:
        """Write a prediction in several formats; returns the files in the order of the formats.

        Args:
            formats: csv, excel, txt, parquet, json, xml.
            name: start of the file names; "": routing_ and the time.

        Raises:
            InvalidInput: a format is unknown or off, or the name is none of a file; nothing is written then.
            PreconditionFailed: the export directory cannot be written.
        """
        self._check(formats, name)
        stem = name or f"routing_{datetime.now().astimezone():%Y%m%d_%H%M%S_%f}"
        written = []
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            for kind in formats:
                ending, write = FORMATS[kind]
                target = self._free(stem, ending)
                with writing(target) as stream:
                    write(self, prediction, stream)
                written.append(ExportedFile(target, target.stat().st_size))
        except OSError as error:
            raise PreconditionFailed(
                f"The export directory {self._folder} cannot be written ({error.strerror or error}): grant write access, free space, "
                "or set export.export_directory to another folder",
                reason="EXPORT_NOT_WRITTEN",
            ) from error
        return written

    def _check(self, formats: Sequence[str], name: str) -> None:
        problems = []
        for position, kind in enumerate(formats):
            if kind not in FORMATS:
                problems.append(FieldViolation(f"formats.{position}", f"{kind} is not one of {', '.join(FORMATS)}"))
            elif not getattr(self._section, f"enable_{kind}", True):
                problems.append(
                    FieldViolation(f"formats.{position}", f"{kind} is switched off in the settings (export)")
                )
        if name and (not SAFE_NAME.fullmatch(name) or name.endswith((".", " "))):
            problems.append(FieldViolation("name", f"{name!r} cannot be the name of a file"))
        if problems:
            raise InvalidInput(f"Nothing was exported: {problems[0].description}", violations=problems)

    def _free(self, stem: str, ending: str) -> Path:
        """A path in the export directory that no file has."""
        target, number = self._folder / f"{stem}{ending}", 1
        while target.exists():
            number += 1
            target = self._folder / f"{stem}-{number}{ending}"
        if target.resolve().parent != self._folder:
            raise InvalidInput(f"{stem!r} leads out of the export directory")
        return target

    def _applied(self, prediction: pb.PredictResponse) -> Applied:
        """The rows through the profile; what breaks its checks is counted in the request's log line."""
        assert self._profile is not None
        rows = flat_rows(prediction, self._profile.sources)
        applied = apply_profile(self._profile, rows, default_encoding=self._encoding)
        add_log_fields(output_findings=applied.total_findings)
        return applied

    def _texts(self, prediction: pb.PredictResponse) -> pl.DataFrame:
        """The rows as text files hold them; no cell is a formula."""
        if self._profile is None:
            return guard_formulas(flat_rows(prediction, self._columns))
        texts = guard_formulas(self._applied(prediction).texts)
        return texts.fill_null(self._profile.null_text) if self._profile.null_text else texts

    def _cells(self, prediction: pb.PredictResponse) -> pl.DataFrame:
        """The rows as a sheet holds them: numbers as numbers where the profile gives them no format of their own, the rest as text."""
        if self._profile is None:
            return flat_rows(prediction, self._columns)
        applied = self._applied(prediction)
        numbers = [c.name for c in self._profile.columns if applied.values[c.name].dtype.is_numeric() and not c.format]
        return applied.texts.with_columns(applied.values[name] for name in numbers)

    def write_csv(self, prediction: pb.PredictResponse, stream: BinaryIO) -> None:
        """Comma-separated, CRLF, in the set encoding; UTF-8 with the mark by which spreadsheets know it."""
        text = self._texts(prediction).write_csv(line_terminator="\r\n")
        utf8 = codecs.lookup(self._encoding).name == "utf-8"
        stream.write(text.encode("utf-8-sig" if utf8 else self._encoding, "replace"))

    def write_txt(self, prediction: pb.PredictResponse, stream: BinaryIO) -> None:
        """Tab-separated, CRLF, in the set encoding."""
        rows = self._texts(prediction)
        stream.write(rows.write_csv(separator="\t", line_terminator="\r\n").encode(self._encoding, "replace"))

    def write_excel(self, prediction: pb.PredictResponse, stream: BinaryIO) -> None:
        """One sheet, header frozen; no cell is a formula or a link."""
        rows = guard_formulas(self._cells(prediction))
        if rows.height > MOST_SHEET_ROWS:
            raise InvalidInput(f"{rows.height:,} rows do not fit a sheet ({MOST_SHEET_ROWS:,}): export CSV or Parquet")
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "nan_inf_to_errors": True,
        }
        with xlsxwriter.Workbook(stream, options) as book:
            sheet = book.add_worksheet("routing")
            sheet.freeze_panes(1, 0)
            sheet.write_row(0, 0, rows.columns, book.add_format({"bold": True}))
            for number, row in enumerate(rows.iter_rows(), start=1):
                for column, value in enumerate(row):
                    if isinstance(value, str):
                        sheet.write_string(number, column, value)
                    elif value is not None:
                        sheet.write_number(number, column, value)

    def write_parquet(self, prediction: pb.PredictResponse, stream: BinaryIO) -> None:
        """One row an operation; compressed when the settings say so."""
        rows = flat_rows(prediction, self._columns) if self._profile is None else self._applied(prediction).values
        rows.write_parquet(stream, compression="zstd" if self._section.compress_on_save else "uncompressed")

    def write_json(self, prediction: pb.PredictResponse, stream: BinaryIO) -> None:
        """Routings with their operations, UTF-8."""
        stream.write(b'{"items":[')
        for number, routing in enumerate(nested(prediction)):
            stream.write((b",\n" if number else b"\n") + orjson.dumps(routing))
        stream.write(b"\n]}\n")

    def write_xml(self, prediction: pb.PredictResponse, stream: BinaryIO) -> None:
        """Routings with their operations: <routings><routing><operation>, a value an element, absent values left out; UTF-8."""
        stream.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<routings>\n')
        for routing in nested(prediction):
            operations = routing.pop("operations")
            element = _xml_element("routing", routing)
            element.extend(_xml_element("operation", operation) for operation in operations)
            stream.write(ElementTree.tostring(element, encoding="unicode").encode("utf-8") + b"\n")
        stream.write(b"</routings>\n")


def _xml_element(tag: str, values: Mapping[str, object]) -> ElementTree.Element:
    element = ElementTree.Element(tag)
    for name, value in values.items():
        if value is not None:
            child = ElementTree.SubElement(element, _xml_name(name))
            child.text = XML_FORBIDDEN.sub("", str(value))
    return element


def _xml_name(name: str) -> str:
    """A column's name as XML allows it."""
    clean = re.sub(r"[^\w.-]", "_", name)
    return clean if clean[:1].isalpha() or clean[:1] == "_" else f"_{clean}"


Writer = Callable[[Exporter, pb.PredictResponse, BinaryIO], None]

FORMATS: Final[Mapping[str, tuple[str, Writer]]] = MappingProxyType(
    {
        "csv": (".csv", Exporter.write_csv),
        "excel": (".xlsx", Exporter.write_excel),
        "txt": (".txt", Exporter.write_txt),
        "parquet": (".parquet", Exporter.write_parquet),
        "json": (".json", Exporter.write_json),
        "xml": (".xml", Exporter.write_xml),
    }
)
"""Formats: ending of the file, and what writes it."""
