"""Items by code: their features for the encoder, and every column of the item master for people."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
import numpy.typing as npt

from aggregate_service.operation_columns import Columns
from aggregate_service.snapshot import Snapshot
from plant.features import FEATURES

LABELS: Final = {
    "ITEM_CD": "품목코드",
    "ITEM_NM": "품목명",
    "ITEM_SPEC": "사양",
    "ADDITIONAL_SPEC": "추가 사양",
    "ITEM_MATERIAL": "재질",
    "ITEM_GRP1": "대분류",
    "ITEM_GRP1NM": "대분류명",
    "GROUP1": "1차 그룹",
    "GROUP2": "2차 그룹",
    "GROUP3": "3차 그룹",
    "INSRT_DT": "생성일",
    "MODI_DT": "수정일",
}
"""Columns that people know by another name."""


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
    return _rows(snapshot, item_codes, [feature.name for feature in FEATURES])


def whole_items(snapshot: Snapshot, item_codes: Sequence[str]) -> ItemRows:
    """Every column of items as read; dates as ISO text."""
    return _rows(snapshot, item_codes, list(snapshot.items))


def label(column: str) -> str:
    """What people call a column of the item master."""
    return LABELS.get(column, column)


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
