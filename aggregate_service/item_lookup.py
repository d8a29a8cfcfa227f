"""Items by code: their features for the encoder, and every column of the item master for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from aggregate_service.operation_columns import Columns
from aggregate_service.snapshot import Snapshot


@dataclass(frozen=True)
class ItemRows:
    """Columns of items that were asked for by code.

    Attributes:
        columns: one row a known item, in the order asked.
        codes: codes as stored, parallel.
        positions: positions in the request, parallel.
        unknown: positions of codes that the item master does not hold.
    """

    columns: Columns
    codes: list[str]
    positions: list[int]
    unknown: list[int]


def item_features(snapshot: Snapshot, item_codes: Sequence[str]) -> ItemRows:
    """The features of items, raw, under internal names; a feature that the source does not have is absent."""
    return _rows(snapshot, item_codes, list(snapshot.schema.feature_by_name))


def whole_items(snapshot: Snapshot, item_codes: Sequence[str]) -> ItemRows:
    """Every column of items as read; dates as ISO text."""
    return _rows(snapshot, item_codes, list(snapshot.items))


def _rows(snapshot: Snapshot, item_codes: Sequence[str], names: Sequence[str]) -> ItemRows:
    found = snapshot.codes.find_many(item_codes).astype(np.int64)
    known: npt.NDArray[np.int64] = np.flatnonzero(found >= 0)
    rows = found[known]
    columns: Columns = {}
    for name in names:
        column = snapshot.items.get(name)
        columns[name] = column.take(rows) if column is not None else [None] * len(rows)
    return ItemRows(
        columns=columns,
        codes=snapshot.codes.codes_at(rows),
        positions=known.tolist(),
        unknown=np.flatnonzero(found < 0).tolist(),
    )
