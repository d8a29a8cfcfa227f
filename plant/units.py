"""Units that a numeric column of a source can be in, and the factor to the internal one: mm, grams or minutes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True)
class Unit:
    """A unit: its name, whether it measures size, mass or time, and how many mm, grams or minutes it is."""

    name: str
    measures: str
    factor: float


_UNITS: Final = (
    (Unit("MM", "size", 1.0), ("mm", "millimeter", "millimetre")),
    (Unit("CM", "size", 10.0), ("cm", "centimeter", "centimetre")),
    (Unit("M", "size", 1000.0), ("m", "meter", "metre")),
    (Unit("INCH", "size", 25.4), ("inch", "in", "inches", '"', "인치")),
    (Unit("G", "mass", 1.0), ("g", "gram", "grams", "그램")),
    (Unit("KG", "mass", 1000.0), ("kg", "kilogram", "kilograms", "킬로그램")),
    (Unit("LB", "mass", 453.59237), ("lb", "lbs", "pound", "pounds", "파운드")),
    (Unit("OZ", "mass", 28.349523125), ("oz", "ounce", "ounces", "온스")),
    (Unit("SEC", "time", 1 / 60), ("sec", "s", "second", "seconds", "초")),
    (Unit("MIN", "time", 1.0), ("min", "minute", "minutes", "분")),
    (Unit("H", "time", 60.0), ("h", "hr", "hur", "std", "hour", "hours", "시간")),
    (Unit("DAY", "time", 1440.0), ("day", "d", "days", "일")),
)
UNITS: Final[dict[str, Unit]] = {spelling: unit for unit, spellings in _UNITS for spelling in spellings}
NAMES: Final = tuple(unit.name for unit, _ in _UNITS)


def find_unit(text: str) -> Unit | None:
    """The unit that a text names, ignoring case and blanks; None when unknown."""
    return UNITS.get(text.strip().lower())
