"""Values of features: what counts as absent, how texts, units and numbers are tidied, and sizes in millimetres."""

from __future__ import annotations

import math
import re
from typing import Final

from plant.units import MASS, SIZE, find_unit

ABSENT: Final = ""
"""Stands for every way in which a source says that a text is absent."""

MIDNIGHT: Final = "T00:00:00"
_MOMENT: Final = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")
_ABSENT_WORDS: Final = frozenset({"", "nan", "null", "none", "-", "--"})


def is_absent(text: str | None) -> bool:
    """Whether a text says that there is no value: null, "", nan, null, None, - or --, blanks around it ignored."""
    return text is None or text.strip().lower() in _ABSENT_WORDS


def tidy_text(value: object) -> str:
    """A value as the text that is compared: outer blanks gone, inner ones single, absence as ABSENT; 11.0 reads as 11."""
    if value is None:
        return ABSENT
    if isinstance(value, float):
        if not math.isfinite(value):
            return ABSENT
        return str(int(value)) if value.is_integer() else repr(value)
    text = " ".join(str(value).split())
    return ABSENT if text.lower() in _ABSENT_WORDS else text


def tidy_unit(value: object) -> str:
    """A unit in its one spelling: `INCH` for all inches, capitals otherwise, ABSENT where there is none."""
    text = tidy_text(value).upper()
    known = find_unit(text)
    return known.name if known is not None and known.name == "INCH" else text


def mm_per_unit(value: object) -> float:
    """Millimetres in one unit of length or grams in one of mass; 1 for everything else, which is in mm or g."""
    known = find_unit(tidy_unit(value))
    return known.factor if known is not None and known.measures in (SIZE, MASS) else 1.0


def number_text(value: float) -> str | None:
    """A number as text, whole ones without a fraction; None for NaN."""
    if value != value:
        return None
    return str(int(value)) if math.isfinite(value) and value == int(value) else repr(value)


def shown_value(value: object) -> str | None:
    """A value of an item or an operation as people read it: whole numbers without a fraction, days without a time; None where absent."""
    if value is None or value == "":
        return None
    if isinstance(value, float):
        return number_text(value)
    return str(value).removesuffix(MIDNIGHT) if _MOMENT.fullmatch(str(value)) else str(value)


def number_of(value: object) -> float:
    """A value as a number, NaN where it is absent or no number."""
    if value is None:
        return math.nan
    if isinstance(value, (int, float)):
        return float(value) if math.isfinite(value) else math.nan
    text = str(value).strip()
    if text.lower() in _ABSENT_WORDS:
        return math.nan
    try:
        number = float(text)
    except ValueError:
        return math.nan
    return number if math.isfinite(number) else math.nan
