"""What the settings document means for this service."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from common.settings import Settings
from plant.settings import PlantSettings
from routings.plant_prediction import prediction_options
from routings.routing_prediction import PredictionOptions
from source.serving_source import ServingSource, serving_source


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

    def source(self, settings: Settings) -> ServingSource:
        """The source that serves."""
        return serving_source(settings, self.document)

    def source_path(self, settings: Settings) -> Path:
        """Where the source that serves is."""
        return self.source(settings).path
