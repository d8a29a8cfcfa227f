"""A loaded model version that finds similar items: index, item codes and encoder, whichever lineage wrote them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final, Protocol

import numpy as np
import numpy.typing as npt

from common.errors import DataProblem, InvalidInput
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.schema import LEARNED_NAME, PlantSchema
from routings.calibration import Calibration
from routings.estimates import Estimates
from trained.encoder import BlockEncoder
from trained.encoding.encoder_directions import scaled_to_unit
from trained.index.engine import Engine, Positions, Vectors
from trained.item_codes import ItemCodeIndex
from trained.learned.learned_block import LearnedBlock
from trained.learned.learned_chances import Chances
from trained.model_identity import identity_of

RERANKED: Final = 300
"""Candidates that are compared exactly when a call has weights of its own."""
QUERIES_AT_ONCE: Final = 64
PROBES: Final = 16
WIDER: Final = 4
"""Width of a search that leaves items out, in neighbours wanted: the graph leads through those that it may not answer."""
EQUAL: Final = 0.999
"""Similarity from which a neighbour is an item's equal and proves as much as the item itself."""
LOST_SHARE: Final = 0.5
"""Share of the probes that must be lost before an index is damaged rather than of low recall, which is told as that."""
DEFAULT_PROFILES: Final = ("", "default")


class Encoding(Protocol):
    """How items become vectors in a version."""

    features: list[str]
    weights: dict[str, float]
    active: dict[str, bool]
    dimension: int
    reads: tuple[str, ...]
    """Features that `encode` looks at."""

    def cell_key(self, value: object) -> str:
        """What two values that are encoded alike have in common, as text."""

    def encode(self, columns: Mapping[str, Sequence[str | float | None]], rows: int) -> Vectors:
        """Vectors of a few items, float32 (rows, dimension), rows of length 1."""

    def block_factors(self, multipliers: Mapping[str, float]) -> npt.NDArray[np.float32]:
        """Factor of each dimension for the weights of one call; raises InvalidInput for weights that make no sense."""


