"""Trainings that take the model of another version over: items of this source get vectors that compare with those of that version.

Only what belongs to the catalogue is made anew: vectors, index, calibration, evaluation, and which items are named for a routing.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from common.errors import InvalidInput
from plant.schema import FEATURES, PlantSchema
from trained.encoder import BlockEncoder
from trained.learned.learned_block import LearnedBlock
from trained.learned.learned_model import models_of
from trained.learned.planned_routings import PlannedRoutings, examples_of
from trained.version_loading import load_version
from trainer.catalogue import Catalogue
from trainer.current_routings import CurrentRoutings
from trainer.learned_stage import LearnedStage
from trainer.planned_stage import newest_first, routing_keys


@dataclass(frozen=True)
class SharedModel:
    """The model of a version.

    Attributes:
        version_name: of the version.
        encoder: its encoder, with what it has learned.
    """

    version_name: str
    encoder: BlockEncoder

    @classmethod
    def of(cls, folder: Path, schema: PlantSchema) -> SharedModel:
        """The model of the version in a folder, for items of a plant.

        Raises:
            InvalidInput: it is of an older lineage, or compares other features than the plant has.
            ServiceError: the version cannot be loaded.
        """
        model = load_version(folder)
        try:
            encoder, theirs = model.encoding, model.schema
        finally:
            model.close()
        if not isinstance(encoder, BlockEncoder):
            raise InvalidInput(
                f"--model-of {folder}: the version was trained by an older program, whose model cannot be taken over: train it again"
            )
        own = schema.feature_by_name
        known = {*own, *schema.columns(FEATURES)}
        wrong = [name for name in encoder.reads if name not in known]
        wrong += [
            name for name, feature in theirs.feature_by_name.items() if name in own and own[name].kind != feature.kind
        ]
        if wrong:
            raise InvalidInput(
                f"--model-of {folder}: {', '.join(dict.fromkeys(wrong))} is not, or not in the same way, among the features of "
                f"{schema.name}: sites that share a model have input profiles of one plant's schema",
                reason="SCHEMA_DIFFERS",
            )
        return cls(folder.name, encoder)

    def stage(self, catalogue: Catalogue, routings: CurrentRoutings | None) -> LearnedStage | None:
        """What the model has learned, applied to the items; None where it has learned nothing.

        Args:
            routings: of the items; None: they are not known.
        """
        block = self.encoder.learned
        if block is None:
            return None
        if block.model.planned is not None:
            block = _with_own_examples(block, block.model.planned, catalogue, routings)
        model = block.model
        jobs, occurrences = (routings.jobs, routings.occurrences.tolist()) if routings is not None else ([], [])
        operation_of = models_of(model.operations, jobs, occurrences)
        return LearnedStage(block, model.outputs(catalogue.with_codes()), operation_of, {})

    def with_stage(self, stage: LearnedStage | None) -> BlockEncoder:
        """The encoder with a stage of `stage`."""
        return self.encoder if stage is None else self.encoder.with_learned(stage.block, self.encoder.learned_share)


def _with_own_examples(
    block: LearnedBlock, planned: PlannedRoutings, catalogue: Catalogue, routings: CurrentRoutings | None
) -> LearnedBlock:
    """The block with items of this catalogue named for each routing that the model proposes, where there are such."""
    of_item = np.full(len(catalogue), -1, np.int64)
    newest = np.zeros(0, np.int64)
    if routings is not None:
        routed = np.flatnonzero(np.diff(routings.table.offsets) > 0)
        number = {routing: place for place, routing in enumerate(planned.classes.routings)}
        of_item[routed] = [number.get(key, -1) for key in routing_keys(routings, routed)]
        newest = newest_first(routings, routed)
    classes = replace(planned.classes, of_item=of_item)
    named = replace(planned, examples=examples_of(classes, newest))
    return block.with_model(block.model.with_planned(named))
