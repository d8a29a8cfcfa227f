"""Items as vectors: as the monolith made them, and as blocks of dimensions a feature with the plant's weights."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import FeatureKind
from trained.encoder import BlockEncoder
from trained.encoding.dictionary_columns import Columns, DictionaryColumn
from trained.encoding.encoder_directions import scaled_to_unit
from trained.older.legacy_encoding import legacy_number, legacy_text

Vectors = npt.NDArray[np.float32]
NUMBERS = (FeatureKind.SIZE, FeatureKind.FLAG)


def monolith_vectors(columns: Columns) -> Vectors:
    """The monolith's vectors, float32 (items, features that are not constant).

    Texts become ordinal codes in alphabetical order, numbers 0 where absent; each column times its weight (0 where it takes no part),
    standardised, rows brought to length 1.
    """
    parts = []
    for feature in MECHANICAL_SEALS.features:
        if feature.name not in columns:
            continue
        column = columns[feature.name]
        raw = _numbers(column) if feature.kind in NUMBERS else _ordinals(column)
        weighted = raw * (MECHANICAL_SEALS.weights[feature.name] if MECHANICAL_SEALS.active[feature.name] else 0.0)
        spread = weighted.std()
        if spread > 0:
            parts.append((weighted - weighted.mean()) / spread)
    return scaled_to_unit(np.column_stack(parts))


def _numbers(column: DictionaryColumn) -> npt.NDArray[np.float64]:
    return np.array([legacy_number(value) for value in column.numbers().tolist()])


def _ordinals(column: DictionaryColumn) -> npt.NDArray[np.float64]:
    texts, codes = column.distinct(legacy_text)
    place = {text: float(number) for number, text in enumerate(sorted(texts))}
    return np.array([place[text] for text in texts])[codes]


def block_vectors(columns: Columns) -> Vectors:
    """Blocks of dimensions a feature with the plant's weights, float32 (items, dimensions)."""
    return BlockEncoder.fit(columns).transform(columns)
