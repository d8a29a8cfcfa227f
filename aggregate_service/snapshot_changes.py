"""What a snapshot changed against the one before: items and routing rows added, changed and removed, by hashes of their content."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

from aggregate_service.column_files import write_numpy
from common.errors import DataProblem
from plant.item_keys import item_key
from trained.item_codes import ItemCodeIndex, key_hashes

Hashes = npt.NDArray[np.uint64]


FEATURE_HASHES = "features"
"""Name of the hashes of what the encoder reads of each item."""


def write_hashes(folder: Path, name: str, index: ItemCodeIndex, content: Hashes) -> None:
    """Write `<name>.hash.npy`: uint64 (2, items), the hashes of the items' keys, sorted, over those of their content."""
    keys = key_hashes(item_key(code) for code in index.codes.to_pylist())
    order = np.argsort(keys, kind="stable")
    write_numpy(folder / f"{name}.hash.npy", np.stack((keys[order], content[order])))


def changes_since(before: Path | None, after: Path) -> dict[str, int]:
    """Counts of items and routing rows added, changed and removed; everything is new without a snapshot before."""
    items = _load(after, "items.hash.npy")
    rows = _load(after, "routing_rows.hash.npy")
    if before is None:
        return _counts(items.shape[1], 0, 0, len(rows), 0)
    try:
        old_items, old_rows = _load(before, "items.hash.npy"), _load(before, "routing_rows.hash.npy")
        routings, old_routings = _load(after, "routings.hash.npy"), _load(before, "routings.hash.npy")
    except DataProblem:
        return _counts(items.shape[1], 0, 0, len(rows), 0)
    _, here, there = np.intersect1d(items[0], old_items[0], assume_unique=True, return_indices=True)
    changed = (items[1][here] != old_items[1][there]) | (routings[1][here] != old_routings[1][there])
    added_rows = len(rows) - _shared(rows, old_rows)
    return _counts(
        items.shape[1] - len(here),
        int(changed.sum()),
        old_items.shape[1] - len(there),
        added_rows,
        len(old_rows) - (len(rows) - added_rows),
    )


def feature_hashes(folder: Path) -> Hashes:
    """Hashes of the keys of a snapshot's items, ascending, over those of their features; uint64 (2, items).

    Raises:
        DataProblem: the file is missing or damaged.
    """
    return _load(folder, f"{FEATURE_HASHES}.hash.npy")


def _shared(rows: Hashes, others: Hashes) -> int:
    """How many of two sorted lists of hashes are in both, repetitions counted."""
    values, counts = np.unique(rows, return_counts=True)
    other_values, other_counts = np.unique(others, return_counts=True)
    _, here, there = np.intersect1d(values, other_values, assume_unique=True, return_indices=True)
    return int(np.minimum(counts[here], other_counts[there]).sum())


def _counts(added: int, changed: int, removed: int, rows_added: int, rows_removed: int) -> dict[str, int]:
    return {
        "items_added": added,
        "items_changed": changed,
        "items_removed": removed,
        "routing_rows_added": rows_added,
        "routing_rows_removed": rows_removed,
    }


def _load(folder: Path, name: str) -> Hashes:
    """Read, not mapped: a folder with mapped files cannot be renamed on Windows."""
    path = folder / name
    try:
        return np.asarray(np.load(path, allow_pickle=False), np.uint64)
    except (OSError, ValueError) as error:
        raise DataProblem(f"The snapshot file {path} cannot be read ({error}): refresh the snapshot") from error
