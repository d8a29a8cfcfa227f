"""What all steps of a training share: source, profile, options, and how they tell what they do."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterator
from dataclasses import dataclass

from plant.blueprint.options import PipelineOptions
from plant.input_profile import InputProfile
from plant.schema import RESULTS
from source import Source
from trainer.progress import ProgressReport
from trainer.stage_clock import StageClock


@dataclass(frozen=True)
class TrainingWork:
    """One training.

    Attributes:
        source, profile: where the items come from; the profile with the tables that the pipeline names.
        options: what is built.
        report: told how it goes.
        clock: time of the stages.
    """

    source: Source
    profile: InputProfile
    options: PipelineOptions
    report: ProgressReport
    clock: StageClock

    @property
    def threads(self) -> int:
        """Threads that steps may use."""
        return self.options.index.threads or os.cpu_count() or 1

    @contextlib.contextmanager
    def stage(self, stage: str, message: str, *, total: int = 0, unit: str = "rows") -> Iterator[None]:
        """Tell and measure a stage, or a further part of it."""
        with self.report.stage(stage, message, total=total, unit=unit), self.clock.measuring(stage):
            yield


def with_tables(profile: InputProfile, options: PipelineOptions) -> InputProfile:
    """The input profile with the tables that the pipeline names instead, and without work results when it does not use them."""
    named: dict[str, str] = {**dict(profile.tables.items()), **options.load.tables}
    if not options.load.use_results:
        named[RESULTS] = ""
    return profile.model_copy(update={"tables": named})
