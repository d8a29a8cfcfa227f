"""How values of each type are written as text: patterns such as 0.00, #,##0, 0000, %Y-%m-%d, Y/N, upper."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date, datetime
from enum import StrEnum
from typing import Any, Final


class OutputType(StrEnum):
    """What an output column holds."""

    TEXT = "text"
    NUMBER = "number"
    INTEGER = "integer"
    DATE = "date"
    DATETIME = "datetime"
    BOOLEAN = "boolean"


Writer = Callable[[Any], str]

_NUMBER = re.compile(r"(#,##)?0(?:\.(0{1,9}))?")
_PADDED = re.compile(r"0{1,30}")
_MOMENT_PARTS: Final = frozenset("YmdHMSyj%")
_TRUTH = re.compile(r"([^/]{1,20})/([^/]{1,20})")
_CASES: Final[dict[str, Writer]] = {"upper": str.upper, "lower": str.lower, "trim": str.strip}

EXAMPLES: Final = {
    OutputType.TEXT: "upper, lower or trim",
    OutputType.NUMBER: "0, 0.00, #,##0 or #,##0.0",
    OutputType.INTEGER: "0, #,##0 or 0000",
    OutputType.DATE: "%Y-%m-%d or %Y%m%d",
    OutputType.DATETIME: "%Y-%m-%d %H:%M:%S",
    OutputType.BOOLEAN: "Y/N or 1/0",
}
"""Patterns of each type, for people."""


def writer(kind: OutputType, pattern: str) -> Writer | None:
    """What writes values of a type (never None) in a pattern; "" is the plain way. None when the pattern makes no sense."""
    match kind:
        case OutputType.TEXT:
            return _CASES.get(pattern) if pattern else str
        case OutputType.NUMBER:
            return _number_writer(pattern)
        case OutputType.INTEGER:
            return _integer_writer(pattern)
        case OutputType.DATE:
            return _moment_writer(pattern or "%Y-%m-%d", "YmdyYj%")
        case OutputType.DATETIME:
            return _moment_writer(pattern or "%Y-%m-%dT%H:%M:%S", _MOMENT_PARTS)
    return _truth_writer(pattern or "Y/N")


def _number_writer(pattern: str) -> Writer | None:
    if not pattern:
        return plain_number
    match = _NUMBER.fullmatch(pattern)
    if match is None:
        return None
    spec = f"{',' if match[1] else ''}.{len(match[2] or '')}f"
    return lambda value: _without_negative_zero(format(float(value), spec))


def plain_number(value: float) -> str:
    """A number with at least one decimal and without an exponent."""
    text = repr(float(value))
    if "e" not in text:
        return text
    text = f"{value:.17f}".rstrip("0")
    return text + "0" if text.endswith(".") else text


def _without_negative_zero(text: str) -> str:
    return text[1:] if text.startswith("-") and not text.strip("-0.,") else text


def _integer_writer(pattern: str) -> Writer | None:
    if not pattern:
        return str
    if pattern == "#,##0":
        return lambda value: format(int(value), ",")
    if _PADDED.fullmatch(pattern):
        return lambda value: format(int(value), f"0{len(pattern)}d")
    return None


def _moment_writer(pattern: str, parts: frozenset[str] | str) -> Writer | None:
    named = re.findall(r"%(.?)", pattern)
    if not named or not all(part and part in parts for part in named):
        return None

    def write(value: date | datetime) -> str:
        return value.strftime(pattern.replace("%Y", f"{value.year:04d}"))

    return write


def _truth_writer(pattern: str) -> Writer | None:
    match = _TRUTH.fullmatch(pattern)
    if match is None or match[1] == match[2]:
        return None
    yes, no = match[1], match[2]
    return lambda value: yes if value else no
