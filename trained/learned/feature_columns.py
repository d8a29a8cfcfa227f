"""The features of items as the plain columns that members read."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from methods.feature_table import ColumnKind, FeatureColumn, FeatureTable
from plant.features import FEATURES, UNIT_FEATURES, FeatureKind, tidy_text, tidy_unit
from trained.encoding.dictionary_columns import Columns, row_count
from trained.encoding.encoder_blocks import sizes_in_mm


def feature_table(columns: Columns, active: Mapping[str, bool]) -> FeatureTable:
    """Columns of the features that take part; sizes in mm, 0 and below absent; the item's own code is never one."""
    made = []
    for feature in FEATURES:
        if feature.kind is FeatureKind.IDENTITY or not active.get(feature.name) or feature.name not in columns:
            continue
        column = columns[feature.name]
        if feature.kind is FeatureKind.NUMERIC:
            sizes = sizes_in_mm(columns, feature.name, feature.unit_from)
            made.append(FeatureColumn.of_numbers(feature.name, np.where(sizes > 0, sizes, np.nan)))
        elif feature.kind is FeatureKind.FLAG:
            made.append(FeatureColumn.of_numbers(feature.name, column.numbers()))
        else:
            values, codes = column.distinct(tidy_unit if feature.name in UNIT_FEATURES else tidy_text)
            kind = ColumnKind.TEXT if feature.kind is FeatureKind.TEXT else ColumnKind.CATEGORY
            made.append(FeatureColumn(feature.name, kind, values, codes.astype(np.int32)))
    return FeatureTable(tuple(made), row_count(columns))
