"""The beginning of a CSV file: which separator, how many lines stand above the header, and what the columns are called."""

from __future__ import annotations

import csv
import io
import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

SEPARATORS: Final = ",;\t|"
_RECORDS: Final = 60
_SEP_LINE: Final = re.compile(r"\A\s*\"?sep=(.)\"?\s*\r?\n", re.IGNORECASE)
_EXCEL_TEXT: Final = re.compile(r'^="(.*)"$', re.DOTALL)
UNNAMED: Final = "\0"
"""Beginning of the name of a column that the header does not name: what separators at the end of lines make."""


@dataclass(frozen=True)
class CsvHead:
    """The header of a CSV file.

    Attributes:
        separator: one character.
        lines: lines down to and with the header, which may itself have line breaks.
        names: one a column, in order; those that the header does not name begin with `UNNAMED`.
    """

    separator: str
    lines: int
    names: tuple[str, ...]

    @property
    def columns(self) -> list[str]:
        """The columns that have a name."""
        return [name for name in self.names if not name.startswith(UNNAMED)]


def read_head(text: str, *, whole: bool) -> CsvHead | str:
    """The header in the beginning of a file, or what is wrong, for people.

    It is the first record that is as wide as most and is filled for more than half: titles have fewer values, or empty ones. A first
    line `sep=;` names the separator.

    Args:
        whole: whether the text is the whole file; the last record of a part may be cut off and is not looked at.
    """
    if not whole and "\n" not in text:
        return f"its first line has more than {len(text):,} characters: it is no header"
    named = _SEP_LINE.match(text)
    skipped = 1 if named else 0
    rest = text[named.end() :] if named else text
    separators = named.group(1) if named else SEPARATORS
    read = {separator: _records(rest, separator, whole=whole) for separator in separators}
    separator = max(separators, key=lambda one: _evenness(read[one]))
    records = read[separator]
    if not records:
        return _why_none(rest, separator)
    width = _usual_width(records)
    at = next((n for n, (record, _) in enumerate(records) if _is_header(record, width)), None)
    if at is None:
        return "it has no header line with the names of the columns"
    header, lines = records[at]
    names = [_name(text) for text in header]
    wider = max((len(record) for record, _ in records[at + 1 :] if not any(record[len(names) :])), default=0)
    names += [""] * (wider - len(names))
    widest = max((len(record) for record, _ in records[at + 1 :]), default=len(names))
    while names and not names[-1] and len(names) > widest:
        names.pop()
    known = [name for name in names if name]
    if any("\0" in name for name in known):
        return "a name in its header has a NUL character: it is no text, or of another encoding"
    twice = sorted({name for name in known if known.count(name) > 1})
    if twice:
        return f"column {', '.join(twice)} stands twice in the header"
    return CsvHead(separator, skipped + lines, tuple(name or f"{UNNAMED}{place}" for place, name in enumerate(names)))


def _why_none(text: str, separator: str) -> str:
    """Why a text has no record."""
    try:
        next(csv.reader(io.StringIO(text, newline=""), delimiter=separator), None)
    except csv.Error as error:
        return f"its header line cannot be read: {error}"
    return "it has no header line with the names of the columns"


def plain_text(text: str) -> str:
    """A text as Excel is told to keep it (="00012") without the telling."""
    found = _EXCEL_TEXT.match(text)
    return found.group(1) if found else text


def _name(text: str) -> str:
    """A column's name in one line."""
    return " ".join(plain_text(text.strip()).split())


def _records(text: str, separator: str, *, whole: bool) -> list[tuple[list[str], int]]:
    """The first records, each with the number of lines down to its end; empty lines are left out."""
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator)
    found: list[tuple[list[str], int]] = []
    try:
        for record in reader:
            if any(value.strip() for value in record):
                found.append((record, reader.line_num))
            if len(found) > _RECORDS:
                return found[:_RECORDS]
    except csv.Error:
        return found
    return found if whole or len(found) < 2 else found[:-1]


def _usual_width(records: Sequence[tuple[Sequence[str], int]]) -> int:
    """How many values most records have; of two widths that are as frequent, the one that comes first."""
    return Counter(len(record) for record, _ in records).most_common(1)[0][0]


def _evenness(records: Sequence[tuple[Sequence[str], int]]) -> tuple[int, int]:
    """How well a separator fits: records of the usual width, and that width."""
    if not records:
        return (0, 0)
    width = _usual_width(records)
    return (sum(len(record) == width for record, _ in records) if width > 1 else 0, width)


def _is_header(record: Sequence[str], width: int) -> bool:
    """Whether a record is wide and filled enough to name the columns; separators at the end of the others may be missing in it."""
    filled = sum(bool(value.strip()) for value in record)
    wide = len(record) >= width or (len(record) == width - 1 and width > 2)
    return wide and 2 * filled > width - 1 and (filled > 1 or width <= 2)
