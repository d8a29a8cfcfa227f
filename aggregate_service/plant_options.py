"""What the settings document means for this service."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from common.plant_settings import PlantSettings
from common.settings import Settings
from common.source.allowed_paths import first_existing
from domain.plant_prediction import prediction_options
from domain.routing_prediction import PredictionOptions


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
        return cls(
            document=document,
            prediction=prediction_options(document),
            high_similarity=document.predictor.similarity_high_threshold,
        )

    def source_path(self, settings: Settings) -> Path:
        """The source that serves: ROUTING_ML_DATASET, else the Access file of the document, else its first backup that exists."""
        data_source = self.document.data_source
        return first_existing(settings.dataset, [data_source.access_path, *data_source.backup_paths])
