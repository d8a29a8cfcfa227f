"""What the settings document means for this service."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from aggregate_service.operation_columns import OperationColumns
from common.settings import Settings
from plant.schema import PlantSchema
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
    _columns: dict[bool, OperationColumns] = field(default_factory=dict, compare=False, repr=False)

    def operation_columns(self, schema: PlantSchema, *, detailed: bool) -> OperationColumns:
        """Which columns of an operation are answered: the key columns, or (detailed) all output columns."""
        known = self._columns.get(detailed)
        if known is None or known.schema is not schema:
            known = self._columns[detailed] = OperationColumns.of(self.document.sql, schema, detailed=detailed)
        return known

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
