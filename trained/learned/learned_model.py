"""What a version has learned from routings: which operations an item needs, and how its times compare with those of others.

Operations: boosted trees, one sum a frequent operation. Times: the logarithm of each operation's set-up and run time is linear in a few
numbers of the item, its time factors; the times of two items in the same operation compare as the exponential of the difference.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem
from common.files import writing
from trained.artifacts.json_files import parsed
from trained.encoding.dictionary_columns import Columns, row_count
from trained.learned.learned_inputs import ItemInputs
from trained.learned.planned_routings import PREFIX, PlannedRoutings
from trained.learned.time_design import TimeDesign
from trained.learned.tree_ensemble import TreeEnsemble

FORMAT: Final = "routing-ml/learned-model@1"
FILE: Final = "learned_model.npz"
SETUP_KIND, RUN_KIND = 0, 1
OCCURRENCE: Final = "\x1f"
ROWS_AT_ONCE: Final = 8_192

Floats32 = npt.NDArray[np.float32]


def operation_key(job: str, occurrence: int) -> str:
    """The name of an operation: a job, and how often it came before in the routing."""
    return job if occurrence == 0 else f"{job}{OCCURRENCE}{occurrence}"


def models_of(operations: Sequence[str], jobs: Sequence[str], occurrences: Sequence[int]) -> npt.NDArray[np.int64]:
    """Number of the model of each operation of a table, -1 where it has none; int64 (n,).

    Args:
        operations: names of the operations with a model.
        jobs, occurrences: job of each operation of the table, and how often it came before in the routing.
    """
    known = {name: number for number, name in enumerate(operations)}
    found = (known.get(operation_key(job, count), -1) for job, count in zip(jobs, occurrences, strict=True))
    return np.fromiter(found, np.int64, len(jobs))


class LearnedOutputs(NamedTuple):
    """What the models say of items.

    Attributes:
        probabilities: that each operation is needed, float32 (items, operations).
        factors: time factors, float32 (items, factors).
    """

    probabilities: Floats32
    factors: Floats32


class TimeModel(NamedTuple):
    """How factors make times. The last operation stands for all that have no model of their own.

    Attributes:
        base: log minutes of an item whose factors are 0, set-up and run, float32 (operations + 1, 2).
        effects: of each factor, float32 (operations + 1, 2, factors).
    """

    base: Floats32
    effects: Floats32

    @property
    def factors(self) -> int:
        """Number of time factors."""
        return int(self.effects.shape[2])


class LearnedModel:
    """The fitted models. Immutable; evaluated with NumPy alone; safe to use from many threads.

    Attributes:
        operations: name of each operation with a model, see `operation_key`.
        inputs: what is read of an item.
        trees: log odds of each operation.
        design, factor_weights, factor_centre: factors = design columns @ weights (columns, factors) - centre.
        times: how factors make times.
        reasons: for each operation the features that tell most about it, the most telling first.
        planned: the member that proposes whole routings and speaks in the place of the trees; None: the trees speak.
    """

    def __init__(
        self,
        operations: Sequence[str],
        inputs: ItemInputs,
        trees: TreeEnsemble,
        design: TimeDesign,
        factor_weights: Floats32,
        factor_centre: Floats32,
        times: TimeModel,
        reasons: Sequence[Sequence[str]] = (),
        planned: PlannedRoutings | None = None,
    ) -> None:
        self.operations, self.inputs, self.trees, self.design = tuple(operations), inputs, trees, design
        self.factor_weights, self.factor_centre, self.times = factor_weights, factor_centre, times
        self.planned = planned
        self.reasons = tuple(tuple(names) for names in reasons) or ((),) * len(self.operations)

    @property
    def reads(self) -> tuple[str, ...]:
        """Features it looks at."""
        return tuple(dict.fromkeys([*self.inputs.reads, *(self.planned.reads if self.planned else ())]))

    def with_planned(self, planned: PlannedRoutings) -> LearnedModel:
        """The same models with another member that proposes whole routings."""
        made = copy.copy(self)
        made.planned = planned
        return made

    def outputs(self, columns: Columns) -> LearnedOutputs:
        """What the models say of items given by their features; columns that are missing count as absent."""
        matrix = self.inputs.matrix(columns)
        rows = row_count(columns)
        if self.planned is not None:
            probabilities = self.planned.probabilities(columns, rows)
        else:
            probabilities = np.empty((rows, len(self.operations)), np.float32)
        factors = np.empty((rows, self.times.factors), np.float32)
        for start in range(0, rows, ROWS_AT_ONCE):
            part = slice(start, start + ROWS_AT_ONCE)
            if self.planned is None:
                probabilities[part] = sigmoid(self.trees.evaluate(matrix[part]))
            factors[part] = self.design.columns_of(matrix[part]) @ self.factor_weights - self.factor_centre
        return LearnedOutputs(probabilities, factors)

    def to_parts(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays and a JSON text from which `from_parts` makes the models again."""
        facts = {
            "format": FORMAT,
            "operations": self.operations,
            "inputs": self.inputs.to_state(),
            "reasons": self.reasons,
        }
        return {
            "facts": np.frombuffer(json.dumps(facts, ensure_ascii=False).encode(), np.uint8),
            "factor_weights": self.factor_weights,
            "factor_centre": self.factor_centre,
            "time_base": self.times.base,
            "time_effects": self.times.effects,
            **{f"trees.{name}": part for name, part in self.trees.to_parts().items()},
            **{f"design.{name}": part for name, part in self.design.to_parts().items()},
            **{f"{PREFIX}{name}": part for name, part in (self.planned.to_parts() if self.planned else {}).items()},
        }

    @classmethod
    def from_parts(cls, parts: Mapping[str, npt.NDArray[Any]]) -> LearnedModel:
        """The models of such arrays.

        Raises:
            DataProblem: another format, or something is missing.
        """
        try:
            facts = parsed(parts["facts"].tobytes())
            if facts["format"] != FORMAT:
                raise DataProblem(f"{FILE} is of format {facts['format']}; this program reads {FORMAT}")
            return cls(
                facts["operations"],
                ItemInputs.from_state(facts["inputs"]),
                TreeEnsemble(parts_of(parts, "trees.")),
                TimeDesign(parts_of(parts, "design.")),
                parts["factor_weights"],
                parts["factor_centre"],
                TimeModel(parts["time_base"], parts["time_effects"]),
                facts["reasons"],
                PlannedRoutings.from_parts(parts_of(parts, PREFIX)) if f"{PREFIX}facts" in parts else None,
            )
        except (KeyError, TypeError, ValueError, IndexError, AttributeError, OverflowError, RecursionError) as error:
            raise DataProblem(
                f"{FILE} is damaged ({type(error).__name__}: {error}): restore it from a backup, or train again"
            ) from error


def parts_of(parts: Mapping[str, npt.NDArray[Any]], prefix: str) -> dict[str, npt.NDArray[Any]]:
    """The arrays whose names begin with a prefix, without it."""
    return {name.removeprefix(prefix): part for name, part in parts.items() if name.startswith(prefix)}


def sigmoid(log_odds: npt.NDArray[np.floating]) -> npt.NDArray[np.floating]:
    """Probabilities of log odds."""
    made: npt.NDArray[np.floating] = 0.5 * (1.0 + np.tanh(0.5 * log_odds))  # overflows nowhere
    return made


def log_odds(probabilities: npt.NDArray[np.floating], least: float = 1e-3) -> npt.NDArray[np.float64]:
    """Log odds of probabilities, kept `least` away from 0 and 1."""
    inside = np.clip(np.asarray(probabilities, np.float64), least, 1.0 - least)
    made: npt.NDArray[np.float64] = np.log(inside / (1.0 - inside))
    return made


def write_parts(path: Path, parts: Mapping[str, npt.NDArray[Any]]) -> None:
    """Write arrays into one .npz file."""
    with writing(path) as stream:
        np.savez(stream, **dict(parts))  # type: ignore[arg-type]
