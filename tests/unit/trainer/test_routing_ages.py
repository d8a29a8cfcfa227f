"""Practices that changed over the years: what is learned speaks of a plan that is made now, and an old kind of item stays as it was."""

from __future__ import annotations

import csv
import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from benchmarks.prediction_quality.product import predicted_scores
from plant.blueprint.pipeline import pipeline_of
from plant.input_profile import InputProfile
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.settings import PlantSettings
from plant.time_columns import RUN_SOURCES, SETUP, TIMES
from routings.operation_table import OperationTable, offsets_of
from routings.quality_metrics import RightRouting
from source import open_source
from trained.encoding.dictionary_columns import Columns, DictionaryColumn
from trained.learned.learned_inputs import ItemInputs
from trainer.current_routings import CurrentRoutings
from trainer.evaluation import EvaluationOptions
from trainer.learned_stage import LearnedStage, LearningOptions, learn, left_out_groups
from trainer.operation_fitter import BoostingOptions
from trainer.progress import JsonLines, ProgressReport
from trainer.routing_ages import MILLISECONDS_A_YEAR, routing_ages
from trainer.status_file import RUNNING, TrainingStatus
from trainer.training import Training

PROFILE = InputProfile.parse(
    json.dumps(
        {
            "name": "aged",
            "tables": {"features": "parts", "routing": "steps", "results": ""},
            "columns": [
                {"internal": internal, "role": role, "source": source}
                for role, pairs in {
                    "features": {"ITEM_CD": "code", "ITEM_TYPE": "kind", "OUTDIAMETER": "size"},
                    "routing": {
                        "ITEM_CD": "code",
                        "PROC_SEQ": "no",
                        "JOB_CD": "job",
                        "RUN_TIME": "run",
                        "INSRT_DT": "entered",
                    },
                }.items()
                for internal, source in pairs.items()
            ],
        }
    )
)

OPTIONS = LearningOptions(folds=2, boosting=BoostingOptions(iterations=30))
FIRST, LAST, CHANGED = 2008.0, 2024.0, 2019.0
SLOWER_A_YEAR = 1.03
KINDS = ("RING", "SHAFT", "BUSHING")
RING, SHAFT, BUSHING = range(3)
JOBS = ("SAW", "TURN", "GRIND", "MILL", "HONE", "CHECK")


@dataclass(frozen=True)
class Plant:
    """Rings, ground instead of turned since CHANGED; shafts, always milled; bushings, last planned in 2011, honed.

    Every eighth item has no routing; all get faster by the same share every year.
    """

    columns: Columns
    routings: CurrentRoutings
    kind: npt.NDArray[np.int64]
    years: npt.NDArray[np.float64]

    @property
    def new(self) -> npt.NDArray[np.bool_]:
        """Items without a routing."""
        made: npt.NDArray[np.bool_] = np.diff(self.routings.table.offsets) == 0
        return made

    def learn(self) -> LearnedStage:
        """What is learned of it."""
        stage = learn(self.columns, self.routings, OPTIONS, schema=MECHANICAL_SEALS)
        assert stage is not None
        return stage


@pytest.fixture(scope="module")
def plant() -> Plant:
    random = np.random.default_rng(5)
    count = 900
    kind = np.arange(count) % 3
    years = FIRST + random.uniform(0, 1, count) * np.where(kind == BUSHING, 3.5, LAST - FIRST)
    routed = np.arange(count) % 8 != 0
    special = np.choose(kind, [np.where(years >= CHANGED, 2, 1), 3, 4])
    operation = np.stack([np.zeros(count, int), special, np.full(count, 5)], axis=1)[routed].reshape(-1)
    lengths = np.where(routed, 3, 0).astype(np.int64)
    times = np.full((len(operation), len(TIMES)), np.nan)
    times[:, SETUP] = 10.0
    ago = np.repeat(LAST - years[routed], 3)
    times[:, RUN_SOURCES[0]] = 5.0 * SLOWER_A_YEAR**ago * random.lognormal(0, 0.05, len(operation))
    table = OperationTable(
        offsets_of(lengths),
        operation.astype(np.int32),
        np.zeros(len(operation), np.int32),
        np.tile([10, 20, 30], int(routed.sum())).astype(np.int32),
        times,
        np.full((len(operation), 2), np.nan),
    )
    entered = np.where(routed, (years - 1970.0) * MILLISECONDS_A_YEAR, -np.inf)
    routings = CurrentRoutings(table, list(JOBS), np.zeros(len(JOBS), np.int64), [""], entered)
    columns = {
        "ITEM_TYPE": DictionaryColumn(list(KINDS), kind.astype(np.int32)),
        "OUTDIAMETER": DictionaryColumn(random.uniform(20, 200, count)),
    }
    return Plant(columns, routings, kind, years)


