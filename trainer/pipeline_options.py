"""What a training builds: encoder, weights, index, time profiles. From the settings document, and changed by options of a run."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from common.errors import FieldViolation, InvalidInput
from common.plant_settings import PlantSettings
from domain.encoder import LEAST_DIMENSIONS, MOST_DIMENSIONS, EncoderOptions
from domain.engine import DEFAULT_ENGINE, EF_CONSTRUCTION, M
from domain.features import FEATURE_BY_NAME
from domain.time_profiles import ProfileOptions

Weight = Annotated[float, Field(ge=0.0, le=1000.0, allow_inf_nan=False)]


class TimeProfileOptions(BaseModel):
    """How time profiles of operations are made; factors are numbers of sigma, trims are quantiles."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    strategy: Literal["sigma_profile", "z_score", "trimmed_std"] = "sigma_profile"
    optimal_sigma: float = 0.67
    safe_sigma: float = 1.28
    trim_lower: Annotated[float, Field(ge=0.0, le=1.0)] = 0.05
    trim_upper: Annotated[float, Field(ge=0.0, le=1.0)] = 0.95

    def to_domain(self) -> ProfileOptions:
        """As the arithmetic takes them."""
        return ProfileOptions(**self.model_dump())


class PipelineOptions(BaseModel):
    """What a training builds.

    Attributes:
        dimensions: about how many dimensions a vector has.
        weight_exponent: see `EncoderOptions`.
        weights, active: by feature; the plant's where a feature is not named.
        engine: faiss or hnswlib.
        m, ef_construction: of the index.
        threads: for building; 0: all cores.
        wanted_recall: the default ef_search is the smallest that reaches it.
        recall_queries: items searched for to measure recall.
        time_profiles: None: none are made.
        projector: whether the vectors are exported for the TensorBoard Projector.
        projector_metadata: internal columns of the item table that the export shows.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    dimensions: Annotated[int, Field(ge=LEAST_DIMENSIONS, le=MOST_DIMENSIONS)] = EncoderOptions.dimensions
    weight_exponent: Annotated[float, Field(gt=0.0, le=2.0)] = EncoderOptions.weight_exponent
    weights: dict[str, Weight] = {}
    active: dict[str, bool] = {}
    engine: Literal["faiss", "hnswlib"] = DEFAULT_ENGINE
    m: Annotated[int, Field(ge=2, le=128)] = M
    ef_construction: Annotated[int, Field(ge=8, le=4096)] = EF_CONSTRUCTION
    threads: Annotated[int, Field(ge=0, le=256)] = 0
    wanted_recall: Annotated[float, Field(gt=0.0, le=1.0)] = 0.99
    recall_queries: Annotated[int, Field(ge=1, le=100_000)] = 1000
    time_profiles: TimeProfileOptions | None = None
    projector: bool = False
    projector_metadata: tuple[str, ...] = ("ITEM_CD", "ITEM_NM", "GROUP1", "ITEM_TYPE")

    @classmethod
    def from_settings(cls, plant: PlantSettings) -> PipelineOptions:
        """What the settings document asks for."""
        trainer = plant.trainer
        times = None
        if trainer.time_profiles_enabled:
            times = TimeProfileOptions(
                strategy=trainer.time_profile_strategy,
                optimal_sigma=trainer.time_profile_optimal_sigma,
                safe_sigma=trainer.time_profile_safe_sigma,
                trim_lower=trainer.trim_lower_percent,
                trim_upper=trainer.trim_upper_percent,
            )
        return cls(time_profiles=times, projector_metadata=tuple(plant.visualization.projector_metadata_columns))

    def changed(self, **changes: Any) -> PipelineOptions:
        """With other values for what is named and not None.

        Raises:
            InvalidInput: a value is out of bounds, or a feature is unknown; one violation each.
        """
        merged = {**self.model_dump(), **{name: value for name, value in changes.items() if value is not None}}
        return self.of(merged)

    @classmethod
    def of(cls, content: object) -> PipelineOptions:
        """Check options given as the objects of JSON.

        Raises:
            InvalidInput: a value is out of bounds, or a feature is unknown; one violation each.
        """
        try:
            options = cls.model_validate(content)
        except ValidationError as error:
            violations = [
                FieldViolation(".".join(str(part) for part in problem["loc"]), problem["msg"])
                for problem in error.errors(include_url=False, include_context=False)
            ]
            raise _refused(violations) from None
        unknown = [name for name in (*options.weights, *options.active) if name not in FEATURE_BY_NAME]
        if unknown:
            raise _refused(
                [FieldViolation(f"weights.{name}", "is no feature of the plant") for name in dict.fromkeys(unknown)]
            )
        times = options.time_profiles
        if times is not None and times.trim_lower >= times.trim_upper:
            raise _refused([FieldViolation("time_profiles.trim_lower", "must be below trim_upper")])
        return options

    def encoder_options(self) -> EncoderOptions:
        """Layout of the vectors."""
        return EncoderOptions(dimensions=self.dimensions, weight_exponent=self.weight_exponent)


def _refused(violations: list[FieldViolation]) -> InvalidInput:
    first = violations[0]
    return InvalidInput(
        f"The pipeline cannot be built: {first.field} {first.description}",
        reason="PIPELINE_INVALID",
        violations=violations,
    )
