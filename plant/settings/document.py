"""The settings document as a whole: read from JSON, checked, written to JSON."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

import orjson
from pydantic import ConfigDict, ValidationError

from common.errors import InvalidInput
from common.value_notices import value_notice
from plant.settings import rules
from plant.settings.sections import (
    AccessSection,
    DataSourceSection,
    ErpSection,
    ExportSection,
    Graph,
    PredictionSection,
    PredictorSection,
    SearchSection,
    Section,
    SnapshotSection,
    SqlSection,
    TrainerSection,
    TrainingSection,
    VisualizationSection,
)
from plant.settings.violations import Violation, refuse


class PlantSettings(Section):
    """What operators change while the plant runs. `PlantSettings()` is what a new plant starts with."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    graph: Graph = Graph()
    trainer: TrainerSection = TrainerSection()
    predictor: PredictorSection = PredictorSection()
    sql: SqlSection = SqlSection()
    data_source: DataSourceSection = DataSourceSection()
    export: ExportSection = ExportSection()
    visualization: VisualizationSection = VisualizationSection()
    search: SearchSection = SearchSection()
    prediction: PredictionSection = PredictionSection()
    access: AccessSection = AccessSection()
    snapshot: SnapshotSection = SnapshotSection()
    training: TrainingSection = TrainingSection()
    erp: ErpSection = ErpSection()

    @classmethod
    def parse(cls, text: str | bytes) -> PlantSettings:
        """Read a document; "" stands for the defaults. Sections and fields that it lacks have their defaults.

        Raises:
            InvalidInput: not JSON, or a bound or rule is broken; with the field of each violation.
        """
        if not text:
            return cls()
        try:
            content = orjson.loads(text)
        except orjson.JSONDecodeError as error:
            raise InvalidInput(f"The settings are not JSON ({error})", reason="SETTINGS_INVALID") from None
        return cls.of(content)

    @classmethod
    def of(cls, content: object) -> PlantSettings:
        """Check a document given as the objects of JSON.

        Raises:
            InvalidInput: a bound or rule is broken; with the field of each violation.
        """
        if not isinstance(content, Mapping):
            raise InvalidInput("The settings are not a JSON object", reason="SETTINGS_INVALID")
        try:
            document = cls.model_validate(content)
        except ValidationError as error:
            raise refuse(
                [
                    Violation(tuple(one["loc"]), value_notice({**one, "input": None}))
                    for one in error.errors(include_url=False)
                ]
            ) from None
        violations = list(document.violations())
        if violations:
            raise refuse(violations)
        return document

    def violations(self) -> Iterator[Violation]:
        """The rules across fields that the document breaks."""
        yield from rules.check_trim("trainer", self.trainer)
        yield from rules.check_trim("predictor", self.predictor)
        yield from rules.check_graph(self.graph)
        yield from rules.check_sql(self.sql)
        yield from rules.check_data_source(self.data_source)
        yield from rules.check_export(self.export)
        yield from rules.check_erp(self.erp)

    def to_json(self) -> str:
        """The document as JSON text, sections in order."""
        return orjson.dumps(self.to_dict()).decode()

    def to_dict(self) -> dict[str, Any]:
        """The document as the objects of JSON."""
        return self.model_dump(mode="json")
