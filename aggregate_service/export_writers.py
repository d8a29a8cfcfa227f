"""Writers of the export formats: each takes routings part by part and holds no more than a part of them."""

from __future__ import annotations

import codecs
import contextlib
import io
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from types import MappingProxyType
from typing import Any, BinaryIO, Final, Protocol
from xml.sax.saxutils import escape

import orjson
import polars as pl
import pyarrow as pa
import xlsxwriter
from pyarrow import parquet
from xlsxwriter.format import Format

from aggregate_service.export_table import flat_rows, nested
from common.errors import InvalidInput
from common.spreadsheet_cells import guard_formulas, guard_split_cells
from plant.output_profile import OutputProfile
from plant.output_profile.application import Applied, apply_profile
from protos.aggregate.v1 import aggregate_pb2 as pb

XML_FORBIDDEN: Final = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
MOST_SHEET_ROWS: Final = 1_048_575
ROW_GROUP: Final = 20_000
"""Rows of a row group of Parquet; smaller ones cost space and time of every reader."""

MOST_CELL_CHARACTERS: Final = 32_767
NARROWEST_COLUMN: Final = 9
WIDEST_COLUMN: Final = 60
SHARES: Final = frozenset({"SIMILARITY_SCORE"})
"""Columns whose numbers lie between 0 and 1 and mean nothing in two decimals."""


@dataclass(frozen=True)
class Layout:
    """How rows look in files.

    Attributes:
        columns: columns of the flat formats, in order.
        profile: names, types and formats of those columns, and more columns; None: the columns as predictions have them.
        encoding: of the text formats.
        compressed: Parquet is compressed inside (the text formats are compressed around, see `export_files`).
        for_program: a program reads it and no spreadsheet, so that every text stays exactly as it is.
    """

    columns: Sequence[str]
    profile: OutputProfile | None
    encoding: str
    compressed: bool
    for_program: bool = False


class Part:
    """Some routings, in every shape that a writer wants; each shape is made once."""

    def __init__(self, prediction: pb.PredictResponse, layout: Layout) -> None:
        self._prediction, self._layout = prediction, layout

    @property
    def operations(self) -> int:
        """Rows of the flat formats."""
        return int(self._prediction.operations.rows)

    @cached_property
    def rows(self) -> pl.DataFrame:
        """One row an operation under the prediction's names. Raises InvalidInput when the prediction contradicts itself."""
        profile = self._layout.profile
        return flat_rows(self._prediction, self._layout.columns if profile is None else profile.sources)

    @cached_property
    def applied(self) -> Applied | None:
        """The rows through the profile; None without one."""
        layout = self._layout
        if layout.profile is None:
            return None
        return apply_profile(layout.profile, self.rows, default_encoding=layout.encoding)

    @cached_property
    def texts(self) -> pl.DataFrame:
        """The rows as text files hold them; no cell is a formula, unless a program reads them."""
        profile = self._layout.profile
        if self.applied is None or profile is None:
            return self.rows if self._layout.for_program else guard_split_cells(guard_formulas(self.rows))
        texts = self.applied.texts
        if not self._layout.for_program:
            texts = guard_split_cells(guard_formulas(texts))
        return texts.fill_null(profile.null_text) if profile.null_text else texts

    @cached_property
    def cells(self) -> pl.DataFrame:
        """The rows as a sheet holds them: numbers as numbers where the profile gives them no format of their own, the rest as text."""
        profile = self._layout.profile
        if self.applied is None or profile is None:
            return guard_formulas(self.rows)
        values = self.applied.values
        numbers = [c.name for c in profile.columns if values[c.name].dtype.is_numeric() and not c.format]
        return guard_formulas(self.applied.texts.with_columns(values[name] for name in numbers))

    @property
    def values(self) -> pl.DataFrame:
        """The rows typed."""
        return self.rows if self.applied is None else self.applied.values

    def nested(self) -> list[dict[str, Any]]:
        """Routings with their operations, for the caller to change."""
        return nested(self._prediction)


class Writer(Protocol):
    """Writes one format to one stream."""

    def add(self, part: Part) -> None:
        """Append routings."""

    def finish(self) -> None:
        """Write what belongs to the end."""

    def abandon(self) -> None:
        """Let go of what it holds; the stream's content is of no use."""


