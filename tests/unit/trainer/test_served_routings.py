"""A version serves the routing that the chosen method proposes, whatever passes between: vectors, neighbours, votes."""

from pathlib import Path

import numpy as np
import pytest

from methods.members import Asked
from plant.blueprint.pipeline import pipeline_of
from plant.settings import PlantSettings
from routings.plant_prediction import prediction_options
from routings.routing_prediction import predict_routings
from source import open_source
from tests.unit.trainer.test_strange_catalogues import PROFILE, Plant
from trained.encoder import BlockEncoder
from trained.item_codes import ItemCodeIndex
from trained.learned.feature_columns import feature_table
from trained.learned.learned_model import operation_key
from trained.version_loading import load_version
from trainer.catalogue import read_catalogue
from trainer.current_routings import read_current_routings
from trainer.evaluation import Evaluated, EvaluationOptions, leave_out_neighbours
from trainer.progress import JsonLines, ProgressReport
from trainer.right_routings import own_routings
from trainer.status_file import RUNNING, TrainingStatus
from trainer.training import Training
from trainer.version_evaluation import encoder_of

JOBS = ("saw", "turn", "mill", "drill", "weld", "test")


def made_up(seed: int) -> Plant:
    """A few dozen items, a quarter without routing; many have the same operations in another order, or one of them twice."""
    random = np.random.default_rng(seed)
    plant = Plant({}, {})
    usual = [list(random.permutation(JOBS)[: random.integers(2, 5)]) for _kind in range(3)]
    usual[2] = [*usual[0], usual[0][0]]
    for number in range(int(random.integers(28, 45))):
        code, kind = f"P{number:03d}", int(random.integers(3))
        size = float(random.integers(1, 9))
        plant.items[code] = (f"part {random.integers(4)}x{random.integers(9)}", f"kind {kind}", size)
        if number % 4:
            jobs = list(usual[kind])
            if random.random() < 0.4:
                random.shuffle(jobs)
            plant.routings[code] = [(str(job), float(random.uniform(1, 30))) for job in jobs]
    return plant


@pytest.mark.parametrize("seed", [1, 2, 4])
def test_items_get_what_the_chosen_method_proposes(seed: int, tmp_path: Path) -> None:
    source = open_source(made_up(seed).write(tmp_path / "source"))
    report = ProgressReport(JsonLines(), None, TrainingStatus(status=RUNNING))
    training = Training(source, PROFILE, pipeline_of(PlantSettings()), report, EvaluationOptions())
    training.write(tmp_path / "version", *training.prepare(), {}, {})
    catalogue = read_catalogue(source, PROFILE)
    index = ItemCodeIndex.of(catalogue.codes.to_pylist())
    routings = read_current_routings(source, PROFILE, index)
    asked = np.flatnonzero(np.diff(routings.table.offsets) == 0)
    model = load_version(tmp_path / "version", tmp_path / "version" / "manifest.json")
    try:
        encoder = model.encoding
        assert isinstance(encoder, BlockEncoder)
        assert encoder.learned is not None
        planned = encoder.learned.model.planned
        assert planned is not None
        right = own_routings(routings, asked, {})
        work = Evaluated(model, index, routings, right, encoder_of(model, catalogue.with_codes()))
        neighbours, learned = leave_out_neighbours(work, EvaluationOptions(), asked)
        options = prediction_options(PlantSettings())
        batch = predict_routings(routings.table, asked, neighbours, options, learned)
        table = feature_table(catalogue.with_codes(), planned.features).of(asked)
        chances = planned.fitted.predict(Asked(table, planned.description.describe(table)))
        proposed = [planned.classes.routings[number] for number in planned.proposed(chances).tolist()]
    finally:
        model.close()
    served = {}
    for routing in np.flatnonzero(batch.rank == 1).tolist():
        numbers = routings.table.operation[batch.rows[batch.offsets[routing] : batch.offsets[routing + 1]]]
        served[int(batch.query[routing])] = tuple(
            operation_key(routings.jobs[number], int(routings.occurrences[number])) for number in numbers.tolist()
        )
    assert [served[place] for place in range(len(asked))] == proposed