def test_what_is_learned_speaks_of_a_plan_of_now(plant: Plant) -> None:
    stage = plant.learn()
    assert stage.changed > 0.02
    said = stage.outputs.probabilities[plant.new][:, stage.operation_of]
    kind = plant.kind[plant.new]
    assert (said[kind == RING, JOBS.index("GRIND")] > 0.8).all()  # though most rings were turned
    assert (said[kind == RING, JOBS.index("TURN")] < 0.2).all()
    assert (said[kind == BUSHING, JOBS.index("HONE")] > 0.8).all()  # as they last were
    assert (said[kind == SHAFT, JOBS.index("MILL")] > 0.8).all()
    served = stage.block.model.outputs(plant.columns).probabilities[:, stage.operation_of]
    assert (served[plant.kind == RING, JOBS.index("GRIND")] > 0.8).all()
    assert (served[plant.kind != RING, JOBS.index("GRIND")] < 0.2).all()


def test_an_item_with_a_routing_is_seen_as_of_when_that_was_entered(plant: Plant) -> None:
    stage = plant.learn()
    said = stage.outputs.probabilities[:, stage.operation_of]
    rings = ~plant.new & (plant.kind == RING)
    before, after = (rings & (plant.years < CHANGED - 1), rings & (plant.years > CHANGED + 1))
    assert np.median(said[before, JOBS.index("TURN")]) > 0.8
    assert np.median(said[after, JOBS.index("GRIND")]) > 0.8


def test_items_are_asked_about_as_if_they_were_planned_now_by_models_that_did_not_see_them(plant: Plant) -> None:
    asked = np.arange(0, len(plant.kind), 2)
    stage = learn(plant.columns, plant.routings, OPTIONS, schema=MECHANICAL_SEALS, now=asked)
    assert stage is not None
    assert stage.now is not None
    np.testing.assert_array_equal(stage.now.items, asked[~plant.new[asked]])
    said = stage.now.outputs.probabilities[:, stage.operation_of]
    kind = plant.kind[stage.now.items]
    assert (said[kind == RING, JOBS.index("GRIND")] > 0.8).all()  # of old ones too
    assert (said[kind == BUSHING, JOBS.index("HONE")] > 0.8).all()
    alone = plant.learn()  # whom is asked about changes nothing of what is learned
    np.testing.assert_array_equal(stage.outputs.probabilities, alone.outputs.probabilities)
    np.testing.assert_array_equal(stage.outputs.factors, alone.outputs.factors)


@pytest.mark.parametrize(
    ("routed", "asked", "groups"), [(787, 60, 1), (787, 300, 4), (40, 40, 10), (100_000, 300, 0), (5, 2, 2)]
)
def test_models_of_an_evaluation_know_nearly_what_a_version_knows(routed: int, asked: int, groups: int) -> None:
    now = np.arange(asked) * 2
    found = left_out_groups(now, routed, LearningOptions())
    assert len(found) == groups
    if groups:
        np.testing.assert_array_equal(np.sort(np.concatenate(found)), now)
        assert max(map(len, found)) <= max(0.1 * routed + 1, 1)


def test_a_version_says_of_itself_what_items_without_a_routing_meet(plant: Plant, tmp_path: Path) -> None:
    """Half of the rings' routings are of a practice that has gone: a plan of now differs from them, and the version says so."""
    own, held_out = evaluated(plant, tmp_path)
    between = own["sequence_exact_between"]
    assert own["as_of_now"] is True
    assert between[0] <= held_out <= between[1]
    assert held_out < 0.9  # as of when they were entered nearly all would be right


