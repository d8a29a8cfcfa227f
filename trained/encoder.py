"""Items as vectors: each feature a block of dimensions, scaled by its weight, the whole of length 1.

The similarity of two items is then the weighted mean of the similarities of their features, and of what has been learned about how
they are made where the version has a learned block. Every block of an item
has the same length whatever its value, so that a common rare value counts as much as a common frequent one, and the weights of
one call can be applied to finished vectors by scaling blocks.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem, InvalidInput
from plant.features import ABSENT, tidy_text
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import Feature, FeatureKind, PlantSchema
from trained.encoding.dictionary_columns import Columns, DictionaryColumn, row_count
from trained.encoding.encoder_blocks import (
    BLOCK_KINDS,
    NUMBERS,
    TIDIERS,
    Block,
    CategoryBlock,
    NumberBlock,
    SizeBlock,
    TextBlock,
    numbers_of,
    scale_of,
    shares_of,
    size_differences,
    sizes_in_mm,
)
from trained.encoding.encoder_directions import unit_directions
from trained.encoding.encoder_layout import WidthCurve, allocate, category_curve, text_curve
from trained.learned.learned_block import NAME as LEARNED
from trained.learned.learned_block import LearnedBlock
from trained.learned.learned_model import LearnedOutputs

Vectors = npt.NDArray[np.float32]

STATE_FORMAT: Final = "routing-ml/block-encoder@1"
LEARNED_FORMAT: Final = "routing-ml/block-encoder@2"
"""Format of encoders with a learned block, which readers of the first format cannot use."""
LEAST_DIMENSIONS, MOST_DIMENSIONS = 64, 192
LEAST_SLACK: Final = 4
ROWS_AT_ONCE: Final = 65_536


@dataclass(frozen=True)
class EncoderOptions:
    """How vectors are laid out.

    Attributes:
        dimensions: about how many, 64 to 192; a multiple of 8.
        weight_exponent: block length = weight ** weight_exponent; 0.5 makes a similarity the mean of the features' similarities
            weighted by the weights themselves (and finds more items of the same family than 1 does).
        least_text: least dimensions of a text.
        widest: most dimensions of one feature.
    """

    dimensions: int = 160
    weight_exponent: float = 0.5
    least_text: int = 6
    widest: int = 48


def telling_features(columns: Columns, options: EncoderOptions, schema: PlantSchema) -> list[str]:
    """Names of the features that have two different values in a catalogue, whether they take part or not."""
    return [
        feature.name
        for feature in schema.features
        if feature.name in columns
        and _plan(feature, columns, options, feature.name in schema.unit_features) is not None
    ]


class BlockEncoder:
    """Encodes items. Deterministic across processes; immutable and safe to use from many threads.

    Attributes:
        blocks: the blocks in the order of their dimensions.
        features: names of all features that were offered, in the plant's order.
        weights: weight of each feature as trained.
        active: whether each feature takes part.
        dimension: length of a vector.
        learned: the learned block, whose dimensions come last; None: vectors hold features only.
        learned_share: its share of a similarity, 0 to 1; the features share the rest.
    """

    def __init__(
        self,
        blocks: Sequence[Block],
        slack: int,
        weights: Mapping[str, float],
        active: Mapping[str, bool],
        options: EncoderOptions,
        learned: LearnedBlock | None = None,
        learned_share: float = 0.0,
    ) -> None:
        """Args:
        slack: dimensions that hold the share of values which the blocks cannot place; the last ones of the features.
        """
        self.blocks = tuple(blocks)
        self.slack = slack
        self.weights, self.active, self.options = dict(weights), dict(active), options
        self.features = list(self.weights)
        self.learned, self.learned_share = learned, learned_share if learned is not None else 0.0
        self.features_dimension = sum(block.width for block in blocks) + slack
        self.dimension = self.features_dimension + (learned.width if learned is not None else 0)
        self.starts = np.cumsum([0, *(block.width for block in blocks)]).tolist()
        raw = np.array([self.weights[block.feature] ** options.weight_exponent for block in blocks], np.float64)
        self.scales = raw / np.sqrt((raw**2).sum()) if len(raw) else raw
        sizes = [at for block, at in zip(blocks, self.starts, strict=False) if isinstance(block, SizeBlock)]
        self._sizes = np.array(sizes, np.int64)
        read = [name for block in blocks for name in block.reads]
        self.reads = tuple(dict.fromkeys([*read, *(learned.model.reads if learned is not None else ())]))

    @classmethod
    def fit(
        cls,
        columns: Columns,
        weights: Mapping[str, float] | None = None,
        active: Mapping[str, bool] | None = None,
        options: EncoderOptions | None = None,
        schema: PlantSchema = MECHANICAL_SEALS,
    ) -> BlockEncoder:
        """Lay out the blocks for a catalogue.

        Args:
            columns: columns of the catalogue by feature name; a feature without column counts as absent everywhere, a column
                that is no feature is left out.
            weights: weight (>= 0) by feature; the plant's where a feature is not named.
            active: whether a feature takes part; the plant's choice where a feature is not named.
            schema: the plant's features.

        Raises:
            InvalidInput: a weight is negative or no number, columns differ in length, or only features that do not take part tell
                items apart.
        """
        options = options or EncoderOptions()
        if not LEAST_DIMENSIONS <= options.dimensions <= MOST_DIMENSIONS:
            raise InvalidInput(
                f"dimensions is {options.dimensions}; {LEAST_DIMENSIONS} to {MOST_DIMENSIONS} are possible"
            )
        known = schema.feature_by_name
        known_weights = {**schema.weights, **{k: float(v) for k, v in (weights or {}).items() if k in known}}
        known_active = {**schema.active, **{k: bool(v) for k, v in (active or {}).items() if k in known}}
        for name, weight in known_weights.items():
            if not (np.isfinite(weight) and weight >= 0):
                raise InvalidInput(f"The weight of {name} is {weight}; weights are numbers >= 0")
        row_count(columns)
        plans = [
            plan
            for feature in schema.features
            if feature.name in columns and known_active[feature.name] and known_weights[feature.name] > 0
            for plan in [_plan(feature, columns, options, feature.name in schema.unit_features)]
            if plan is not None
        ]
        left_out = telling_features(columns, options, schema) if not plans else []
        if left_out:
            raise InvalidInput(
                f"No active feature with a weight above 0 has two different values, though {', '.join(left_out[:5])} "
                f"{'have' if len(left_out) > 1 else 'has'}: nothing tells the items apart. Check the weights and the active features"
            )
        fixed = sum(plan.fixed for plan in plans)
        flexible = [plan for plan in plans if plan.curve is not None]
        raw = np.array([known_weights[plan.feature.name] ** options.weight_exponent for plan in plans])
        relative = dict(zip((plan.feature.name for plan in plans), raw / np.sqrt((raw**2).sum()), strict=True))
        widths = allocate(
            [plan.curve for plan in flexible if plan.curve is not None],
            [float(relative[plan.feature.name]) ** 4 for plan in flexible],
            options.dimensions - fixed - LEAST_SLACK,
        )
        width_of = {plan.feature.name: width for plan, width in zip(flexible, widths, strict=True)}
        blocks = [plan.build(width_of.get(plan.feature.name, 0)) for plan in plans]
        used = sum(block.width for block in blocks)
        dimension = max(LEAST_DIMENSIONS, -(-(used + LEAST_SLACK) // 8) * 8)
        return cls(blocks, dimension - used, known_weights, known_active, options)

    def with_learned(self, learned: LearnedBlock, share: float) -> BlockEncoder:
        """The same encoder with a learned block that has a share, 0 to 1, of every similarity."""
        return BlockEncoder(self.blocks, self.slack, self.weights, self.active, self.options, learned, share)

    def transform(self, columns: Columns, out: Vectors | None = None, outputs: LearnedOutputs | None = None) -> Vectors:
        """Vectors of all rows.

        Args:
            columns: columns by feature name; features without column count as absent.
            out: where to write, float32 (rows, dimension); None: a new array.
            outputs: what the learned models say of the rows (the items they learned from need what models say that did not see
                them); None: the models are asked.

        Returns:
            float32 (rows, dimension), rows of length 1.

        Raises:
            InvalidInput: columns differ in length.
        """
        rows = row_count(columns)
        needed = {name: columns.get(name) or DictionaryColumn.absent(rows) for name in self.reads}
        vectors = np.zeros((rows, self.dimension), np.float32) if out is None else out
        if out is not None:
            vectors[:] = 0.0
        if not self.blocks:
            vectors[:, 0] = 1.0  # nothing tells items apart: they are all alike
        lost = _Slack(self.slack)
        for block, start, scale in zip(self.blocks, self.starts, self.scales, strict=False):
            part = vectors[:, start : start + block.width]
            unplaced = block.encode(needed, part)
            part *= np.float32(scale)
            lost.add(unplaced.rows, unplaced.seeds, float(scale))
        lost.write(vectors[:, self.features_dimension - self.slack : self.features_dimension])
        if self.learned is not None:
            vectors[:, : self.features_dimension] *= np.float32(np.sqrt(1.0 - self.learned_share))
            said = self.learned.model.outputs(needed) if outputs is None else outputs
            part = self.learned.encode(said)
            vectors[:, self.features_dimension :] = part * np.float32(np.sqrt(self.learned_share))
        return vectors

    def saying(self, vectors: Vectors, outputs: LearnedOutputs) -> Vectors:
        """Vectors of items, float32 (rows, dimension), with what else the learned models say of them in the learned dimensions."""
        made = vectors.copy()
        if self.learned is not None:
            made[:, self.features_dimension :] = self.learned.encode(outputs) * np.float32(np.sqrt(self.learned_share))
        return made

    def learned_vectors(self, vectors: Vectors) -> Vectors:
        """The dimensions of the learned block, rows of length 1, float32 (rows, learned.width)."""
        return vectors[:, self.features_dimension :] / np.float32(np.sqrt(self.learned_share))

    def features_alone(self, vectors: Vectors) -> Vectors:
        """The dimensions of the features, rows of length 1, float32 (rows, features_dimension)."""
        if self.learned is None:
            return vectors
        return vectors[:, : self.features_dimension] / np.float32(np.sqrt(1.0 - self.learned_share))

    def feature_similarities(self, queries: Vectors, others: Vectors) -> Vectors:
        """Similarities of pairs of items by the dimensions of the features alone, float32 (n,)."""
        share = 0.0 if self.learned is None else self.learned_share
        width = queries.shape[1] if self.learned is None else self.features_dimension
        similar: Vectors = np.einsum("nd,nd->n", queries[:, :width], others[:, :width])
        return similar / np.float32(1.0 - share)

    def size_differences(self, queries: Vectors, others: Vectors) -> npt.NDArray[np.float32]:
        """How far sizes of pairs of items differ: root of the summed squares of the logarithms of their ratios, float32 (n,).

        Args:
            queries, others: vectors, float32 (n, dimension); sizes that either item lacks do not count.
        """
        if not len(self._sizes):
            return np.zeros(len(queries), np.float32)
        one, other = queries.T, others.T
        differences = size_differences(
            (one[self._sizes], one[self._sizes + 1]), (other[self._sizes], other[self._sizes + 1])
        )
        squares: npt.NDArray[np.float32] = np.add.reduce(differences**2, axis=0)
        return np.sqrt(squares)

    def encode(self, columns: Mapping[str, Sequence[str | float | None]], rows: int) -> Vectors:
        """Vectors of a few items given as Python values; float32 (rows, dimension).

        Raises:
            InvalidInput: a column has not `rows` values.
        """
        made = {name: DictionaryColumn.of(cells) for name, cells in columns.items() if name in self.reads}
        made[""] = DictionaryColumn.absent(rows)  # so that the number of rows is known without any usable column
        return self.transform(made)

    @staticmethod
    def cell_key(value: object) -> str:
        """What two values that are encoded alike have in common, as text."""
        return tidy_text(value)

    def block_factors(self, multipliers: Mapping[str, float]) -> npt.NDArray[np.float32]:
        """Factor of each dimension for the weights of one call, float32 (dimension,).

        Args:
            multipliers: factor (>= 0) on the trained weight by feature; 1 where a feature is not named.

        Raises:
            InvalidInput: a factor is negative or no number, a feature is unknown, or all blocks would vanish.
        """
        for name, factor in multipliers.items():
            if name not in self.weights and not (name == LEARNED and self.learned is not None):
                raise InvalidInput(f"{name} is no feature of this model; its features are {', '.join(self.features)}")
            if not (np.isfinite(factor) and factor >= 0):
                raise InvalidInput(f"The weight of {name} is {factor}; weights are numbers >= 0")
        factors = np.ones(self.dimension, np.float32)
        alive = False
        for block, start in zip(self.blocks, self.starts, strict=False):
            factor = multipliers.get(block.feature, 1.0) ** self.options.weight_exponent
            factors[start : start + block.width] = factor
            alive = alive or factor > 0
        if self.learned is not None:
            factor = multipliers.get(LEARNED, 1.0) ** self.options.weight_exponent
            factors[self.features_dimension :] = factor
            alive = alive or factor > 0
        if not alive:
            raise InvalidInput(
                "The weights leave no feature that tells items apart: give at least one a weight above 0"
            )
        return factors

    def to_state(self) -> dict[str, Any]:
        """Plain builtins from which `from_state` makes the encoder again."""
        return {
            "format": STATE_FORMAT if self.learned is None else LEARNED_FORMAT,
            "blocks": [{"kind": block.kind, **block.to_state()} for block in self.blocks],
            "slack": self.slack,
            "weights": self.weights,
            "active": self.active,
            "options": asdict(self.options),
            **({} if self.learned is None else {"learned_share": self.learned_share}),
        }

    @classmethod
    def from_state(cls, state: Mapping[str, Any], learned: LearnedBlock | None = None) -> BlockEncoder:
        """The encoder of a state.

        Args:
            learned: the learned block of the version; its file lies beside the state's.

        Raises:
            DataProblem: the state is of another format or damaged, or the learned block is missing.
        """
        found = state.get("format") if isinstance(state, Mapping) else type(state).__name__
        if found not in (STATE_FORMAT, LEARNED_FORMAT):
            raise DataProblem(
                f"The encoder is of format {found}; this program reads {STATE_FORMAT} and {LEARNED_FORMAT}"
            )
        if found == LEARNED_FORMAT and learned is None:
            raise DataProblem("The encoder has a learned block, but the version has no learned model: train it again")
        try:
            blocks = [BLOCK_KINDS[part["kind"]].from_state(part) for part in state["blocks"]]
            return cls(
                blocks,
                int(state["slack"]),
                state["weights"],
                state["active"],
                EncoderOptions(**state["options"]),
                learned if found == LEARNED_FORMAT else None,
                float(state.get("learned_share", 0.0)),
            )
        except (KeyError, TypeError, ValueError) as error:
            raise DataProblem(f"The encoder's state is damaged ({type(error).__name__}: {error})") from error


class _Slack:
    """Collects the share of values that blocks could not place, so that every vector keeps its length and such a value is
    unlike every value of the training."""

    def __init__(self, width: int) -> None:
        self._width = width
        self._rows: list[npt.NDArray[np.int64]] = []
        self._parts: list[Vectors] = []
        self._squares: list[npt.NDArray[np.float64]] = []

    def add(self, rows: npt.NDArray[np.int64], seeds: npt.NDArray[np.uint64], scale: float) -> None:
        if len(rows):
            self._rows.append(rows)
            self._parts.append(unit_directions(seeds, self._width) * np.float32(scale))
            self._squares.append(np.full(len(rows), scale * scale))

    def write(self, out: Vectors) -> None:
        if not self._rows:
            return
        rows = np.concatenate(self._rows)
        np.add.at(out, rows, np.concatenate(self._parts))
        wanted = np.zeros(len(out))
        np.add.at(wanted, rows, np.concatenate(self._squares))
        touched = np.unique(rows)
        lengths = np.sqrt((out[touched].astype(np.float64) ** 2).sum(axis=1))
        cancelled = lengths < 1e-9
        factors = np.sqrt(wanted[touched]) / np.where(cancelled, 1.0, lengths)
        out[touched] *= factors[:, None].astype(np.float32)
        out[touched[cancelled], 0] = np.sqrt(wanted[touched[cancelled]])


@dataclass(frozen=True)
class _Plan:
    """What is known of a feature before widths are given out."""

    feature: Feature
    curve: WidthCurve | None
    values: list[str]
    tidy: str
    absence: bool
    unit_from: str | None
    scale: float = 1.0

    @property
    def fixed(self) -> int:
        return self.build(0).width if self.curve is None else 0

    def build(self, width: int) -> Block:
        if self.feature.kind is FeatureKind.SIZE:
            return SizeBlock(self.feature.name, self.unit_from, self.absence)
        if self.feature.kind in NUMBERS:
            return NumberBlock(self.feature.name, self.feature.kind, self.scale, self.absence)
        if self.feature.kind is FeatureKind.TEXT:
            return TextBlock(self.feature.name, width)
        assert self.curve is not None
        axes = int(self.curve.axes[width])
        return CategoryBlock(self.feature.name, self.values[:axes], width - axes, self.tidy)


def _plan(feature: Feature, columns: Columns, options: EncoderOptions, is_unit: bool) -> _Plan | None:
    """The plan of a feature; None where it takes no dimensions (the item's own code, one value everywhere)."""
    if feature.kind is FeatureKind.IDENTITY:
        return None
    if feature.kind in NUMBERS:
        numbers = numbers_of(columns[feature.name], feature.kind)
        present = numbers[~np.isnan(numbers)]
        if len(present) == 0 or (len(present) == len(numbers) and present.min() == present.max()):
            return None
        absent = len(present) < len(numbers)
        return _Plan(feature, None, [], "", absent, None, scale_of(present, feature.kind))
    if feature.kind is FeatureKind.SIZE:
        unit = feature.unit_from if feature.unit_from in columns else None
        sizes = sizes_in_mm(columns, feature.name, unit)
        present = sizes[sizes > 0]
        absent = len(present) < len(sizes)
        if len(present) == 0 or (not absent and present.min() == present.max()):
            return None
        return _Plan(feature, None, [], "", absent, feature.unit_from)
    tidy = "unit" if is_unit else "flag" if feature.kind is FeatureKind.FLAG else "text"
    if feature.kind is FeatureKind.TEXT:
        texts, codes = columns[feature.name].distinct(TIDIERS[tidy])
        if len(texts) < 2:
            return None
        absent_share = float((codes == texts.index(ABSENT)).mean()) if ABSENT in texts else 0.0
        return _Plan(feature, text_curve(absent_share, options.least_text, options.widest), [], tidy, True, None)
    values, shares = shares_of(columns[feature.name], TIDIERS[tidy])
    if len(values) < 2:
        return None
    return _Plan(feature, category_curve(shares, options.widest), values, tidy, True, None)