class SeparatedText:
    """Separated values with CRLF in an encoding; the column names come first, once."""

    def __init__(self, stream: BinaryIO, encoding: str, separator: str, mark: bytes) -> None:
        self._stream, self._separator = stream, separator
        self._encoder = codecs.getincrementalencoder(encoding)("replace")
        self._mark, self._begun = mark, False

    def add(self, part: Part) -> None:
        """Append rows."""
        if not self._begun:
            self._stream.write(self._mark)
        text = part.texts.write_csv(separator=self._separator, line_terminator="\r\n", include_header=not self._begun)
        self._begun = True
        self._stream.write(self._encoder.encode(text))

    def finish(self) -> None:
        """End a sequence of the encoding that is open."""
        self._stream.write(self._encoder.encode("", True))

    def abandon(self) -> None:
        """Nothing is held."""


def csv_writer(stream: BinaryIO, layout: Layout) -> Writer:
    """Comma-separated, in the set encoding; UTF-8 with the mark by which spreadsheets know it."""
    utf8 = codecs.lookup(layout.encoding).name == "utf-8"
    return SeparatedText(stream, layout.encoding, ",", codecs.BOM_UTF8 if utf8 else b"")


def txt_writer(stream: BinaryIO, layout: Layout) -> Writer:
    """Tab-separated, in the set encoding."""
    return SeparatedText(stream, layout.encoding, "\t", b"")


class Sheet:
    """One Excel sheet, header frozen, columns as wide as what they hold; no cell is a formula or a link.

    Numbers keep their value; minutes show two decimals and similarities four.
    """

    def __init__(self, stream: BinaryIO, _layout: Layout) -> None:
        self._content = _Redirected(stream)
        options = {
            "constant_memory": True,
            "strings_to_formulas": False,
            "strings_to_urls": False,
            "nan_inf_to_errors": True,
        }
        self._book = xlsxwriter.Workbook(self._content, options)
        self._sheet = self._book.add_worksheet("routing")
        self._decimals = self._book.add_format({"num_format": "#,##0.00"})
        self._shares = self._book.add_format({"num_format": "0.0000"})
        self._rows = 0
        self._widths: list[int] = []

    def add(self, part: Part) -> None:
        """Append rows. Raises InvalidInput when they do not fit a sheet, or a text no cell."""
        rows = part.cells
        if not self._rows:
            self._sheet.freeze_panes(1, 0)
            self._sheet.write_row(0, 0, rows.columns, self._book.add_format({"bold": True}))
            self._widths = [_shown_width(name) for name in rows.columns]
            self._rows = 1
        if self._rows - 1 + rows.height > MOST_SHEET_ROWS:
            raise InvalidInput(f"More than {MOST_SHEET_ROWS:,} rows do not fit a sheet: export CSV or Parquet")
        formats = [self._format_of(name, kind) for name, kind in rows.schema.items()]
        for number, row in enumerate(rows.iter_rows(), start=self._rows):
            for column, value in enumerate(row):
                if isinstance(value, str):
                    self._write_text(number, column, value, rows.columns[column])
                elif value is not None:
                    self._sheet.write_number(number, column, value, formats[column])
        self._rows += rows.height

    def _format_of(self, name: str, kind: pl.DataType) -> Format | None:
        if not kind.is_float():
            return None
        return self._shares if name in SHARES else self._decimals

    def _write_text(self, number: int, column: int, value: str, name: str) -> None:
        if len(value) > MOST_CELL_CHARACTERS or _units(value) > MOST_CELL_CHARACTERS:
            raise InvalidInput(
                f"{name} in row {number} has {len(value):,} characters; a cell of Excel holds {MOST_CELL_CHARACTERS:,}: "
                "export CSV, JSON or Parquet, or shorten the text",
                reason="CELL_TOO_LONG",
            )
        self._sheet.write_string(number, column, value)
        if self._widths[column] < WIDEST_COLUMN:
            self._widths[column] = max(self._widths[column], _shown_width(value))

    def finish(self) -> None:
        """Put the package together."""
        for column, width in enumerate(self._widths):
            self._sheet.set_column(column, column, width)
        self._book.close()

    def abandon(self) -> None:
        """Close the temporary files of the rows."""
        self._content.target = io.BytesIO()
        with contextlib.suppress(Exception):  # nobody reads it
            self._book.close()


def _units(text: str) -> int:
    """Characters as Excel counts them: those beyond the basic plane are two."""
    return len(text) if text.isascii() else len(text.encode("utf-16-le")) // 2


def _shown_width(text: str) -> int:
    """Width of a column that shows a text, in characters; Hangul and its like take two."""
    line = max(text[: 4 * WIDEST_COLUMN].splitlines() or [""], key=len)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in line[:WIDEST_COLUMN])
    return min(max(len(line) + wide + 2, NARROWEST_COLUMN), WIDEST_COLUMN)


