"""A table in a CSV file: UTF-8 with or without byte order mark, UTF-16 or a code page, read in batches of the wanted columns."""

from __future__ import annotations

import codecs
import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

import polars as pl
import pyarrow as pa
import pyarrow.csv as pacsv

from common.errors import DataProblem
from plant.columns import ColumnType, SourceColumn
from source.canonical import narrowest_type
from source.code_pages import likely_code_pages
from source.csv_head import CsvHead, plain_text, read_head
from source.file_parts import FilePart
from source.parts import StoredPart, Whole
from source.source import vanished

MARKS: Final = (
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
"""Beginnings of files that say their encoding, such as what Excel saves as Unicode text; the longer ones first."""

_HEAD_BYTES: Final = 4096
_SAMPLE_ROWS: Final = 10_000
_BLOCK_BYTES: Final = 8 * 1024 * 1024
_HEADER_CHARACTERS: Final = 1_000_000
_LETTER_BYTES: Final = 20_000
_SMALLEST_BLOCK: Final = 1024 * 1024


class CsvTable:
    """A CSV file with a header line; separator comma, semicolon or tab, quotes doubled inside quotes."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._encoding: str | None = None
        self._columns: list[SourceColumn] | None = None

    @property
    def encoding(self) -> str:
        """utf-8, utf-16, utf-32, or the likeliest code page that decodes the whole file.

        Raises:
            DataProblem: neither does.
        """
        if self._encoding is None:
            self._encoding = self._detect_encoding()
        return self._encoding

    def columns(self) -> list[SourceColumn]:
        """Columns in stored order; the type is the narrowest that fits the first 10,000 rows."""
        if self._columns is None:
            head = self._head()
            sample = next(iter(self._frames(head, head.columns, _SAMPLE_ROWS)), None)
            self._columns = [
                SourceColumn(name, narrowest_type(_as_typed(sample[name])) if sample is not None else ColumnType.TEXT)
                for name in head.columns
            ]
        return list(self._columns)

    def names(self) -> list[str]:
        """Names of the columns, without a look at their values."""
        return self._head().columns

    def count(self) -> int:
        """Rows."""
        head = self._head()
        return sum(frame.height for frame in self._frames(head, head.columns[:1], 200_000))

    def frames(self, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        """The named columns as text, in frames of at most `batch_rows` rows."""
        for frame in self._frames(self._head(), columns, batch_rows):
            yield frame.select(_as_typed(frame[name]) for name in columns)

    @contextlib.contextmanager
    def parts(self) -> Iterator[list[StoredPart] | Whole]:
        """The file as one part."""
        yield [FilePart(self.path, self)]

    def _frames(self, head: CsvHead, columns: Sequence[str], batch_rows: int) -> Iterator[pl.DataFrame]:
        ragged: list[tuple[int, int, int]] = []

        def on_ragged(row: pacsv.InvalidRow) -> str:
            ragged.append((row.expected_columns, row.actual_columns, row.number or 0))
            return "error"

        block = min(_BLOCK_BYTES, max(_SMALLEST_BLOCK, self.path.stat().st_size))
        try:
            with pacsv.open_csv(
                self.path,
                pacsv.ReadOptions(
                    use_threads=False,
                    block_size=block,
                    encoding=self.encoding,
                    skip_rows=head.lines,
                    column_names=list(head.names),
                ),
                pacsv.ParseOptions(delimiter=head.separator, newlines_in_values=True, invalid_row_handler=on_ragged),
                pacsv.ConvertOptions(
                    column_types={name: pa.large_string() for name in columns},
                    include_columns=list(columns),
                    null_values=[""],
                    strings_can_be_null=True,
                    quoted_strings_can_be_null=True,
                ),
            ) as reader:
                waiting: list[pl.DataFrame] = []
                for batch in reader:
                    waiting.append(pl.DataFrame(pa.Table.from_batches([batch])))
                    if sum(frame.height for frame in waiting) >= batch_rows:
                        whole = pl.concat(waiting)
                        full = whole.height - whole.height % batch_rows
                        yield from whole[:full].iter_slices(batch_rows)
                        waiting = [whole[full:]]
                rest = pl.concat(waiting) if waiting else None
                if rest is not None and rest.height:
                    yield rest
        except (pa.ArrowException, UnicodeError, OSError) as error:
            if not self.path.exists():
                raise vanished(self.path) from None
            if ragged:
                expected, actual, line = ragged[0]
                where = f"row {line:,}" if line else "a row"
                raise self._problem(
                    f"{where} has {actual} values, the header has {expected}: a separator is missing or stands in a value without quotes"
                ) from None
            raise self._problem(f"{str(error).splitlines()[0]}: write it again") from None

    def _head(self) -> CsvHead:
        """The header.

        Raises:
            DataProblem: there is none, or it names a column twice.
        """
        try:
            with open(
                self.path, encoding="utf-8-sig" if self.encoding == "utf-8" else self.encoding, newline=""
            ) as stream:
                text = stream.read(_HEADER_CHARACTERS)
                found = read_head(text, whole=not stream.read(1))
        except FileNotFoundError as error:
            raise vanished(self.path, error) from None
        if isinstance(found, str):
            raise self._problem(found)
        return found

    def _detect_encoding(self) -> str:
        problem: UnicodeDecodeError | None = None
        for encoding in self._possible_encodings():
            decoder = codecs.getincrementaldecoder(encoding)()
            try:
                with open(self.path, "rb") as stream:
                    while chunk := stream.read(_BLOCK_BYTES):
                        decoder.decode(chunk)
                    decoder.decode(b"", final=True)
                return encoding
            except UnicodeDecodeError as error:
                problem = problem or error
            except FileNotFoundError as error:
                raise vanished(self.path, error) from None
            except OSError as error:
                raise DataProblem(
                    f"{self.path} cannot be read ({error.strerror}): another program may hold it, or this account lacks the right",
                    reason="SOURCE_LOCKED",
                    details={"path": self.path},
                ) from None
        raise self._problem(
            f"it is neither UTF-8, UTF-16 nor of a code page of Windows ({problem}): save it as CSV UTF-8",
            "SOURCE_ENCODING",
        )

    def _possible_encodings(self) -> Sequence[str]:
        """The encoding that the beginning of the file shows, or those that nothing shows."""
        try:
            with open(self.path, "rb") as stream:
                head = stream.read(_HEAD_BYTES)
        except OSError:
            return ("utf-8",)  # the reading that follows says what is wrong
        for mark, encoding in MARKS:
            if head.startswith(mark):
                return (encoding,)
        zeros = [head[start::2].count(0) for start in (0, 1)]
        if (
            max(zeros) > len(head) // 8
        ):  # separators and digits of UTF-16 have an empty byte each; no text of one byte has any
            return ("utf-16-be",) if zeros[0] > zeros[1] else ("utf-16-le",)
        return ("utf-8", *likely_code_pages(_with_letters(self.path)))

    def _problem(self, what: str, reason: str = "SOURCE_DAMAGED") -> DataProblem:
        return DataProblem(f"{self.path} cannot be read as CSV: {what}", reason=reason, details={"path": self.path})


def _with_letters(path: Path) -> bytes:
    """The first lines of a file that have letters beyond ASCII, up to a block."""
    found = bytearray()
    with open(path, "rb") as stream:
        for line in stream:
            if not line.isascii():
                found += line
            if len(found) > _LETTER_BYTES:
                break
    return bytes(found)


def _as_typed(series: pl.Series) -> pl.Series:
    """A text column without Excel's way to keep texts (="00012")."""
    if not series.str.starts_with('="').any():
        return series
    known = {text: plain_text(text) for text in series.drop_nulls().unique()}
    return series.replace_strict(known, return_dtype=pl.String)
