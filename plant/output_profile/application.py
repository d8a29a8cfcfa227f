"""Applying an output profile to rows: values of the right types, the texts that files hold, and what breaks the checks."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Final

import polars as pl

from common.notices import notice
from plant.output_profile.formats import OutputType, writer
from plant.output_profile.profile import OutputColumn, OutputProfile, encodable
from plant.output_profile.reading import READERS

_DTYPES: Final[dict[OutputType, pl.DataType]] = {
    OutputType.TEXT: pl.String(),
    OutputType.NUMBER: pl.Float64(),
    OutputType.INTEGER: pl.Int64(),
    OutputType.DATE: pl.Date(),
    OutputType.DATETIME: pl.Datetime("ms"),
    OutputType.BOOLEAN: pl.Boolean(),
}

MAX_FINDINGS: Final = 200


@dataclass(frozen=True)
class Finding:
    """A value that breaks a check.

    Attributes:
        row: from 0.
        column: name of the output column.
        check: null, type, range, length, value or encoding.
        value: as text; "" when absent.
        message: for people.
    """

    row: int
    column: str
    check: str
    value: str
    message: str


@dataclass(frozen=True)
class Applied:
    """Rows as a profile puts them out.

    Attributes:
        values: one typed column an output column; null where absent or of the wrong type.
        texts: the same as the text that a file holds; null where absent.
        findings: the first findings, by row and then in the order of the columns.
        total_findings: number of all.
    """

    values: pl.DataFrame
    texts: pl.DataFrame
    findings: Sequence[Finding]
    total_findings: int


def apply_profile(
    profile: OutputProfile, rows: pl.DataFrame, *, default_encoding: str = "utf-8", max_findings: int = MAX_FINDINGS
) -> Applied:
    """Put rows out through a profile that is valid.

    Args:
        rows: one row an operation, under the prediction's column names; columns that are missing are absent.
        default_encoding: where the profile names none.
        max_findings: most findings listed, at least 1.
    """
    encoding = profile.encoding or default_encoding
    values: list[pl.Series] = []
    texts: list[pl.Series] = []
    found: list[tuple[int, int, Finding]] = []
    for order, column in enumerate(profile.columns):
        made, written, findings = _column(profile, column, rows, encoding)
        values.append(pl.Series(column.name, made, dtype=_DTYPES[column.type]))
        texts.append(pl.Series(column.name, written, dtype=pl.String))
        found.extend((finding.row, order, finding) for finding in findings)
    found.sort(key=lambda entry: entry[:2])
    return Applied(
        pl.DataFrame(values),
        pl.DataFrame(texts),
        [finding for _row, _order, finding in found[:max_findings]],
        len(found),
    )


def _column(
    profile: OutputProfile, column: OutputColumn, rows: pl.DataFrame, encoding: str
) -> tuple[list[Any], list[str | None], list[Finding]]:
    """Values, texts and findings of one column. Equal values are treated once."""
    read, write = READERS[column.type], writer(column.type, column.format)
    assert write is not None, "the profile is valid"
    name = profile.column_of(column.source)
    given: Sequence[Any]
    if not column.source:
        given = [column.constant] * rows.height
    elif name in rows.columns:
        given = rows[name].to_list()
    else:
        given = [None] * rows.height
    seen: dict[tuple[type, Any], tuple[Any, str | None, tuple[str, str] | None]] = {}
    values: list[Any] = []
    texts: list[str | None] = []
    findings = []
    for row, value in enumerate(given):
        if value is None or value == "" or value != value:
            value = column.default
        key = (type(value), value)
        if key not in seen:
            made = None if value is None else read(value)
            text = None if made is None else write(made)
            seen[key] = (made, text, _wrong(column, value, made, text, encoding))
        made, text, wrong = seen[key]
        values.append(made)
        texts.append(text)
        if wrong is not None:
            findings.append(Finding(row, column.name, wrong[0], "" if value is None else str(value)[:200], wrong[1]))
    return values, texts, findings


def _wrong(column: OutputColumn, value: Any, made: Any, text: str | None, encoding: str) -> tuple[str, str] | None:
    """The first check that a value breaks, and why."""
    if value is None:
        return (
            ("null", notice("VALUE_EMPTY", "{column} must not be empty", column=column.name))
            if column.required
            else None
        )

    def wrong(check: str, code: str, sentence: str, **values: object) -> tuple[str, str]:
        return check, notice(code, "{column}: " + sentence, column=column.name, **values)

    if made is None or text is None:
        shown = repr(str(value)[:60])
        return wrong("type", "VALUE_OF_OTHER_TYPE", "{value} is not of type {type}", value=shown, type=column.type)
    if column.minimum is not None and made < column.minimum:
        return wrong("range", "VALUE_BELOW", "{value} is below {least}", value=text, least=f"{column.minimum:g}")
    if column.maximum is not None and made > column.maximum:
        return wrong("range", "VALUE_ABOVE", "{value} is above {most}", value=text, most=f"{column.maximum:g}")
    if column.max_length is not None and len(text) > column.max_length:
        sentence = "{count} characters are more than {most}"
        return wrong("length", "VALUE_TOO_LONG", sentence, count=len(text), most=column.max_length)
    if column.values and text not in column.values:
        allowed = ", ".join(column.values[:8])
        return wrong(
            "value", "VALUE_NOT_ALLOWED", "{value} is not one of {allowed}", value=repr(text[:60]), allowed=allowed
        )
    if not encodable(text, encoding):
        sentence = "{value} cannot be written in {encoding}"
        return wrong("encoding", "VALUE_NOT_ENCODABLE", sentence, value=repr(text[:60]), encoding=encoding)
    return None
