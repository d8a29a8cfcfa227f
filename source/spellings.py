"""How the texts of a column write numbers, durations and times: reading declared formats (`plant.formats`), and finding them."""

from __future__ import annotations

from typing import Final

import polars as pl

from plant.columns import ColumnType
from plant.formats import EXCEL, HOURS, MINUTES, NUMBERS, SIZES_WITH_UNITS, TIMES_WITH_UNITS
from plant.units import SIZE, TIME
from source.canonical import convert, narrow
from source.texts_with_units import read_texts, says_units

_DURATION: Final = r"^(\d{1,4}):([0-5]\d)(?::([0-5]\d(?:\.\d+)?))?$"
_DAY_MS: Final = 86_400_000
_EXCEL_EPOCH: Final = 25_569


def read_as(texts: pl.Series, text_format: str, kind: ColumnType) -> pl.Series:
    """Texts of a declared format in a canonical type; null where they do not fit. What needs no format is read as without one."""
    plain = narrow(texts.str.strip_chars())
    usual = convert(plain, kind) if kind is ColumnType.DATETIME else None
    if text_format in NUMBERS:
        thousands, decimal = NUMBERS[text_format]
        pattern = thousands if thousands.startswith("[") else f"[{thousands}]"
        return convert(plain.str.replace_all(pattern, "").str.replace(decimal, ".", literal=True), kind)
    if text_format in (TIMES_WITH_UNITS, SIZES_WITH_UNITS):
        return convert(read_texts(plain, TIME if text_format == TIMES_WITH_UNITS else SIZE), kind)
    if text_format in (HOURS, MINUTES):
        return convert(_duration(plain, text_format), kind)
    if text_format == EXCEL:
        days = plain.cast(pl.Float64, strict=False)
        made = ((days - _EXCEL_EPOCH) * _DAY_MS).round().cast(pl.Int64, strict=False).cast(pl.Datetime("ms"))
    else:
        made = plain.str.to_datetime(text_format, strict=False, time_unit="ms")
    return made if usual is None else made.zip_with(made.is_not_null(), usual)


def _duration(plain: pl.Series, text_format: str) -> pl.Series:
    parts = [plain.str.extract(_DURATION, group).cast(pl.Float64) for group in (1, 2, 3)]
    first, second, third = parts[0], parts[1], parts[2].fill_null(0.0)
    hours = first + second / 60 + third / 3600
    # of MINUTES two fields are minutes and seconds, three are hours, minutes and seconds
    short = hours if text_format == HOURS else (hours * 60).zip_with(parts[2].is_not_null(), first + second / 60)
    return short.zip_with(short.is_not_null(), plain.cast(pl.Float64, strict=False))


_PLAIN: Final = r"^[+-]?(\d+\.?\d*|\.\d+)$"
_SCIENTIFIC: Final = r"^[+-]?\d+\.\d+[eE][+-]?\d+$|^[+-]?\d+[eE][+-]\d+$"
"""As programs write numbers that are very large or small: a fraction before the exponent, or a sign in it. 1E5 is a code as well."""
_GROUPED_ONCE: Final = r"^[+-]?[1-9]\d{0,2}[,.]\d{3}$"


def decimal_shown(values: pl.Series) -> str:
    """The decimal sign that texts of numbers show beyond doubt: "," or "."; "" where they show none, or not which.

    A sign before three digits can separate thousands as well; before any other number of digits, after a zero or beside another sign that
    repeats it cannot.
    """
    values = values.filter(values.str.contains(r"^[+-]?[\d.,' \u00a0\u2007\u2009\u202f]+$"))
    comma = (
        values.str.contains(r"^[^,]*,(\d{1,2}|\d{4,})$|^[+-]?0,\d+$|\..*,").any()
        or values.str.contains(r"\..*\.").any()
    )
    point = (
        values.str.contains(r"^[^.]*\.(\d{1,2}|\d{4,})$|^[+-]?0?\.\d+$|,.*\.").any()
        or values.str.contains(r",.*,").any()
    )
    return "" if comma == point else "," if comma else "."


def is_unclear(values: pl.Series) -> bool:
    """Whether the sign in texts of numbers stands before three digits everywhere: it can be the decimal sign, or that of thousands."""
    signed = values.filter(values.str.contains("[.,]"))
    if values.str.contains(r"^[+-]?\d{4,}").any():  # thousands are not separated
        return False
    return signed.len() > 0 and bool(signed.str.contains(_GROUPED_ONCE).all())


def number_format(values: pl.Series) -> str | None:
    """The format of numbers that all texts have; "" where they need none, None where they are no numbers.

    1,234 is a number above thousand where all commas stand before three digits and no number begins with 0, else one below two.
    """
    values = narrow(values)
    if values.str.contains(f"{_PLAIN}|{_SCIENTIFIC}").all():
        return ""
    if values.str.contains(_DURATION).all():
        return HOURS
    ungrouped = r"^[+-]?\d+(\.\d+)?$" if not values.str.contains(r"^[+-]?\d{4,}").any() else r"^[+-]?\d{1,3}(\.\d+)?$"
    if values.str.contains(rf"^[+-]?[1-9]\d{{0,2}}(,\d{{3}})*(\.\d+)?$|{ungrouped}").all():
        return "1,234.5"
    for name, pattern in (
        ("1.234,5", r"^[+-]?(\d{1,3}(\.\d{3})+|\d+)(,\d+)?$"),
        ("1 234,5", r"^[+-]?\d{1,3}([ \u00a0\u2007\u2009\u202f]\d{3})*(,\d+)?$"),
        ("1 234.5", r"^[+-]?\d{1,3}([ \u00a0\u2007\u2009\u202f]\d{3})*(\.\d+)?$"),
        ("1'234.5", r"^[+-]?\d{1,3}(['’]\d{3})*(\.\d+)?$"),
    ):
        if values.str.contains(pattern).all():
            return name
    if says_units(values, TIME):
        return TIMES_WITH_UNITS
    return SIZES_WITH_UNITS if says_units(values, SIZE) else None
