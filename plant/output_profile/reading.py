"""Reading a value as the type that an output column has: numbers and dates written as text, yes and no in their spellings."""

from __future__ import annotations

import math
from collections.abc import Callable
from datetime import date, datetime
from typing import Any, Final

from plant.output_profile.formats import OutputType, plain_number

_YES: Final = frozenset({"y", "yes", "true", "t", "1", "o", "예"})
_NO: Final = frozenset({"n", "no", "false", "f", "0", "x", "아니오", "아니요"})
_DATE_PATTERNS: Final = ("%Y%m%d", "%Y/%m/%d", "%Y.%m.%d", "%Y/%m/%d %H:%M:%S", "%Y%m%d%H%M%S")


def read_text(value: Any) -> str | None:
    """A value as text: whole numbers without decimals, dates as ISO."""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else plain_number(value)
    if isinstance(value, date | datetime):
        return value.isoformat()
    return str(value)


def read_number(value: Any) -> float | None:
    """A value as a number; None when it is none."""
    if isinstance(value, bool):
        return None
    try:
        number = float(value.strip().replace(",", "") if isinstance(value, str) else value)
    except (ValueError, TypeError):
        return None
    return number if math.isfinite(number) else None


def read_integer(value: Any) -> int | None:
    """A value as a whole number; None when it is none."""
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    number = read_number(value)
    return int(number) if number is not None and number.is_integer() and abs(number) < 2**53 else None


def read_moment(value: Any) -> datetime | None:
    """A value as a time; None when it is none."""
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime(value.year, value.month, value.day)  # noqa: DTZ001 - the plant's times have no zone
    if not isinstance(value, str):
        return None
    text = value.strip()
    try:
        return datetime.fromisoformat(text).replace(tzinfo=None)
    except ValueError:
        pass
    for pattern in _DATE_PATTERNS:
        try:
            return datetime.strptime(text, pattern)  # noqa: DTZ007 - the plant's times have no zone
        except ValueError:
            continue
    return None


def read_date(value: Any) -> date | None:
    """A value as a date; None when it is none."""
    moment = read_moment(value)
    return None if moment is None else moment.date()


def read_truth(value: Any) -> bool | None:
    """A value as yes or no; None when it is neither."""
    if isinstance(value, bool):
        return value
    word = str(int(value)) if isinstance(value, float) and value.is_integer() else str(value).strip().casefold()
    return True if word in _YES else False if word in _NO else None


READERS: Final[dict[OutputType, Callable[[Any], Any]]] = {
    OutputType.TEXT: read_text,
    OutputType.NUMBER: read_number,
    OutputType.INTEGER: read_integer,
    OutputType.DATE: read_date,
    OutputType.DATETIME: read_moment,
    OutputType.BOOLEAN: read_truth,
}
"""Output type -> what reads a value (never None) as one; None when it cannot."""
