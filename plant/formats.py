"""Formats of texts that a profile can declare where a source does not write numbers and times the usual way.

A format is an example of what it reads: `1.234,5`, `h:mm`; of times a pattern such as `%d/%m/%Y`, or `excel` for serial numbers.
"""

from __future__ import annotations

from typing import Final

from plant.columns import ColumnType

NUMBERS: Final[dict[str, tuple[str, str]]] = {
    "1.234,5": (".", ","),
    "1,234.5": (",", "."),
    "1 234,5": (r"[ \u00a0\u2007\u2009\u202f]", ","),
    "1 234.5": (r"[ \u00a0\u2007\u2009\u202f]", "."),
    "1'234.5": ("['’]", "."),
}
"""Format -> separator of thousands (a pattern where it has several forms) and decimal sign."""
HOURS, MINUTES = "h:mm", "m:ss"
"""Durations: hours with minutes (and seconds), read as hours; minutes with seconds, read as minutes. Plain numbers stay what they are."""
TIMES_WITH_UNITS, SIZES_WITH_UNITS = "1h 30m", '1 1/2"'
"""Numbers that say their unit: times (`1h 30m`, `12 Min.`), read as minutes; sizes (`1 1/2"`, `30 mm`, `Ø30`), read as mm. Without a unit a
number is minutes or mm."""
EXCEL: Final = "excel"


def format_problem(text: str, kind: ColumnType) -> str:
    """What is wrong with a declared format, for people; "" where nothing is."""
    if kind in (ColumnType.NUMBER, ColumnType.INTEGER):
        known = (*NUMBERS, HOURS, MINUTES, TIMES_WITH_UNITS, SIZES_WITH_UNITS)
        return "" if text in known else f"{text!r} is no format of numbers; known are {', '.join(known)}"
    if kind is ColumnType.DATETIME:
        return (
            ""
            if text == EXCEL or "%" in text
            else f"{text!r} is no format of times: {EXCEL}, or a pattern such as %d/%m/%Y"
        )
    return f"{kind} has no formats"