class _Redirected(io.RawIOBase):
    """A stream whose writes can be led elsewhere."""

    def __init__(self, target: BinaryIO) -> None:
        self.target = target

    def write(self, data: Any) -> int:
        return self.target.write(data)

    def seek(self, offset: int, whence: int = 0) -> int:
        return self.target.seek(offset, whence)

    def tell(self) -> int:
        return self.target.tell()

    def read(self, size: int = -1) -> bytes:
        return self.target.read(size)

    def seekable(self) -> bool:
        return True

    def readable(self) -> bool:
        return True

    def writable(self) -> bool:
        return True


class Parquet:
    """One row an operation, typed; compressed when the settings say so."""

    def __init__(self, stream: BinaryIO, layout: Layout) -> None:
        self._stream, self._compression = stream, "ZSTD" if layout.compressed else "NONE"
        self._writer: parquet.ParquetWriter | None = None
        self._schema: pa.Schema | None = None
        self._waiting: list[pa.Table] = []
        self._rows = 0

    def add(self, part: Part) -> None:
        """Append rows; the first part says which type each column has. Raises InvalidInput when a later one contradicts it."""
        table = part.values.to_arrow()
        if self._schema is None:
            self._schema = table.schema
            self._writer = parquet.ParquetWriter(self._stream, self._schema, compression=self._compression)
        try:
            self._waiting.append(table.cast(self._schema))
        except pa.ArrowInvalid as error:
            raise InvalidInput(f"A column has numbers in one part and text in another ({error}): export CSV") from None
        self._rows += table.num_rows
        if self._rows >= ROW_GROUP:
            self._write()

    def _write(self) -> None:
        if self._writer is None or not self._waiting:
            return
        self._writer.write_table(pa.concat_tables(self._waiting).combine_chunks(), row_group_size=ROW_GROUP)
        self._waiting, self._rows = [], 0

    def finish(self) -> None:
        """Write the last rows and the footer."""
        self._write()
        if self._writer is not None:
            self._writer.close()

    def abandon(self) -> None:
        """Let go of the rows that wait and of the stream."""
        self._waiting = []
        if self._writer is not None:
            self._writer.close()


class Json:
    """Routings with their operations, UTF-8."""

    def __init__(self, stream: BinaryIO, _layout: Layout) -> None:
        self._stream = stream
        self._lead = b'{"items":[\n'

    def add(self, part: Part) -> None:
        """Append routings."""
        for routing in part.nested():
            self._stream.write(self._lead + orjson.dumps(routing))
            self._lead = b",\n"

    def finish(self) -> None:
        """Close the list."""
        self._stream.write(b"\n]}\n" if self._lead == b",\n" else b'{"items":[\n]}\n')

    def abandon(self) -> None:
        """Nothing is held."""


class Xml:
    """Routings with their operations: <routings><routing><operation>, a value an element, absent values left out; UTF-8."""

    def __init__(self, stream: BinaryIO, _layout: Layout) -> None:
        self._stream = stream
        stream.write(b'<?xml version="1.0" encoding="UTF-8"?>\n<routings>\n')

    def add(self, part: Part) -> None:
        """Append routings."""
        for routing in part.nested():
            operations = "".join(
                f"<operation>{_xml_values(operation)}</operation>" for operation in routing.pop("operations")
            )
            text = f"<routing>{_xml_values(routing)}{operations}</routing>\n"
            self._stream.write(text.encode("utf-8"))

    def finish(self) -> None:
        """Close the document."""
        self._stream.write(b"</routings>\n")

    def abandon(self) -> None:
        """Nothing is held."""


def _xml_values(values: Mapping[str, object]) -> str:
    """An element a value; absent values are left out."""
    return "".join(
        f"<{_xml_name(name)}>{_xml_text(value)}</{_xml_name(name)}>"
        for name, value in values.items()
        if value is not None
    )


def _xml_text(value: object) -> str:
    """A value as XML may hold it: characters that it forbids are left out, a carriage return survives reading."""
    return escape(XML_FORBIDDEN.sub("", str(value)), {"\r": "&#13;"})


@lru_cache(maxsize=4096)
def _xml_name(name: str) -> str:
    """A column's name as XML allows it."""
    clean = re.sub(r"[^\w.-]", "_", name)
    return clean if clean[:1].isalpha() or clean[:1] == "_" else f"_{clean}"


FORMATS: Final[Mapping[str, tuple[str, Callable[[BinaryIO, Layout], Writer]]]] = MappingProxyType(
    {
        "csv": (".csv", csv_writer),
        "excel": (".xlsx", Sheet),
        "txt": (".txt", txt_writer),
        "parquet": (".parquet", Parquet),
        "json": (".json", Json),
        "xml": (".xml", Xml),
    }
)
"""Formats: ending of the file, and what writes it."""
