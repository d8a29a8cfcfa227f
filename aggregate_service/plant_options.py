"""What the settings document means for this service."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from common.plant_settings import PlantSettings
from common.settings import Settings
from common.source.allowed_paths import first_existing
from domain.routing_prediction import PredictionOptions
from domain.time_profiles import ProfileOptions


@dataclass(frozen=True)
class PlantOptions:
    """The settings that predictions, exports and the source follow.

    Attributes:
        document: the whole document.
        prediction: how items are predicted, unless a request says otherwise.
        high_similarity: SIMILARITY_TIER is HIGH from here on.
    """

    document: PlantSettings = field(default_factory=PlantSettings)
    prediction: PredictionOptions = field(default_factory=PredictionOptions)
    high_similarity: float = 0.8

    @classmethod
    def of(cls, document: PlantSettings) -> PlantOptions:
        """The options that a document asks for."""
        trainer, predictor = document.trainer, document.predictor
        return cls(
            document=document,
            prediction=PredictionOptions(
                strategy=document.prediction.strategy,
                threshold=trainer.similarity_threshold,
                max_variants=predictor.max_routing_variants,
                outliers=ProfileOptions(
                    strategy="trimmed_std" if predictor.trim_std_enabled else "z_score",
                    trim_lower=predictor.trim_lower_percent,
                    trim_upper=predictor.trim_upper_percent,
                ),
                profile=ProfileOptions(
                    strategy=trainer.time_profile_strategy,
                    optimal_sigma=trainer.time_profile_optimal_sigma,
                    safe_sigma=trainer.time_profile_safe_sigma,
                    trim_lower=trainer.trim_lower_percent,
                    trim_upper=trainer.trim_upper_percent,
                ),
            ),
            high_similarity=predictor.similarity_high_threshold,
        )

    def source_path(self, settings: Settings) -> Path:
        """The source that serves: ROUTING_ML_DATASET, else the Access file of the document, else its first backup that exists."""
        data_source = self.document.data_source
        return first_existing(settings.dataset, [data_source.access_path, *data_source.backup_paths])