def evaluated(plant: Plant, folder: Path) -> tuple[dict[str, Any], float]:
    """What a version says of itself, and the share of items without a routing whose proposal is what had been entered for them."""
    random = np.random.default_rng(8)
    source = folder / "source"
    source.mkdir()
    entered = [
        datetime(1970, 1, 1, tzinfo=UTC) + timedelta(days=float(365.2425 * (year - 1970))) for year in plant.years
    ]
    special = np.choose(plant.kind, [np.where(plant.years >= CHANGED, "GRIND", "TURN"), "MILL", "HONE"])
    hidden = random.random(len(plant.kind)) < 0.25
    with open(source / "parts.csv", "w", encoding="utf-8", newline="") as stream:
        rows = [
            [f"I{n}", KINDS[kind], round(float(size), 2)]
            for n, (kind, size) in enumerate(zip(plant.kind, plant.columns["OUTDIAMETER"].numbers(), strict=True))
        ]
        csv.writer(stream).writerows([["code", "kind", "size"], *rows])
    with open(source / "steps.csv", "w", encoding="utf-8", newline="") as stream:
        steps = [
            [f"I{n}", 10 * place, job, 5.0, f"{entered[n]:%Y-%m-%d %H:%M:%S}"]
            for n in np.flatnonzero(~hidden).tolist()
            for place, job in enumerate(("SAW", special[n], "CHECK"), start=1)
        ]
        csv.writer(stream).writerows([["code", "no", "job", "run", "entered"], *steps])
    report = ProgressReport(JsonLines(), None, TrainingStatus(status=RUNNING))
    training = Training(open_source(source), PROFILE, pipeline_of(PlantSettings()), report, EvaluationOptions(items=0))
    training.write(folder / "version", *training.prepare(), {}, {})
    summary = json.loads((folder / "version" / "evaluation.json").read_text(encoding="utf-8"))["summary"]
    right = {
        n: RightRouting(["SAW", str(special[n]), "CHECK"], np.full(3, 5.0)) for n in np.flatnonzero(hidden).tolist()
    }
    scores = predicted_scores(folder / "version", open_source(source), PROFILE, "consensus", right)
    return summary, float(np.mean([one.exact for one in scores]))


def test_times_of_old_routings_are_scaled_to_those_of_now(plant: Plant) -> None:
    stage = plant.learn()
    saw = int(stage.operation_of[JOBS.index("SAW")])
    now = stage.block.model.outputs(plant.columns).factors
    ratio = np.exp((now - stage.outputs.factors) @ stage.block.model.times.effects[saw, 1].astype(np.float64))
    old = ~plant.new & (plant.kind != BUSHING) & (plant.years < FIRST + 2)
    recent = ~plant.new & (plant.kind != BUSHING) & (plant.years > LAST - 1)
    assert np.median(ratio[old]) == pytest.approx(SLOWER_A_YEAR**-14, abs=0.06)
    assert np.median(ratio[recent]) == pytest.approx(1.0, abs=0.04)


def test_a_kind_that_was_last_planned_long_ago_is_of_age_0(plant: Plant) -> None:
    inputs = ItemInputs.fit(plant.columns, MECHANICAL_SEALS.active, MECHANICAL_SEALS)
    matrix = inputs.matrix(plant.columns)
    ages = routing_ages(plant.routings.entered, ~plant.new, inputs, matrix, threads=1, seed=1)
    assert ages is not None
    assert not ages[plant.new].any()
    for kind in range(3):
        of_kind = ~plant.new & (plant.kind == kind)
        newest = of_kind & (plant.years > np.quantile(plant.years[of_kind], 0.9))
        assert ages[newest].max() < 1.5
        assert np.corrcoef(ages[of_kind], -plant.years[of_kind])[0, 1] > 0.9


@pytest.mark.parametrize("entered", ["never", "one day", "few"])
def test_where_little_says_when_or_all_were_loaded_on_one_day_ages_are_not_looked_at(
    plant: Plant, entered: str
) -> None:
    known = plant.routings.entered
    assert known is not None
    made = {
        "never": None,
        "one day": np.where(np.isfinite(known), 1.7e12, -np.inf),
        "few": np.where(np.arange(len(known)) % 3 == 1, known, -np.inf),
    }[entered]
    stage = replace(plant, routings=replace(plant.routings, entered=made)).learn()
    assert stage.changed == 0.0


def test_a_date_that_is_typed_wrongly_bends_no_line(plant: Plant) -> None:
    known = plant.routings.entered
    assert known is not None
    wrong = known.copy()
    wrong[1] = -2.2e12  # 1900
    wrong[2] = 3.2e13  # 2999
    stage = replace(plant, routings=replace(plant.routings, entered=wrong)).learn()
    said = stage.outputs.probabilities[plant.new][:, stage.operation_of]
    assert (said[plant.kind[plant.new] == RING, JOBS.index("GRIND")] > 0.8).all()
