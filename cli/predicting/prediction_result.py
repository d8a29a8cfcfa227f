"""Putting the parts of a bulk prediction together: one Parquet or CSV file, written under a temporary name, with little memory."""

from __future__ import annotations

import codecs
import csv
import io
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO, Final

import polars as pl
from pyarrow import parquet

from cli.predicting.prediction_journal import FinishedPart
from common.errors import InvalidInput, PreconditionFailed
from common.files import writing
from common.spreadsheet_cells import guard_formulas, guard_split_cells

ROW_GROUP: Final = 100_000
"""Least rows of a row group of the Parquet file."""


def check_result_name(target: Path) -> None:
    """Refuse a file name that says no format.

    Raises:
        InvalidInput: it ends neither in .parquet nor in .csv.
    """
    if target.suffix.lower() not in WRITERS:
        raise InvalidInput(f"--out {target}: the name must end in {' or '.join(WRITERS)}")


def join_parts(parts: Sequence[Path], target: Path) -> int:
    """Write the rows of all parts, in order, to `target`; returns how many rows.

    Raises:
        PreconditionFailed: the file cannot be written, for example because a spreadsheet has it open.
    """
    schema = _common_schema(parts)
    try:
        with writing(target) as stream:
            return WRITERS[target.suffix.lower()](stream, schema, _frames(parts, schema))
    except OSError as error:
        raise PreconditionFailed(
            f"{target} cannot be written: {error.strerror or error}. Close the program that has it open, or make room, then "
            "repeat the command: everything predicted so far is kept"
        ) from None


def write_unanswered(finished: Sequence[FinishedPart], target: Path) -> Path | None:
    """Write the items that got no routing to a CSV file beside the result; returns it, None when there are none."""
    path = target.with_name(f"{target.stem}.unanswered.csv")
    pairs = [pair for part in finished for pair in part.unanswered]
    if not pairs:
        path.unlink(missing_ok=True)
        return None
    rows = guard_formulas(pl.DataFrame(pairs, schema={"ITEM_CD": pl.String, "REASON": pl.String}, orient="row"))
    with writing(path) as stream:
        stream.write(codecs.BOM_UTF8)
        rows.write_csv(stream, line_terminator="\r\n")
    return path


def _write_parquet(stream: BinaryIO, schema: pl.Schema, frames: Iterator[pl.DataFrame]) -> int:
    rows = 0
    with parquet.ParquetWriter(stream, pl.DataFrame(schema=schema).to_arrow().schema, compression="zstd") as writer:
        held: list[pl.DataFrame] = []
        for frame in frames:
            held.append(frame)
            rows += frame.height
            if sum(one.height for one in held) >= ROW_GROUP:
                writer.write_table(pl.concat(held).to_arrow())
                held.clear()
        if held:
            writer.write_table(pl.concat(held).to_arrow())
    return rows


def _write_csv(stream: BinaryIO, schema: pl.Schema, frames: Iterator[pl.DataFrame]) -> int:
    rows = 0
    heading = io.StringIO()
    csv.writer(heading, lineterminator="\r\n").writerow(schema.names())
    stream.write(codecs.BOM_UTF8 + heading.getvalue().encode("utf-8"))
    for frame in frames:
        safe = guard_split_cells(guard_formulas(frame))
        safe.write_csv(stream, include_header=False, line_terminator="\r\n")
        rows += frame.height
    return rows


WRITERS: Final[dict[str, Callable[[BinaryIO, pl.Schema, Iterator[pl.DataFrame]], int]]] = {
    ".parquet": _write_parquet,
    ".csv": _write_csv,
}


def _frames(parts: Sequence[Path], schema: pl.Schema) -> Iterator[pl.DataFrame]:
    for path in parts:
        frame = pl.read_parquet(path)
        yield frame.select(
            pl.col(name).cast(kind) if name in frame.columns else pl.lit(None, kind).alias(name)
            for name, kind in schema.items()
        )


def _common_schema(parts: Sequence[Path]) -> pl.Schema:
    """Every column of any part; where the types differ, numbers become floats and anything else text."""
    found: dict[str, pl.DataType] = {}
    for path in parts:
        for name, kind in pl.read_parquet_schema(path).items():
            before = found.setdefault(name, kind)
            if before != kind:
                both_numbers = before.is_numeric() and kind.is_numeric()
                found[name] = pl.Float64() if both_numbers else pl.String()
    return pl.Schema(found)
