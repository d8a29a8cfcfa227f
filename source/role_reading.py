"""Reading the table of a role through an input profile: internal names and types, units converted, defaults filled in."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Generator, Mapping, Sequence
from datetime import datetime

import polars as pl

from common.errors import DataProblem, InvalidInput, NotFound
from common.notices import notice
from plant.columns import ColumnType
from plant.features import is_absent
from plant.input_profile import InputProfile, ProfileColumn
from plant.schema import FEATURES, ITEM_CODE, OPTIONAL_TABLES, ROUTING
from plant.units import COUNT, MASS, SIZE, TIME, find_unit, time_unit
from source.canonical import ABSENT_WORDS
from source.column_types import POLARS_TYPES
from source.source import BATCH_ROWS, Source, find_name, find_table
from source.spellings import read_as

OnFinding = Callable[[int, str], None]
"""Told a number of rows and what was found in them, for people."""


def read_role(
    source: Source,
    profile: InputProfile,
    role: str,
    internal_columns: Sequence[str] | None = None,
    batch_rows: int = BATCH_ROWS,
    on_rows: Callable[[int], None] | None = None,
    on_finding: OnFinding | None = None,
) -> Generator[pl.DataFrame, None, None]:
    """The table of a role in frames with internal column names.

    Args:
        role: features, routing or results.
        internal_columns: internal columns wanted, in this order; None: all of the role in the order of the view.
        batch_rows: most rows of a frame.
        on_rows: called with the number of rows read so far after each frame.
        on_finding: called, after the last frame, with a number of rows and what was found in them.

    Yields:
        Frames of up to `batch_rows` rows with exactly the wanted columns; none when the table is empty, or missing and optional.

    Raises:
        DataProblem: a required table or column is missing, a value does not fit, or the source broke off.
        InvalidInput: an internal column is unknown.
    """
    known = profile.plant.columns(role)
    wanted = list(internal_columns) if internal_columns is not None else list(known)
    unknown = [name for name in wanted if name not in known]
    if unknown:
        raise InvalidInput(f"{', '.join(unknown)} is not an internal column of the {role} table")
    table = table_of(source, profile, role)
    if table is None:
        return
    stored = [column.name for column in source.columns(table)]
    mapped = {name: column for name, column in profile.columns_of(role).items() if name in wanted}
    check_required(source, profile, role, table, stored)
    item_column = find_name(profile.source_column(role, ITEM_CODE), stored) or ""
    present = {
        name: found for name, column in mapped.items() if (found := find_name(column.source, stored)) is not None
    }
    # A source column may feed several internal ones, each with its own type: read once a (column, type).
    formats = {name: column.format for name, column in mapped.items() if column.format and name in present}
    # Always in the same order, by which the parts of the table are known that were read before.
    reads = dict.fromkeys(
        (found, ColumnType.TEXT if name in formats else known[name]) for name, found in present.items()
    )
    if item_column and not any(found == item_column for found, _ in reads):
        reads[item_column, ColumnType.TEXT] = None
    simple = dict(reads.keys())
    if len(simple) != len(reads):
        twice = sorted(found for found in simple if sum(column == found for column, _ in reads) > 1)
        raise InvalidInput(
            f"The input profile {profile.name} maps {', '.join(twice)} of {table} to internal columns of different types",
            reason="PROFILE_INVALID",
        )
    unit_columns = _declared_units(profile, role)
    rows = _RowFactors(profile, role, table, stored, on_finding)
    simple |= dict(rows.reads())
    total = 0
    try:
        for frame in source.batches(table, list(simple), simple, batch_rows, item_column=item_column):
            for name, text_format in formats.items():
                frame = spelled(frame, table, item_column, present[name], text_format, known[name])
            made = [
                rows.applied(
                    name, _expression(name, known[name], mapped.get(name), present.get(name), unit_columns), frame
                )
                for name in wanted
            ]
            rows.count_unknown(frame)
            yield frame.with_columns(made).select(wanted)
            total += frame.height
            if on_rows:
                on_rows(total)
    finally:
        rows.tell()


def spelled(
    frame: pl.DataFrame, table: str, item_column: str, column: str, text_format: str, kind: ColumnType
) -> pl.DataFrame:
    """The frame with a column of texts read in its declared format.

    Raises:
        DataProblem: a text does not fit; names table, item, column and format.
    """
    texts = frame[column]
    if texts.dtype != pl.String:
        return frame
    made = read_as(texts, text_format, kind)
    lost = (made.is_null() & ~texts.str.strip_chars().str.to_lowercase().is_in(ABSENT_WORDS).fill_null(True)).arg_true()
    if lost.len():
        at = int(lost[0])
        item = frame[item_column][at] if item_column in frame.columns else None
        raise DataProblem(
            f"Table {table}, item {item!r}, column {column}: {texts[at]!r} is not of the format {text_format} that the input profile "
            "declares. Correct it in the source, or declare another format",
            reason="VALUE_MISFIT",
            details={"table": table, "item": item or "", "column": column, "value": texts[at]},
        )
    return frame.with_columns(made.alias(column))


def table_of(source: Source, profile: InputProfile, role: str) -> str | None:
    """The source's table for a role; None when it is missing and the system works without it.

    Raises:
        DataProblem: a required table is missing.
    """
    named = dict(profile.tables).get(role, "").strip()  # type: ignore[call-overload]
    tables = source.tables()
    found = find_table(named, tables)
    if found is None and role not in OPTIONAL_TABLES:
        if named:
            _explain_other(source, named)
        listed = ", ".join(tables[:12]) + (" ..." if len(tables) > 12 else "")
        raise DataProblem(
            f"{source.description} lacks table {named or '(none named)'}; the input profile {profile.name} takes the {role} from it. "
            f"The source has {listed or 'no tables'}",
            reason="TABLE_MISSING",
            details={"table": named, "role": role, "path": source.path},
        )
    return found


def _explain_other(source: Source, name: str) -> None:
    """Raise where the source knows that something of this name is no table: a saved query, a linked table."""
    with contextlib.suppress(NotFound):
        source.columns(name)


def check_required(source: Source, profile: InputProfile, role: str, table: str, stored: Sequence[str]) -> None:
    """Refuse a table without a column that the profile requires.

    Raises:
        DataProblem: names table, columns and what the profile maps them to.
    """
    missing = [
        column
        for column in profile.columns_of(role).values()
        if column.needed and find_name(column.source, stored) is None
    ]
    if missing:
        one = len(missing) == 1
        raise DataProblem(
            f"{table} lacks column{'' if one else 's'} {', '.join(column.source for column in missing)}; the active input profile "
            f"({profile.name}) maps {'it' if one else 'them'} to {', '.join(column.internal for column in missing)}. "
            "Add it to the source, or change the profile",
            reason="COLUMN_MISSING",
            details={"table": table, "columns": ", ".join(column.source for column in missing), "path": source.path},
        )


def _declared_units(profile: InputProfile, role: str) -> dict[str, str]:
    """Unit columns of sizes that the profile converts, and what they read then: MM, or G for masses."""
    units = profile.plant.size_units if role == FEATURES else {}
    return {units[name]: unit for name, unit in profile.converted(role).items() if name in units}


class _RowFactors:
    """What each row says of its values: the unit of its times and how many pieces a run time is for; and the units of its sizes.

    Args:
        stored: stored columns of the table.
        on_finding: told (rows, what) of units that are not known.
    """

    def __init__(
        self, profile: InputProfile, role: str, table: str, stored: Sequence[str], on_finding: OnFinding | None
    ) -> None:
        roles, mapped = profile.plant.routing, profile.columns_of(role)
        self._table, self._on_finding = table, on_finding

        def found(internal: str) -> str:
            column = mapped.get(internal)
            return find_name(column.source, stored) or "" if column is not None and column.source else ""

        declared = {name for name, column in mapped.items() if column.unit is not None}
        units = roles.units if role == ROUTING else {}
        self._unit_of = {time: found(unit) for time, unit in units.items() if time not in declared and found(unit)}
        self._told_in = {unit: found(unit) for unit in units.values() if found(unit)} if self._unit_of else {}
        self._quantity = found(roles.base_quantity) if role == ROUTING else ""
        self._pieces = roles.base_quantity
        self._runs = frozenset(filter(None, (roles.run, roles.machine_run, roles.actual_run)))
        sizes = profile.plant.size_units if role == FEATURES else {}
        self._size_units = {
            found(unit): SIZE for size, unit in sizes.items() if size in mapped and size not in declared and found(unit)
        }
        self._unknown: dict[tuple[str, str], int] = {}

    def reads(self) -> list[tuple[str, ColumnType]]:
        """Stored columns that are needed, with their types."""
        texts = dict.fromkeys((*self._unit_of.values(), *self._size_units))
        numbers = [(self._quantity, ColumnType.NUMBER)] if self._quantity else []
        return [*((name, ColumnType.TEXT) for name in texts), *numbers]

    def applied(self, name: str, value: pl.Expr, frame: pl.DataFrame) -> pl.Expr:
        """A column's values in minutes for one piece; where a time was converted, its unit reads MIN and its base quantity 1."""
        unit = self._unit_of.get(name)
        if unit:
            value = value * _minutes(frame[unit]).alias(name)
        if self._quantity and name in self._runs:
            pieces = pl.col(self._quantity)
            value = pl.when(pieces > 0).then(value / pieces).otherwise(value).alias(name)
        if self._quantity and name == self._pieces:
            value = pl.when(value > 0).then(1.0).otherwise(value).alias(name)
        told = self._told_in.get(name)
        if told:
            factors = _minutes(frame[told])
            value = pl.when(pl.lit((factors != 1.0).fill_null(False))).then(pl.lit("MIN")).otherwise(value).alias(name)
        return value

    def count_unknown(self, frame: pl.DataFrame) -> None:
        """Note the rows whose unit is not known."""
        for column in dict.fromkeys((*self._unit_of.values(), *self._size_units)):
            counted = frame[column].cast(pl.String).str.strip_chars().value_counts()
            for text, rows in counted.iter_rows():
                if text and not is_absent(text) and not _fits(text, self._size_units.get(column, TIME)):
                    self._unknown[column, text] = self._unknown.get((column, text), 0) + rows

    def tell(self) -> None:
        """Tell what was noted."""
        if self._on_finding is not None:
            for (column, text), rows in self._unknown.items():
                kind = self._size_units.get(column, TIME)
                what = "the times count as absent" if kind == TIME else "the sizes are taken as mm"
                told = notice(
                    "UNKNOWN_TIME_UNIT" if kind == TIME else "UNKNOWN_SIZE_UNIT",
                    "rows of {table} have the unit {unit} in {column}, which is not known: " + what,
                    table=self._table,
                    unit=repr(text),
                    column=column,
                )
                self._on_finding(rows, told)