@dataclass
class SearchableModel:
    """A version in use. Safe to use from several threads until `close`.

    Attributes:
        version_name: name in the registry.
        engine: the index.
        codes: item codes by position and back.
        encoding: the encoder.
        default_ef_search: ef_search where neither the call nor the settings have one.
        unlike_below: a query whose nearest item is less similar than this is unlike the catalogue; None: unknown.
        weight_profiles: name -> feature -> weight.
        judgement: how the versions of the libraries compare with those of the training.
        metadata: the manifest's metadata.
        calibration: how models and votes are weighed, and what confidence that deserves.
        chances: what the models said of the items of the index, where vectors do not hold it all.
        notes: what people should know about how the version was loaded.
        unrouted: positions of items that had no routing at the training, ascending; None: unknown.
        schema: the plant's schema that it was trained with; the mechanical seal plant's where the version has none.
    """

    version_name: str
    engine: Engine
    codes: ItemCodeIndex
    encoding: Encoding
    default_ef_search: int
    unlike_below: float | None = None
    weight_profiles: dict[str, dict[str, float]] = field(default_factory=dict)
    judgement: str = ""
    metadata: Mapping[str, Any] = field(default_factory=dict)
    calibration: Calibration = field(default_factory=Calibration)
    chances: Chances | None = None
    notes: Sequence[str] = ()
    unrouted: npt.NDArray[np.int64] | None = None
    schema: PlantSchema = MECHANICAL_SEALS
    _empty: Vectors | None = None
    _has_none: npt.NDArray[np.bool_] | None = None

    @property
    def engine_name(self) -> str:
        """Name of the index engine."""
        return self.engine.name

    @property
    def waits(self) -> bool:
        """Whether a search waits for another process."""
        return self.engine.waits

    @property
    def items(self) -> int:
        """Items in the index."""
        return self.engine.items

    @property
    def dimension(self) -> int:
        """Length of a vector."""
        return self.engine.dimension

    @property
    def features(self) -> list[str]:
        """Names of the features."""
        return self.encoding.features

    def encode(self, columns: Mapping[str, Sequence[str | float | None]], rows: int) -> Vectors:
        """Vectors of items given by their features; absent columns count as absent values."""
        return self.encoding.encode(columns, rows)

    @cached_property
    def model(self) -> str:
        """Which model made its vectors, see `model_identity`; takes a moment the first time."""
        return identity_of(self.encoding)

    @property
    def plans(self) -> bool:
        """Whether it proposes whole routings."""
        encoder = self.encoding
        return (
            isinstance(encoder, BlockEncoder)
            and encoder.learned is not None
            and encoder.learned.model.planned is not None
        )

    def vectors(self, positions: npt.NDArray[np.integer]) -> Vectors:
        """Stored vectors, float32 (n, dimension)."""
        return self.engine.vectors(positions)

    def find_many(self, codes: Sequence[str]) -> npt.NDArray[np.int32]:
        """Positions of items by code, -1 where unknown."""
        return self.codes.find_many(codes)

    def code(self, position: int) -> str:
        """Item code as stored."""
        return self.codes.code(position)

    def factors(self, profile: str, weights: Mapping[str, float]) -> npt.NDArray[np.float32] | None:
        """Factor of each dimension for a call; None when nothing differs from the training.

        Args:
            profile: name of a weight profile; "" or "default": as trained.
            weights: feature -> multiple of its trained weight; overrides the profile.

        Raises:
            InvalidInput: an unknown profile or feature, or weights that make no sense.
        """
        multipliers: dict[str, float] = {}
        if profile not in DEFAULT_PROFILES:
            multipliers = self._multipliers(profile)
        multipliers |= weights
        if all(value == 1.0 for value in multipliers.values()) and multipliers.keys() <= self.encoding.weights.keys():
            return None
        return self.encoding.block_factors(multipliers)

    @property
    def profile_names(self) -> list[str]:
        """Weight profiles that a call can name: those of the version, and those of its plant's schema."""
        return list(dict.fromkeys([*self.weight_profiles, *self.schema.profiles]))

    def _multipliers(self, profile: str) -> dict[str, float]:
        """Multiple of the trained weight of each feature that a profile says."""
        trained = self.encoding.weights
        if profile in self.weight_profiles:
            stored = self.weight_profiles[profile]
            return {name: weight / trained[name] for name, weight in stored.items() if trained.get(name, 0.0) > 0}
        known = self.schema.profiles.get(profile)
        if known is None:
            names = ", ".join(["default", *self.profile_names])
            raise InvalidInput(f"There is no weight profile {profile!r}; version {self.version_name} has {names}")
        factors = {name: known.factors.get(name, known.otherwise) for name in trained}
        encoder = self.encoding
        if isinstance(encoder, BlockEncoder) and encoder.learned is not None and LEARNED_NAME in known.factors:
            factors[LEARNED_NAME] = known.factors[LEARNED_NAME]
        return factors

    def estimates(
        self,
        queries: Vectors,
        positions: npt.NDArray[np.int64],
        pairs: tuple[Vectors, Vectors],
    ) -> Estimates | None:
        """What the version says of items and their neighbours; None where it has learned nothing.

        Args:
            queries: vectors of the items, float32 (q, dimension).
            positions: their positions in the index, -1 where they are not in it.
            pairs: vectors of the item of each neighbour, and of the neighbour, float32 (n, dimension) both.
        """
        encoder = self.encoding
        if not isinstance(encoder, BlockEncoder) or encoder.learned is None:
            return None
        said = encoder.learned.decode(encoder.learned_vectors(queries))
        probabilities = self._said(encoder.learned, said.probabilities, positions)
        model = encoder.learned.model
        return Estimates(
            operations=model.operations,
            probabilities=probabilities,
            factors=said.factors,
            neighbour_factors=encoder.learned.factors(encoder.learned_vectors(pairs[1])),
            size_differences=encoder.size_differences(*pairs),
            times=model.times,
            calibration=self.calibration,
            reasons=model.reasons,
        )

    def _said(self, learned: LearnedBlock, decoded: Vectors, positions: npt.NDArray[np.int64]) -> Vectors:
        """Probabilities of operations: as stored where items are in the index, else as vectors tell them, float32 (q, operations)."""
        stored = positions >= 0
        if self.chances is not None and stored.any():
            decoded[stored] = self.chances.at(positions[stored])
        return decoded if learned.model.planned is None else learned.model.planned.clearer(decoded)

    def with_examples(
        self,
        queries: Vectors,
        own: npt.NDArray[np.int64],
        found: tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]],
        most: int,
        hidden: npt.NDArray[np.integer] | None = None,
    ) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64], npt.NDArray[np.float64]]:
        """Neighbours with items that are made as the version proposes among them, in the place of the least similar ones.

        Args:
            queries: vectors of the items, float32 (q, dimension).
            own: their positions in the index, -1 where they are not in it.
            found: number of neighbours of each item, their positions, their similarities.
            most: neighbours an item may have.
            hidden: positions that must not be found.
        """
        encoder = self.encoding
        if not isinstance(encoder, BlockEncoder) or encoder.learned is None or encoder.learned.model.planned is None:
            return found
        planned = encoder.learned.model.planned
        decoded = encoder.learned.decode(encoder.learned_vectors(queries)).probabilities
        told = planned.told_by(self._said(encoder.learned, decoded, own))
        counts, positions, similarities = found
        query = np.repeat(np.arange(len(counts)), counts)
        examples = np.where(told[:, None] >= 0, planned.examples[np.maximum(told, 0)], -1)
        usable = (examples >= 0) & (examples != own[:, None])
        if hidden is not None and len(hidden):
            usable &= ~np.isin(examples, hidden)
        wants, place = np.nonzero(usable)
        added = examples[wants, place]
        stride = max(self.items, int(positions.max(initial=0)) + 1)  # positions may count on beyond the index
        new = ~np.isin(wants * stride + added, query * stride + positions)
        wants, added = wants[new], added[new]
        if not len(added):
            return found
        similar = np.einsum("nd,nd->n", queries[wants], self.vectors(added)).astype(np.float64)
        room = most - np.bincount(wants, minlength=len(counts))
        number = np.arange(len(query)) - (np.cumsum(counts) - counts)[query]
        kept = number < room[query]
        query = np.concatenate([query[kept], wants])
        positions = np.concatenate([positions[kept], added])
        similarities = np.concatenate([similarities[kept], np.clip(similar, 0.0, 1.0)])
        order = np.lexsort((-similarities, query))
        return np.bincount(query, minlength=len(counts)), positions[order], similarities[order]

    def feature_similarities(self, queries: Vectors, others: Vectors) -> Vectors:
        """Similarities of pairs of items by their features alone, float32 (n)."""
        encoder = self.encoding
        if isinstance(encoder, BlockEncoder):
            return encoder.feature_similarities(queries, others)
        similar: Vectors = np.einsum("nd,nd->n", queries, others)
        return similar

    def without_features(self, vectors: Vectors) -> npt.NDArray[np.bool_]:
        """Whether each vector is that of an item of which no feature is known, bool (n); of nobody where no feature tells items apart."""
        if isinstance(self.encoding, BlockEncoder) and not self.encoding.blocks:
            return np.zeros(len(vectors), np.bool_)
        if self._empty is None:
            self._empty = self.encode({}, 1)[0]
        same: npt.NDArray[np.bool_] = vectors @ self._empty > 1.0 - 1e-5
        return same

    def search(
        self,
        queries: Vectors,
        k: int,
        ef_search: int,
        *,
        factors: npt.NDArray[np.float32] | None = None,
        blocked: npt.NDArray[np.integer] | None = None,
    ) -> tuple[Positions, Vectors]:
        """The k most similar items of each query.

        Args:
            queries: float32 (q, dimension), rows of length 1.
            ef_search: width of the graph search.
            factors: from `factors`, for calls with weights of their own: a few hundred candidates are found with the
                query's blocks rescaled and then compared exactly with both sides rescaled.
            blocked: positions that must not be found.

        Returns:
            positions int64 (q, k), -1 where fewer were found; similarities float32 (q, k), best first.
        """
        if factors is None:
            return self.engine.search(queries, k, ef_search, blocked)
        parts = [
            self._search_weighted(queries[start : start + QUERIES_AT_ONCE], k, ef_search, factors, blocked)
            for start in range(0, len(queries), QUERIES_AT_ONCE)
        ]
        return np.concatenate([p for p, _s in parts]), np.concatenate([s for _p, s in parts])

    def search_made(
        self,
        queries: Vectors,
        k: int,
        ef_search: int,
        *,
        factors: npt.NDArray[np.float32] | None = None,
        blocked: npt.NDArray[np.integer] | None = None,
    ) -> tuple[Positions, Vectors]:
        """`search` for predictions: where more than half of what is nearest had no routing at the training, items that had one take
        their places. A quarter of the places stays with the nearest: they may have got a routing since.
        """
        positions, similarities = self.search(queries, k, ef_search, factors=factors, blocked=blocked)
        if self.unrouted is None or not len(self.unrouted) or len(self.unrouted) == self.items:
            return positions, similarities
        if self._has_none is None:
            self._has_none = np.zeros(self.items + 1, np.bool_)  # the last one stands for nobody found
            self._has_none[self.unrouted] = self._has_none[-1] = True
        bare = self._has_none[positions]
        poor = np.flatnonzero(bare.sum(axis=1) > k // 2)
        if not len(poor):
            return positions, similarities
        hidden = self.unrouted if blocked is None else np.union1d(self.unrouted, blocked)
        chosen = np.ascontiguousarray(queries[poor])
        wide = max(ef_search, WIDER * k)
        made, near = self.search(chosen, k, wide, factors=factors, blocked=hidden)
        kept = max(1, k // 4) if k > 1 else 0
        for row, query in enumerate(poor.tolist()):
            stays = np.flatnonzero(bare[query] & (positions[query] >= 0))[:kept]
            places = np.concatenate([made[row][made[row] >= 0][: k - len(stays)], positions[query, stays]])
            values = np.concatenate([near[row][made[row] >= 0][: k - len(stays)], similarities[query, stays]])
            order = np.argsort(-values, kind="stable")
            positions[query], similarities[query] = -1, -1.0
            positions[query, : len(order)], similarities[query, : len(order)] = places[order], values[order]
        return positions, similarities

    def _search_weighted(
        self,
        queries: Vectors,
        k: int,
        ef_search: int,
        factors: npt.NDArray[np.float32],
        blocked: npt.NDArray[np.integer] | None,
    ) -> tuple[Positions, Vectors]:
        wide = max(k, min(max(RERANKED, 6 * k), self.items))
        # Blocks of stored vectors have constant lengths, so this inner product ranks almost as the exact comparison does
        scaled = scaled_to_unit(queries * factors**2)
        candidates, _similarities = self.engine.search(scaled, wide, max(ef_search, wide), blocked)
        found = candidates >= 0
        stored = self.engine.vectors(np.where(found, candidates, 0).reshape(-1)).reshape(len(queries), wide, -1)
        similarities = weighted_similarities(queries, stored, factors)
        similarities[~found] = -1.0
        best = np.argsort(-similarities, axis=1, kind="stable")[:, :k]
        return np.take_along_axis(candidates, best, 1), np.take_along_axis(similarities, best, 1)

    def prove(self) -> None:
        """Search for some items of the index: each must find itself (or its equal), and the encoder must fit.

        Raises:
            DataProblem: it does not, with what went wrong.
        """
        places = np.unique(np.linspace(0, self.items - 1, PROBES).astype(np.int64))
        queries = np.ascontiguousarray(self.vectors(places))
        k = min(10, self.items)
        positions, similarities = self.search(queries, k, max(self.default_ef_search, 64))
        missed = [
            self.code(int(place))
            for place, row, values in zip(places, positions, similarities, strict=True)
            if place not in row and not values[0] > EQUAL
        ]
        if len(missed) > LOST_SHARE * len(places):
            raise DataProblem(
                f"Version {self.version_name} does not find its own items {', '.join(missed[:3])}: its index is damaged; "
                "activate another version or train again",
                reason="PROOF_FAILED",
            )
        if len(self.codes) != self.items:
            raise DataProblem(
                f"Version {self.version_name} has {len(self.codes)} item codes for {self.items} vectors: train it again",
                reason="PROOF_FAILED",
            )
        made = self.encode({}, 1)
        if made.shape != (1, self.dimension) or not np.isfinite(made).all():
            raise DataProblem(
                f"The encoder of version {self.version_name} makes vectors of {made.shape[1]} dimensions, its index has "
                f"{self.dimension}: the artifacts do not belong together; train again",
                reason="PROOF_FAILED",
            )

    def warm(self) -> None:
        """Touch the index's pages and search as requests will."""
        self.engine.touch()
        self.prove()

    def close(self) -> None:
        """Let go of all files."""
        self.engine.close()
        self.codes.close()
        if self.chances is not None:
            self.chances.close()


def weighted_similarities(queries: Vectors, stored: Vectors, factors: npt.NDArray[np.float32]) -> Vectors:
    """Cosines between queries (q, d) and their candidates (q, c, d) with both sides scaled by factors (d,); float32 (q, c)."""
    squares = factors.astype(np.float32) ** 2
    products = np.einsum("qcd,qd->qc", stored, queries * squares)
    query_lengths = np.sqrt(np.einsum("qd,qd->q", queries * squares, queries))
    stored_lengths = np.sqrt(np.einsum("qcd,d,qcd->qc", stored, squares, stored, optimize=True))
    lengths = query_lengths[:, None] * stored_lengths
    cosines: Vectors = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return cosines
