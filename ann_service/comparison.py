"""The items of a snapshot against those that a version finds, its delta included: arithmetic on sorted hashes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from ann_service.delta_index import Delta
from common.errors import InvalidInput
from trained.item_codes import key_hashes
from trained.searchable_model import SearchableModel

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Comparison:
    """What differs.

    Attributes:
        missing: rows of the snapshot's hashes whose items are not found, ascending.
        vanished: codes that the big index finds and the snapshot does not have.
        delta: codes of the items in the delta.
    """

    missing: list[int]
    vanished: list[str]
    delta: list[str]


def hashes_of(data: bytes) -> Hashes:
    """Hashes of a message.

    Raises:
        InvalidInput: no whole number of them, or not ascending.
    """
    if len(data) % 8:
        raise InvalidInput(f"key_hashes has {len(data)} bytes, which is no whole number of 64-bit values")
    hashes = np.frombuffer(data, "<u8").astype(np.uint64, copy=False)
    if len(hashes) > 1 and not (hashes[1:] > hashes[:-1]).all():
        raise InvalidInput("key_hashes must ascend without repetitions")
    return hashes


def compare(model: SearchableModel, delta: Delta, snapshot: Hashes) -> Comparison:
    """What the snapshot has that is not found, and what is found that it does not have.

    Args:
        snapshot: hashes of the keys of its items, ascending.
    """
    hashes, positions = model.codes.sorted_hashes()
    shown = ~np.isin(positions, delta.hidden) if len(delta.hidden) else np.ones(len(positions), bool)
    found = in_sorted(snapshot, hashes[shown]) | in_sorted(snapshot, np.sort(key_hashes(delta.places)))
    gone = shown & ~in_sorted(hashes, snapshot)
    return Comparison(
        np.flatnonzero(~found).tolist(), model.codes.codes_at(np.sort(positions[gone])), list(delta.codes)
    )


def in_sorted(values: Hashes, among: Hashes) -> npt.NDArray[np.bool_]:
    """Which values are in a sorted array."""
    if not len(among):
        return np.zeros(len(values), bool)
    places = np.minimum(among.searchsorted(values), len(among) - 1)
    return np.asarray(among[places] == values)
