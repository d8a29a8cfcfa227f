"""Routings that planners kept, read for training and put in the place of the items' own."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import polars as pl
import pytest
from sqlalchemy.orm import Session

from auth_service.planning import proposal_reviews, routing_groups
from auth_service.planning.proposal_reviews import SentProposal
from auth_service.planning.routing_group_content import Content, Step
from auth_service.store import schema
from auth_service.store.database import Database
from common.identity import Caller
from common.settings import Settings
from plant.blueprint.options import PipelineOptions
from plant.input_profile import InputProfile
from plant.time_columns import RUN, SETUP, TIMES
from routings.operation_table import OperationTable
from routings.routing_changes import TimedOperation
from source import open_source
from tests.support.catalogue import CATALOGUE
from trained.item_codes import ItemCodeIndex
from trainer.current_routings import CurrentRoutings
from trainer.planner_examples import ExampleOperation, PlannerExample, planner_examples, with_examples
from trainer.progress import JsonLines, ProgressReport
from trainer.status_file import RUNNING, TrainingStatus
from trainer.training import Training

PARK = Caller("park@plant.example", "user")


def save(session: Session, name: str, item: str, steps: list[Step], at: float) -> None:
    content = Content(name, (item,), tuple(steps))
    group = routing_groups.create(session, PARK, content, at)
    proposal = SentProposal(item, operations=[TimedOperation("TUR", 5.0, 10.0)])
    proposal_reviews.record(session, PARK, group.group_id, content, [proposal], at)


def test_examples_are_read_from_a_registry_file_by_command(tmp_path: Path) -> None:
    path = tmp_path / "registry.db"
    database = Database(f"sqlite:///{path.as_posix()}")
    schema.upgrade(database)
    with database.writing() as session:
        save(session, "kept", "A-1", [Step(1, "TUR", sql_values={"SETUP_TIME": 5.0, "RUN_TIME": 10.0})], 1.0)
        save(session, "changed", "슬리브", [Step(1, "TUR", 15.0), Step(2, "INS", sql_values={"RUN_TIME": 2.0})], 2.0)
    database.close()
    settings = Settings(_env_file=None, state_dir=tmp_path / "state")
    assert planner_examples(settings, path) == [
        PlannerExample("슬리브", (ExampleOperation("TUR", None, None), ExampleOperation("INS", None, 2.0)), 3.0, 2.0),
        PlannerExample("A-1", (ExampleOperation("TUR", 5.0, 10.0),), 2.0, 1.0),
    ]


def test_there_are_none_where_auth_service_has_never_run(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, state_dir=tmp_path / "state")
    assert planner_examples(settings) == []
    assert planner_examples(settings, tmp_path / "missing.db") == []


def routings() -> tuple[CurrentRoutings, ItemCodeIndex]:
    """Three items: SAW-TUR-INS, none, TUR."""
    times = np.full((4, len(TIMES)), np.nan)
    times[:, RUN] = [1.0, 2.0, 3.0, 4.0]
    table = OperationTable(
        offsets=np.array([0, 3, 3, 4], np.int64),
        operation=np.array([1, 2, 0, 2], np.int32),
        machine=np.array([0, 1, 2, 3], np.uint8),
        sequence=np.array([10, 20, 30, 10], np.int32),
        times=times,
        actual=np.full((4, 2), np.nan),
    )
    index = ItemCodeIndex.of(["A", "B", "C"])
    return CurrentRoutings(table, ["INS", "SAW", "TUR"], np.zeros(3, np.int64), ["m0", "m1", "m2", "m3"]), index


def example(code: str, *jobs: str, weight: float = 3.0) -> PlannerExample:
    return PlannerExample(code, tuple(ExampleOperation(job, 5.0, None) for job in jobs), weight, 1.0)


def test_an_example_takes_the_place_of_the_items_routing_or_gives_it_one() -> None:
    known, index = routings()
    made, weights = with_examples(known, index, [example(" a", "TUR", "NEW", "TUR"), example("B", "INS", weight=2.0)])
    assert made.job_sequence(0) == ["TUR", "NEW", "TUR"]
    assert made.job_sequence(1) == ["INS"]
    assert made.job_sequence(2) == ["TUR"]
    assert weights.tolist() == [3.0, 2.0, 1.0]
    assert made.table.offsets.tolist() == [0, 3, 4, 5]
    assert made.table.sequence.tolist() == [10, 20, 30, 10, 10]
    assert [made.machines[number] for number in made.table.machine.tolist()] == ["m1", "", "", "", "m3"]
    assert made.occurrences[made.table.operation].tolist() == [0, 0, 1, 0, 0]
    assert made.table.times[:4, SETUP].tolist() == [5.0] * 4
    assert np.isnan(made.table.times[:4, RUN]).all()
    assert made.table.times[4, RUN] == 4.0


def test_without_usable_examples_nothing_changes() -> None:
    known, index = routings()
    made, weights = with_examples(known, index, [example("ghost", "TUR"), example("A")])
    assert made is known
    assert weights.tolist() == [1.0, 1.0, 1.0]


def test_the_first_example_of_an_item_counts() -> None:
    known, index = routings()
    made, weights = with_examples(known, index, [example("C", "INS"), example("c", "SAW", weight=2.0)])
    assert made.job_sequence(2) == ["INS"]
    assert weights[2] == pytest.approx(3.0)


def test_a_training_learns_an_operation_that_only_planners_know(tmp_path: Path) -> None:
    items = pl.read_parquet(CATALOGUE / "items.parquet").head(300)
    items.write_parquet(tmp_path / "items.parquet")
    rows = pl.read_parquet(CATALOGUE / "routing.parquet")
    rows.filter(pl.col("ITEM_CD").is_in(items["ITEM_CD"].implode())).write_parquet(tmp_path / "routing.parquet")
    corrected = [
        PlannerExample(
            code, (ExampleOperation("TUR", 30.0, 10.0), ExampleOperation("DEBURR-BY-HAND", 3.0, 4.0)), 3.0, 1.0
        )
        for code in items["ITEM_CD"].head(120)
    ]
    learned = {}
    for name, examples in (("without", []), ("with", corrected)):
        report = ProgressReport(JsonLines(), None, TrainingStatus(status=RUNNING))
        training = Training(
            open_source(tmp_path), InputProfile.built_in(), PipelineOptions(), report, examples=examples
        )
        _catalogue, prepared = training.prepare()
        assert prepared.stage is not None
        learned[name] = prepared.stage.block.model.operations
    assert "DEBURR-BY-HAND" not in learned["without"]
    assert "DEBURR-BY-HAND" in learned["with"]
