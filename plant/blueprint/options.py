"""What a training does, as one value: the options that the blueprint's nodes set. `PipelineOptions()` is the default pipeline."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any, Final

from common.errors import InvalidInput
from plant.mechanical_seals import PROJECTOR_COLUMNS

SCHEMA: Final = "routing-ml/pipeline@1"


@dataclass(frozen=True)
class LoadOptions:
    """What is read from the source.

    Attributes:
        features_table: table of the items; "": the active input profile's.
        routing_table: table of the routings; "": the active input profile's.
        results_table: table of the work results; "": the active input profile's.
        use_results: whether work results are read.
        batch_rows: rows read at once.
    """

    features_table: str = ""
    routing_table: str = ""
    results_table: str = ""
    use_results: bool = True
    batch_rows: int = 50_000

    @property
    def tables(self) -> dict[str, str]:
        """Role -> table, of the roles whose table differs from the input profile's."""
        named = {"features": self.features_table, "routing": self.routing_table, "results": self.results_table}
        return {role: table for role, table in named.items() if table}


@dataclass(frozen=True)
class WeightOptions:
    """How much each feature counts; what is not named has the plant's default.

    Attributes:
        weights: feature -> weight, 0 or more.
        active: feature -> whether it takes part.
    """

    weights: Mapping[str, float] = field(default_factory=dict)
    active: Mapping[str, bool] = field(default_factory=dict)


@dataclass(frozen=True)
class EncodeOptions:
    """How features become vectors.

    Attributes:
        weight_exponent: block length = weight ** weight_exponent.
        least_text: least dimensions of a text feature.
    """

    weight_exponent: float = 0.5
    least_text: int = 6


@dataclass(frozen=True)
class LearnOptions:
    """What is learned from the items' routings: which operations an item needs and how long they take.

    Attributes:
        enabled: whether vectors get a learned block; without it they hold the features only.
        share: share of a similarity that the learned block has, 0 to 1.
        feature_weights: whether the weights of features that are not set come half from how much they tell.
        operations: most operations with a model of their own, the most frequent ones; neighbours vote for the others.
        least_items: items that must have an operation before it gets a model.
        folds: parts of the catalogue; what is said of an item comes from models that have not seen its part.
        iterations: trees an operation.
        leaves: most leaves of a tree.
        learning_rate: what each tree adds.
        directions: most dimensions of the block for operations.
        most_rows: most items that one operation learns from.
        seed: of samples and folds.
    """

    enabled: bool = True
    share: float = 0.8
    feature_weights: bool = True
    operations: int = 300
    least_items: int = 20
    folds: int = 3
    iterations: int = 40
    leaves: int = 15
    learning_rate: float = 0.15
    directions: int = 48
    most_rows: int = 60_000
    seed: int = 1


@dataclass(frozen=True)
class EmbedOptions:
    """The shape of the vectors.

    Attributes:
        dimensions: about how many, a multiple of 8.
        widest: most dimensions of one feature.
    """

    dimensions: int = 160
    widest: int = 48


@dataclass(frozen=True)
class IndexOptions:
    """The index.

    Attributes:
        engine: faiss, hnswlib or pgvector.
        m: links of a vector on each level.
        ef_construction: width of the search while building.
        target_recall: recall@50 that the version's default ef_search must reach, 0 to 1.
        threads: 0: all cores.
    """

    engine: str = "faiss"
    m: int = 16
    ef_construction: int = 200
    target_recall: float = 0.99
    threads: int = 0


@dataclass(frozen=True)
class TimeOptions:
    """Time profiles that are trained with the version.

    Attributes:
        enabled: whether they are.
        strategy: sigma_profile, z_score or trimmed_std.
        optimal_sigma: OPTIMAL lies this many sigma above the mean.
        safe_sigma: SAFE lies this many sigma above the mean.
        trim_lower: lower quantile of trimmed_std, 0 to 1.
        trim_upper: upper quantile of trimmed_std, 0 to 1.
    """

    enabled: bool = False
    strategy: str = "sigma_profile"
    optimal_sigma: float = 0.67
    safe_sigma: float = 1.28
    trim_lower: float = 0.05
    trim_upper: float = 0.95


@dataclass(frozen=True)
class ProjectorOptions:
    """The export for the TensorBoard Projector.

    Attributes:
        enabled: whether it is written.
        metadata_columns: columns of the item table that go with the vectors.
        most_points: most items written; 0: all.
    """

    enabled: bool = True
    metadata_columns: tuple[str, ...] = PROJECTOR_COLUMNS
    most_points: int = 10_000


@dataclass(frozen=True)
class StoreOptions:
    """Where versions are kept.

    Attributes:
        folder: folder of the versions; "": the models folder of the installation.
        label: part of the names of versions without a name of their own; "": the time alone.
    """

    folder: str = ""
    label: str = ""


@dataclass(frozen=True)
class PipelineOptions:
    """The options of the whole pipeline, one part a node type."""

    load: LoadOptions = field(default_factory=LoadOptions)
    weights: WeightOptions = field(default_factory=WeightOptions)
    encode: EncodeOptions = field(default_factory=EncodeOptions)
    learn: LearnOptions = field(default_factory=LearnOptions)
    embed: EmbedOptions = field(default_factory=EmbedOptions)
    index: IndexOptions = field(default_factory=IndexOptions)
    times: TimeOptions = field(default_factory=TimeOptions)
    projector: ProjectorOptions = field(default_factory=ProjectorOptions)
    store: StoreOptions = field(default_factory=StoreOptions)

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it, with the schema's name."""
        return {"schema": SCHEMA, **asdict(self)}

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> PipelineOptions:
        """The options that `to_dict` gave; parts that are missing have their defaults.

        Raises:
            InvalidInput: another schema, or a part or option that this version does not know.
        """
        if content.get("schema", SCHEMA) != SCHEMA:
            raise InvalidInput(f"The pipeline is written as {content.get('schema')}; this software reads {SCHEMA}")
        try:
            parts = {
                name: PARTS[name](**{k: tuple(v) if isinstance(v, list) else v for k, v in part.items()})
                for name, part in content.items()
                if name != "schema"
            }
        except (KeyError, TypeError, AttributeError) as error:
            raise InvalidInput(f"The pipeline cannot be read: {error}") from None
        return cls(**parts)


PARTS: Final[dict[str, Any]] = {
    "load": LoadOptions,
    "weights": WeightOptions,
    "encode": EncodeOptions,
    "learn": LearnOptions,
    "embed": EmbedOptions,
    "index": IndexOptions,
    "times": TimeOptions,
    "projector": ProjectorOptions,
    "store": StoreOptions,
}
"""Part of the pipeline -> its class."""