def _fits(text: str, measures: str) -> bool:
    unit = find_unit(text)
    return unit is not None and unit.measures in ((TIME,) if measures == TIME else (SIZE, MASS, COUNT))


def _minutes(spelled: pl.Series) -> pl.Series:
    """Minutes in the unit of each row; 1 where there is none, null where it is not known."""
    texts = spelled.cast(pl.String).str.strip_chars()
    factors: dict[str, float | None] = {}
    for text in texts.drop_nulls().unique():
        unit = time_unit(text)
        factors[text] = 1.0 if is_absent(text) else unit.factor if unit is not None else None
    if not factors:
        return pl.Series(spelled.name, [1.0] * len(spelled))
    made = texts.replace_strict(factors, return_dtype=pl.Float64, default=None)
    return made.zip_with(texts.is_not_null(), pl.Series([1.0]).new_from_index(0, len(texts)))


def _expression(
    name: str, kind: ColumnType, column: ProfileColumn | None, found: str | None, unit_columns: Mapping[str, str]
) -> pl.Expr:
    dtype = POLARS_TYPES[kind]
    if name in unit_columns:
        return pl.lit(unit_columns[name], dtype=dtype).alias(name)
    default = _default(column, kind)
    if found is None:
        return pl.lit(default, dtype=dtype).alias(name)
    value = pl.col(found)
    if column is not None and column.factor != 1.0:
        value = value * column.factor
    if default is not None:
        value = value.fill_null(pl.lit(default, dtype=dtype))
    return value.alias(name)


def _default(column: ProfileColumn | None, kind: ColumnType) -> object:
    if column is None or column.default is None:
        return None
    if kind is ColumnType.DATETIME:
        return datetime.fromisoformat(str(column.default)).replace(tzinfo=None)
    return float(column.default) if kind is ColumnType.NUMBER else column.default
