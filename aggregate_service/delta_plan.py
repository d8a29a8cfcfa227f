"""Which items of a snapshot the delta index of a version needs: arithmetic on hashes, and the memory of what a version began with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem
from common.files import writing
from plant.item_keys import item_key
from trained.item_codes import key_hashes

MOST_ITEMS: Final = 50_000
"""Items that a delta index holds; beyond, a training is due."""

LEAST_SHARED: Final = 0.5
"""A version and a source that share less of their items do not belong together, and nothing is added or hidden."""

Hashes = npt.NDArray[np.uint64]


@dataclass(frozen=True)
class Baseline:
    """What a version began with: hashes of the keys of its items, ascending, and of their features, parallel."""

    keys: Hashes
    features: Hashes

    def write(self, path: Path) -> None:
        """Keep it in a file."""
        path.parent.mkdir(parents=True, exist_ok=True)
        with writing(path) as stream:
            np.savez(stream, keys=self.keys, features=self.features)

    @classmethod
    def read(cls, path: Path) -> Baseline:
        """Read it. Raises FileNotFoundError; DataProblem when the file is damaged."""
        try:
            with np.load(path, allow_pickle=False) as parts:
                return cls(np.asarray(parts["keys"], np.uint64), np.asarray(parts["features"], np.uint64))
        except FileNotFoundError:
            raise
        except (OSError, ValueError, KeyError, EOFError) as error:
            raise DataProblem(f"{path} cannot be read ({error}): delete it") from error


@dataclass(frozen=True)
class DeltaPlan:
    """What to tell ann_service.

    Attributes:
        rows: rows of the snapshot's ascending hashes whose items are sent with their features.
        removed: codes that must not be found any more.
        problem: why nothing is told, for people; "" when there is no reason.
    """

    rows: npt.NDArray[np.int64]
    removed: list[str]
    problem: str = ""


def plan_delta(
    snapshot: Baseline,
    baseline: Baseline,
    *,
    index_items: int,
    whole_master: bool,
    missing: Sequence[int],
    vanished: Sequence[str],
    delta_codes: Sequence[str],
) -> DeltaPlan:
    """Items that are new, have other features than at the beginning, or lie in the delta already (and may have changed back); and
    codes that have vanished.

    Args:
        snapshot: the items of the snapshot.
        baseline: the items that the version began with.
        index_items: items of the big index.
        whole_master: the version was trained over a whole item master; else what it lacks or has beyond the baseline is left alone.
        missing, vanished, delta_codes: what ann_service answered to CompareItems.
    """
    new, gone = np.array(missing, np.int64), list(vanished)
    shared = index_items - len(gone)
    if not whole_master:
        new = new[~np.isin(snapshot.keys[new], baseline.keys)]
        known = np.isin(key_hashes(item_key(code) for code in gone), baseline.keys)
        gone = [code for code, was_there in zip(gone, known.tolist(), strict=True) if was_there]
    elif shared < LEAST_SHARED * min(index_items, len(snapshot.keys)):
        return _nothing(
            f"the version shares {shared:,} of its {index_items:,} items with the {len(snapshot.keys):,} of the source: "
            "train a version of this source"
        )
    _keys, here, there = np.intersect1d(snapshot.keys, baseline.keys, assume_unique=True, return_indices=True)
    changed = here[snapshot.features[here] != baseline.features[there]]
    delta = key_hashes(item_key(code) for code in delta_codes)
    present = np.isin(delta, snapshot.keys)
    held = np.flatnonzero(np.isin(snapshot.keys, delta[present]))
    gone += [code for code, is_there in zip(delta_codes, present.tolist(), strict=True) if not is_there]
    rows = np.unique(np.concatenate((new, changed, held))).astype(np.int64)
    if len(rows) > MOST_ITEMS:
        return _nothing(f"{len(rows):,} items are new or changed since the training, more than {MOST_ITEMS:,}: train")
    return DeltaPlan(rows, gone)


def _nothing(problem: str) -> DeltaPlan:
    return DeltaPlan(np.zeros(0, np.int64), [], problem)
