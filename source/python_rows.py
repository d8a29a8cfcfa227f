"""Values that arrive as Python objects, column by column, as series of one type each."""

from __future__ import annotations

import datetime
from collections.abc import Sequence
from typing import Any

import polars as pl


def series_of(name: str, values: Sequence[Any]) -> pl.Series:
    """The values as whole numbers, numbers, times, yes or no where all of them are; else as text, numbers as people write them.

    "" is absent; a date is its midnight; bytes are text where they are UTF-8.
    """
    held = [None if value == "" else value for value in values]
    kinds = {type(value) for value in held if value is not None}
    if not kinds:
        return pl.Series(name, [None] * len(held), dtype=pl.String)
    if kinds == {bool}:
        return pl.Series(name, held, dtype=pl.Boolean)
    if kinds <= {int, float}:
        return _numbers(name, held)
    if kinds <= {datetime.datetime, datetime.date}:
        return pl.Series(name, [_moment(value) for value in held], dtype=pl.Datetime("ms"))
    return pl.Series(name, [None if value is None else _text(value) for value in held], dtype=pl.String)


def _numbers(name: str, held: Sequence[Any]) -> pl.Series:
    whole = all(value is None or (float(value).is_integer() and abs(value) < 2**53) for value in held)
    try:
        return pl.Series(
            name,
            [None if v is None else int(v) for v in held] if whole else held,
            dtype=pl.Int64 if whole else pl.Float64,
        )
    except (OverflowError, TypeError, pl.exceptions.PolarsError):
        return pl.Series(name, [None if v is None else float(v) for v in held], dtype=pl.Float64)


def _moment(value: Any) -> Any:
    if value is None or isinstance(value, datetime.datetime):
        return value
    return datetime.datetime.combine(value, datetime.time())


def _text(value: Any) -> str:
    if isinstance(value, float) and value.is_integer() and abs(value) < 2**53:
        return str(int(value))
    if isinstance(value, datetime.datetime):
        return value.isoformat(" ", "seconds")
    if isinstance(value, datetime.timedelta):
        seconds = round(value / datetime.timedelta(seconds=1))
        return f"{seconds // 3600:02d}:{seconds // 60 % 60:02d}:{seconds % 60:02d}"
    if isinstance(value, bytes):
        return value.decode("utf-8", "replace")
    return str(value)
