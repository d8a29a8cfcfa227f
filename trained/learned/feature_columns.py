"""The features of items as the plain columns that members read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from methods.feature_table import ColumnKind, FeatureColumn, FeatureTable
from plant.features import tidy_text, tidy_unit
from plant.schema import ITEM_CODE, FeatureKind, PlantSchema
from trained.encoding.dictionary_columns import Columns, DictionaryColumn, row_count
from trained.encoding.encoder_blocks import NUMBERS, numbers_of, sizes_in_mm


@dataclass(frozen=True)
class ReadFeature:
    """A feature that members read.

    Attributes:
        name: of its column.
        kind: of `plant.schema.FeatureKind`.
        unit_from: size: the column with the unit.
        is_unit: whether it holds units, whose spellings are one.
    """

    name: str
    kind: str
    unit_from: str | None = None
    is_unit: bool = False


def read_features(schema: PlantSchema, active: Mapping[str, bool], columns: Columns) -> tuple[ReadFeature, ...]:
    """The features that take part and that a catalogue has; the item's own code is none, see CODE."""
    used = {**schema.active, **active}
    return tuple(
        ReadFeature(one.name, str(one.kind), one.unit_from, one.name in schema.unit_features)
        for one in schema.features
        if one.kind is not FeatureKind.IDENTITY and used.get(one.name) and one.name in columns
    )


CODE: Final = ReadFeature(ITEM_CODE, str(FeatureKind.TEXT))
"""The item's own code read as a text: in many plants its parts say what kind of item it is."""


def feature_table(columns: Columns, features: Sequence[ReadFeature]) -> FeatureTable:
    """Columns of features; sizes in mm, 0 and below absent; what the columns lack is absent."""
    rows = row_count(columns)
    made = []
    for one in features:
        column = columns.get(one.name) or DictionaryColumn.absent(rows)
        kind = FeatureKind(one.kind)
        if kind is FeatureKind.SIZE:
            sizes = sizes_in_mm({**columns, one.name: column}, one.name, one.unit_from)
            made.append(FeatureColumn.of_numbers(one.name, np.where(sizes > 0, sizes, np.nan)))
        elif kind in NUMBERS:
            made.append(FeatureColumn.of_numbers(one.name, numbers_of(column, kind)))
        elif kind is FeatureKind.FLAG:
            made.append(FeatureColumn.of_numbers(one.name, column.numbers()))
        else:
            values, codes = column.distinct(tidy_unit if one.is_unit else tidy_text)
            text = ColumnKind.TEXT if kind is FeatureKind.TEXT else ColumnKind.CATEGORY
            made.append(FeatureColumn(one.name, text, values, codes.astype(np.int32)))
    return FeatureTable(tuple(made), rows)
