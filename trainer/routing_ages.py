"""How long before the newest routings of its kind each item's was entered.

Practices change: machines come and go, operations replace others, times fall. What is learned from old routings beside new ones should
be said of a plan that is made now. So the models see the age of each routing, and speak of items as of age 0. An age counts from when
routings of items like it were last entered, not from today: a kind of item that nobody has planned for years is planned as it last was,
and the age tells nothing about what kind an item is.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from trained.learned.learned_inputs import Inputs, ItemInputs
from trained.learned.time_design import TimeDesign

NEWEST: Final = 0.9
"""Of the routings of items alike, those after this share of them are the newest ones, and of age 0."""
LEAST_DATED: Final = 0.5
"""Share of the routings that must say when they were entered."""
OLDEST: Final = 0.99
"""Routings older than this share of them count as old as it: one date that is typed wrongly bends no line."""
LEAST_SPREAD: Final = 0.25
"""Years by which ages must differ (standard deviation): a plant that loaded all its routings on one day says nothing of their age."""
MILLISECONDS_A_YEAR: Final = 365.2425 * 86_400_000.0
DECADE: Final = 10.0
PRACTICE_CHANGED: Final = 0.02
"""Share of what tells operations from which on a training says that practices changed."""

_PARAMETERS: Final[dict[str, Any]] = {
    "objective": "quantile",
    "alpha": NEWEST,
    "verbosity": -1,
    "deterministic": True,
    "force_col_wise": True,
    "learning_rate": 0.2,
    "num_leaves": 31,
    "min_data_in_leaf": 50,
    "min_data_per_group": 50,
    "max_bin": 255,
}
_ROUNDS: Final = 40
_MOST_ROWS: Final = 20_000
"""Routings from which is learned when items like an item were last planned; more tell no more of a share."""

Floats32 = npt.NDArray[np.float32]


def routing_ages(
    entered: npt.NDArray[np.float64] | None,
    routed: npt.NDArray[np.bool_],
    inputs: ItemInputs,
    matrix: Inputs,
    *,
    threads: int,
    seed: int,
) -> Floats32 | None:
    """Years between each item's routing and the newest ones of items like it, float32 (items,); 0 for the newest and for items without.

    Args:
        entered: milliseconds since 1970, -inf where the source does not say; None: it never does.
        routed: whether items have a routing.
        matrix: their inputs, float32 (items, inputs).

    Returns:
        None where the source says too little. NaN for a routing of which it says nothing.
    """
    if entered is None:
        return None
    dated = np.flatnonzero(routed & np.isfinite(entered))
    if len(dated) < LEAST_DATED * max(1, int(routed.sum())):
        return None
    years = np.round(entered[dated] / MILLISECONDS_A_YEAR, 4)
    if years.std() < LEAST_SPREAD:
        return None
    ages = np.where(routed, np.float32(np.nan), np.float32(0.0)).astype(np.float32)
    found = np.maximum(_newest(years, inputs, matrix[dated], threads, seed) - years, 0.0)
    found = np.minimum(found, np.quantile(found, OLDEST))
    if found.std() < LEAST_SPREAD:
        return None
    ages[dated] = found
    return ages


def _newest(
    years: npt.NDArray[np.float64], inputs: ItemInputs, matrix: Inputs, threads: int, seed: int
) -> npt.NDArray[np.float64]:
    """When routings of items like each were last entered, in years."""
    import sklearn  # noqa: F401  # brings the OpenMP library that LightGBM needs on Windows, so it comes first
    import lightgbm  # isort: skip  # only the training side has it

    first = float(years.min())
    rows = np.arange(len(years))
    if len(rows) > _MOST_ROWS:
        rows = np.sort(np.random.default_rng(seed).choice(rows, _MOST_ROWS, replace=False))
    bins = [max(255, len(one.values) + 1) if one.is_category else 255 for one in inputs.inputs]
    parameters = {**_PARAMETERS, "max_bin_by_feature": bins, "num_threads": threads, "seed": seed}
    data = lightgbm.Dataset(
        matrix[rows],
        label=years[rows] - first,
        categorical_feature=[place for place, one in enumerate(inputs.inputs) if one.is_category],
        params=parameters,
    )
    booster = lightgbm.train(parameters, data, num_boost_round=_ROUNDS)
    made: npt.NDArray[np.float64] = np.asarray(booster.predict(matrix, num_threads=threads), np.float64) + first
    return made


class Seen(NamedTuple):
    """What models are fitted on.

    Attributes:
        design: the columns of times; one more for the age of the routing, where ages are known.
        matrix: inputs of all items, float32 (items, inputs); the age of the routing in years, where ages are known, as one more column.
            Behind them the items that are asked about as of now, once more with age 0.
        now: those items, int64.
    """

    design: TimeDesign | AgedDesign
    matrix: Inputs
    now: npt.NDArray[np.int64]

    def with_now(self, folds: npt.NDArray[np.int64], *, without: int | None = None) -> npt.NDArray[np.int64]:
        """A number for each row: that of its item; for the items once more `without`, None: theirs too."""
        again = folds[self.now] if without is None else np.full(len(self.now), without, np.int64)
        return np.concatenate([folds, again])

    @property
    def parts(self) -> tuple[slice, slice]:
        """Rows of the items, and of those that are asked about once more."""
        items = len(self.matrix) - len(self.now)
        return slice(0, items), slice(items, None)


def seen_as_entered(
    entered: npt.NDArray[np.float64] | None,
    routed: npt.NDArray[np.bool_],
    inputs: ItemInputs,
    matrix: Inputs,
    design: TimeDesign,
    *,
    threads: int,
    seed: int,
    now: npt.NDArray[np.int64] | None = None,
) -> Seen:
    """Items as of when their routings were entered, those without a routing as of the newest ones; as they are where that is not known.

    Args:
        entered, routed, inputs, matrix, threads, seed: see `routing_ages`.
        design: the columns of times.
        now: items that are asked about as of now too; of them those with a routing count.
    """
    ages = routing_ages(entered, routed, inputs, matrix, threads=threads, seed=seed)
    asked = np.zeros(0, np.int64) if now is None else now[routed[now]]
    if ages is None:
        return Seen(design, np.concatenate([matrix, matrix[asked]]) if len(asked) else matrix, asked)
    made = np.empty((len(matrix) + len(asked), matrix.shape[1] + 1), np.float32)
    made[: len(matrix), :-1], made[: len(matrix), -1] = matrix, ages
    made[len(matrix) :, :-1], made[len(matrix) :, -1] = matrix[asked], 0.0
    return Seen(AgedDesign(design), made, asked)


class AgedDesign:
    """The columns of a time design and one more, the age of the routing in decades; the last input is the age.

    Attributes:
        columns: number of columns.
    """

    def __init__(self, design: TimeDesign) -> None:
        self._design = design
        self.columns = design.columns + 1

    def columns_of(self, matrix: Inputs) -> Floats32:
        """The columns of items, float32 (items, columns); an age that nobody knows counts as 0."""
        made = np.empty((len(matrix), self.columns), np.float32)
        made[:, :-1] = self._design.columns_of(matrix[:, :-1])
        made[:, -1] = np.nan_to_num(matrix[:, -1]) / np.float32(DECADE)
        return made
