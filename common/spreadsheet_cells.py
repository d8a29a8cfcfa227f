"""Text cells that no spreadsheet runs as a formula (OWASP, CSV injection), for every file that people open in one."""

from __future__ import annotations

from typing import Final

import polars as pl

FORMULA_STARTS: Final = ("=", "+", "-", "@", "\t", "\r", "＝", "＋", "－", "＠")
"""Text that begins so is run by spreadsheets."""

PLAIN_NUMBER: Final = r"^[+-]?\d+(?:[.,]\d+)*(?:[eE][+-]?\d+)?$"

SPLIT_FORMULA: Final = r";(\s*(?:[=@＝＠]|[+\-＋－][^\d.]))"
"""A formula after a semicolon inside a cell."""


def guard_formulas(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame whose text begins with an apostrophe where a spreadsheet would run it; numbers written as text stay."""
    return frame.with_columns(
        _guarded(pl.col(name)).alias(name) for name, kind in frame.schema.items() if kind == pl.String
    )


def guard_split_cells(frame: pl.DataFrame) -> pl.DataFrame:
    """A frame in which no formula follows a semicolon: spreadsheets of some countries take lines apart there, whatever the separator."""
    return frame.with_columns(
        pl.col(name).str.replace_all(SPLIT_FORMULA, ";'${1}")
        for name, kind in frame.schema.items()
        if kind == pl.String
    )


def _guarded(column: pl.Expr) -> pl.Expr:
    first = column.str.strip_chars_start(" ").str.slice(0, 1)
    dangerous = first.is_in(list(FORMULA_STARTS)) & ~column.str.contains(PLAIN_NUMBER)
    return pl.when(dangerous).then(pl.concat_str([pl.lit("'"), column])).otherwise(column)
