"""Practices that changed over the years: what is learned speaks of a plan that is made now, and an old kind of item stays as it was."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pytest

from plant.mechanical_seals import MECHANICAL_SEALS
from plant.time_columns import RUN_SOURCES, SETUP, TIMES
from routings.operation_table import OperationTable, offsets_of
from trained.encoding.dictionary_columns import Columns, DictionaryColumn
from trained.learned.learned_inputs import ItemInputs
from trainer.current_routings import CurrentRoutings
from trainer.learned_stage import LearnedStage, LearningOptions, learn
from trainer.operation_fitter import BoostingOptions
from trainer.routing_ages import MILLISECONDS_A_YEAR, routing_ages

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
