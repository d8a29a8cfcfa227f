"""Reading the item codes of a bulk prediction: a text file, a CSV or Parquet file, or standard input."""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from common.errors import InvalidInput
from plant.item_keys import item_key

STANDARD_INPUT: Final = "-"
CODE_COLUMNS: Final = frozenset({"item_cd", "item_code", "itemcode", "code", "품목코드"})
"""Names, in lower case, of a column with item codes."""

DELIMITERS: Final = (",", ";", "\t")


@dataclass(frozen=True)
class ItemList:
    """The item codes to predict.

    Attributes:
        codes: without blanks around them, each once, in the order of the file.
        repeated: how many entries named an item again.
    """

    codes: list[str]
    repeated: int


def read_item_list(source: str) -> ItemList:
    """The codes of a file, or of standard input for "-".

    A text file has one code a line. Of a CSV or Parquet file the column ITEM_CD counts (or item_code, 품목코드), else the first.

    Raises:
        InvalidInput: it cannot be read as one of these, or has no codes.
    """
    found = _standard_input() if source == STANDARD_INPUT else _codes_of(Path(source))
    codes: dict[str, str] = {}
    count = 0
    for code in found:
        shown = code.strip()
        if shown:
            count += 1
            codes.setdefault(item_key(shown), shown)
    if not codes:
        raise InvalidInput(f"{source} holds no item codes: write one a line, or a table with a column ITEM_CD")
    return ItemList(list(codes.values()), count - len(codes))


def _codes_of(path: Path) -> Iterable[str]:
    readers: dict[str, Callable[[Path], Iterable[str]]] = {
        ".txt": lambda path: _lines(_text(_bytes(path), str(path))),
        "": lambda path: _lines(_text(_bytes(path), str(path))),
        ".csv": lambda path: _column(_text(_bytes(path), str(path))),
        ".tsv": lambda path: _column(_text(_bytes(path), str(path))),
        ".parquet": _parquet,
    }
    reader = readers.get(path.suffix.lower())
    if reader is None:
        raise InvalidInput(
            f"{path} cannot be read: give a .txt, .csv or .parquet file. A sheet of Excel can be saved as CSV (UTF-8)"
        )
    return reader(path)


def _standard_input() -> Iterable[str]:
    return _lines(_text(sys.stdin.buffer.read(), "standard input"))


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"{path} cannot be read: {error.strerror}") from None


def _text(content: bytes, name: str) -> str:
    """The text of a file as editors and Excel write it: UTF-8, UTF-16 with a mark, or the Korean code page."""
    encodings = ("utf-16",) if content[:2] in (b"\xff\xfe", b"\xfe\xff") else ("utf-8-sig", "cp949")
    for encoding in encodings:
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise InvalidInput(f"{name} is not text: save it as UTF-8, one item code a line")


def _lines(text: str) -> list[str]:
    return text.replace("\0", "").splitlines()


def _column(text: str) -> Iterator[str]:
    """The codes of a CSV file: of the column that is named as one, else of the first."""
    clean = text.replace("\0", "")
    heading = next((line for line in clean.splitlines() if line.strip()), "")
    delimiter = max(DELIMITERS, key=heading.count)
    rows = (row for row in csv.reader(io.StringIO(clean, newline=""), delimiter=delimiter) if row)
    try:
        first = next(rows, [])
        names = [name.strip().lower() for name in first]
        place = next((place for place, name in enumerate(names) if name in CODE_COLUMNS), None)
        if place is None:
            place = 0
            yield from first[:1]
        yield from (row[place] for row in rows if place < len(row))
    except csv.Error as error:
        raise InvalidInput(f"The table with item codes is damaged: {error}") from None


def _parquet(path: Path) -> list[str]:
    import polars as pl

    try:
        names = list(pl.read_parquet_schema(path))
        chosen = next((name for name in names if name.lower() in CODE_COLUMNS), names[0] if names else None)
        if chosen is None:
            return []
        return list(pl.read_parquet(path, columns=[chosen])[chosen].drop_nulls().cast(pl.String))
    except (OSError, pl.exceptions.PolarsError) as error:
        raise InvalidInput(f"{path} is no Parquet file that can be read: {str(error)[:200]}") from None
