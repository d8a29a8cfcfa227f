"""The parts of a training: the items as columns, reports, time profiles, lock, status, folder, gate, settings."""

from __future__ import annotations

import errno
import json
import os
import socket
import time
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.errors import DataProblem, InvalidInput
from plant.blueprint.options import LoadOptions, PipelineOptions, TimeOptions, WeightOptions
from plant.input_profile import InputProfile
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.settings import PlantSettings
from protos.settings.v1 import settings_pb2
from routings.time_profiles import ProfileOptions
from source import open_source
from tests.unit.trainer.conftest import write_tables
from trained.encoder import BlockEncoder
from trainer.activation_gate import objection
from trainer.catalogue import cells, read_catalogue
from trainer.command import read_request
from trainer.control_cache import newest_settings, read_settings, write_settings
from trainer.exit_codes import CannotWrite, ExitCode, LockHeld, TrainingCancelled, exit_code_of
from trainer.feature_reports import feature_importance, feature_recommendations, feature_statistics
from trainer.operation_times import operation_times
from trainer.progress import JsonLines, ProgressReport, TerminalBar
from trainer.run import check_names
from trainer.stage_clock import StageClock
from trainer.status_file import (
    RUNNING,
    TrainingStatus,
    as_of,
    read_status,
    stage_seconds_before,
    status_path,
    write_status,
)
from trainer.training_lock import holder_path, read_holder, training_lock
from trainer.training_work import with_tables
from trainer.version_folder import check_space, check_target, remove_leftovers, version_name, writing_version


def test_items_become_distinct_values_and_codes_over_batches(
    catalogue_of_300: Path, tables_of_300: dict[str, pl.DataFrame]
) -> None:
    catalogue = read_catalogue(
        open_source(catalogue_of_300),
        InputProfile.built_in(),
        extra_columns=["ITEM_GRP2", "INSRT_DT", "OUTDIAMETER"],
        batch_rows=70,
    )
    items = tables_of_300["items"]
    assert catalogue.codes.to_pylist() == items["ITEM_CD"].to_list()
    assert len(catalogue) == catalogue.rows_read == 300
    for name in ("PART_TYPE", "ITEM_SUFFIX", "OUTDIAMETER", "INDIAMETER"):
        assert cells(catalogue.columns[name]) == items[name].to_list()
    assert cells(catalogue.extra["ITEM_GRP2"]) == items["ITEM_GRP2"].to_list()
    assert cells(catalogue.extra["OUTDIAMETER"]) == items["OUTDIAMETER"].to_list()
    assert len(set(catalogue.columns["PART_TYPE"].values)) == len(catalogue.columns["PART_TYPE"].values)
    assert "ITEM_CD" not in catalogue.columns


def test_of_items_with_the_same_code_the_first_counts_also_across_batches(
    tmp_path: Path, tables_of_300: dict[str, pl.DataFrame]
) -> None:
    items = tables_of_300["items"].head(4)
    later = items.head(2).with_columns(
        (pl.col("ITEM_CD").str.to_lowercase() + "\u3000").alias("ITEM_CD"), pl.lit(9.0).alias("OUTDIAMETER")
    )
    source = open_source(write_tables(tmp_path, {**tables_of_300, "items": pl.concat([items, later])}))
    catalogue = read_catalogue(source, InputProfile.built_in(), batch_rows=4)
    assert (len(catalogue), catalogue.duplicates, catalogue.rows_read) == (4, 2, 6)
    assert catalogue.duplicate_codes == tuple(later["ITEM_CD"])
    assert cells(catalogue.columns["OUTDIAMETER"]) == items["OUTDIAMETER"].to_list()


def test_mixed_items_keep_their_rows_whole_in_an_order_that_is_the_same_each_time(
    tmp_path: Path, tables_of_300: dict[str, pl.DataFrame]
) -> None:
    items = tables_of_300["items"]
    again = items.head(2).with_columns(pl.lit(9.0).alias("OUTDIAMETER"))
    source = open_source(write_tables(tmp_path, {**tables_of_300, "items": pl.concat([items, again])}))
    first, second = (
        read_catalogue(source, InputProfile.built_in(), extra_columns=["ITEM_GRP2"], batch_rows=batch_rows, mixed=True)
        for batch_rows in (70, 1000)
    )
    codes = first.codes.to_pylist()
    assert codes == second.codes.to_pylist()
    assert codes != items["ITEM_CD"].to_list()
    assert sorted(codes) == sorted(items["ITEM_CD"])
    by_code = {row["ITEM_CD"]: row for row in items.iter_rows(named=True)}
    for name in ("PART_TYPE", "OUTDIAMETER"):
        assert cells(first.columns[name]) == [by_code[code][name] for code in codes]
    assert cells(first.extra["ITEM_GRP2"]) == [by_code[code]["ITEM_GRP2"] for code in codes]


def test_items_without_any_code_are_nothing_to_train_on(tmp_path: Path, tables_of_300: dict[str, pl.DataFrame]) -> None:
    items = tables_of_300["items"].head(3).with_columns(pl.lit(" ").alias("ITEM_CD"))
    source = open_source(write_tables(tmp_path, {**tables_of_300, "items": items}))
    with pytest.raises(DataProblem, match="has 3 rows, none with an item code"):
        read_catalogue(source, InputProfile.built_in())


def test_reports_tell_what_features_hold_and_count(catalogue_of_300: Path) -> None:
    columns = read_catalogue(open_source(catalogue_of_300), InputProfile.built_in()).columns
    statistics = feature_statistics(columns, MECHANICAL_SEALS)
    assert statistics["OUTDIAMETER"]["type"] == "numeric"
    assert statistics["OUTDIAMETER"]["min"] > 0
    assert sum(statistics["ITEM_TYPE"]["top_20_values"].values()) + statistics["ITEM_TYPE"]["missing_count"] == 300
    encoder = BlockEncoder.fit(columns)
    importance = feature_importance(encoder)
    assert sum(importance.values()) == pytest.approx(1.0, abs=1e-4)
    assert list(importance.values()) == sorted(importance.values(), reverse=True)
    assert importance["ITEM_CD"] == 0.0
    advice = {entry["feature"]: entry["finding"] for entry in feature_recommendations(encoder, statistics)}
    assert advice["ITEM_UNIT"] == "has one value everywhere"
    json.dumps(statistics)


def test_time_profiles_of_operations_ignore_impossible_times(tmp_path: Path) -> None:
    routing = pl.DataFrame(
        {
            "ITEM_CD": ["A"] * 6,
            "ROUT_NO": ["1"] * 6,
            "PROC_SEQ": [1, 2, 3, 4, 5, 6],
            "INSRT_DT": [datetime(2024, 1, 1)] * 6,
            "JOB_CD": ["TUR", " TUR ", "TUR", "TUR", None, "SAW"],
            "SETUP_TIME": [10.0, 20.0, 30.0, -5.0, 7.0, None],
            "RUN_TIME": [1.0, 1.0, 1.0, 1e12, 1.0, 2.0],
            "MACH_WORKED_HOURS": [None, 3.0, None, None, None, None],
        }
    )
    results = pl.DataFrame(
        {"ITEM_CD": ["A"], "PROC_SEQ": [1], "OPERATION_CD": ["SAW"], "ACT_RUN_TIME": [4.0], "ACT_SETUP_TIME": [None]},
        schema_overrides={"ACT_SETUP_TIME": pl.Float64},
    )
    items = pl.DataFrame({"ITEM_CD": ["A"]})
    source = open_source(write_tables(tmp_path, {"items": items, "routing": routing, "work_orders": results}))
    rows: list[int] = []
    made = operation_times(source, InputProfile.built_in(), ProfileOptions(), rows.append)
    assert rows == [6, 7]
    setup = made["operations"]["TUR"]["setup"]
    assert (setup["STANDARD"], setup["samples"]) == (20.0, 3)
    assert setup["OPTIMAL"] == pytest.approx(20 + 0.67 * np.std([10, 20, 30]), abs=1e-3)
    assert setup["SAFE"] == pytest.approx(20 + 1.28 * np.std([10, 20, 30]), abs=1e-3)
    assert made["operations"]["TUR"]["run"]["samples"] == 3
    assert made["operations"]["SAW"] == {
        "run": {"OPTIMAL": None, "STANDARD": 3.0, "SAFE": None, "sigma": None, "samples": 2, "kept": 2}
    }
    json.dumps(made)


def test_the_pipeline_names_other_tables_and_can_leave_work_results_out() -> None:
    profile = with_tables(
        InputProfile.built_in(), PipelineOptions(load=LoadOptions(routing_table="R2", use_results=False))
    )
    assert profile.tables == {"features": "dbo_BI_ITEM_INFO_VIEW", "routing": "R2", "results": ""}


def test_the_lock_names_its_holder_and_is_free_after_it(tmp_path: Path) -> None:
    waited: list[str] = []
    with training_lock(tmp_path, timeout=0, requested_by="anna", save_dir=Path("models/a")):
        holder = read_holder(tmp_path / "training.lock")
        assert holder is not None
        assert (holder.pid, holder.requested_by) == (os.getpid(), "anna")
        with (
            pytest.raises(
                LockHeld, match=r"Another training runs after waiting 0.3 s: process .* asked for by anna, since"
            ),
            training_lock(tmp_path, timeout=0.3, requested_by="", save_dir=Path("b"), on_wait=waited.append),
        ):
            pass
    assert len(waited) == 1
    assert read_holder(tmp_path / "training.lock") is None
    with training_lock(tmp_path, timeout=0, requested_by="", save_dir=Path("c")):
        pass


def test_facts_of_a_dead_holder_are_not_believed(tmp_path: Path) -> None:
    facts = {
        "pid": 2**22 + 7,
        "process_started_at": 1.0,
        "host": socket.gethostname(),
        "requested_by": "",
        "save_dir": "x",
        "since": 1.0,
    }
    holder_path(tmp_path / "training.lock").write_text(json.dumps(facts))
    assert read_holder(tmp_path / "training.lock") is None


def test_a_status_survives_the_file_and_tells_a_dead_run(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "training.status.json"
    assert read_status(path) == TrainingStatus()
    status = TrainingStatus(
        job_id="j", status=RUNNING, stage="encoding", pid=os.getpid(), metrics={"items": np.int64(3)}
    )
    write_status(path, status)
    assert read_status(path).running
    write_status(path, replace(status, pid=2**22 + 7))
    dead = read_status(path)
    assert (dead.status, dead.running) == ("failed", False)
    assert "ended without a word while encoding" in dead.message
    path.write_text("{broken")
    assert read_status(path) == TrainingStatus()


def test_the_state_path_is_a_file_or_a_folder(tmp_path: Path) -> None:
    assert status_path(tmp_path, None) == tmp_path / "training.status.json"
    assert status_path(tmp_path, tmp_path / "x.json") == tmp_path / "x.json"
    assert status_path(tmp_path, tmp_path / "folder") == tmp_path / "folder" / "training.status.json"


def test_progress_estimates_what_remains_and_never_goes_back(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    report = ProgressReport(JsonLines(), tmp_path / "s.json", TrainingStatus(status=RUNNING, pid=os.getpid()))
    seen = []
    for stage in ("reading", "encoding", "building"):
        with report.stage(stage, f"now {stage}", total=100):
            time.sleep(0.01)
            for done in (10, 60, 100):
                report.advance(done)
                seen.append(report.status.progress)
            assert report.status.remaining_seconds >= 0
            assert report.status.rate > 0
    assert seen == sorted(seen)
    report.end(ok=True, message="done", exit_code=0)
    assert read_status(tmp_path / "s.json").progress == 100
    events = [json.loads(line)["event"] for line in capsys.readouterr().out.splitlines()]
    assert events[0] == "stage"
    assert events[-1] == "completed"


def test_a_stage_that_counts_nothing_goes_on_and_ends_as_long_as_the_training_before_took(tmp_path: Path) -> None:
    usual = {"reading": 1.0, "learning": 60.0, "building": 9.0}
    path = tmp_path / "s.json"
    write_status(path, TrainingStatus(status=RUNNING, pid=os.getpid(), metrics={"stages": {**usual, "other": "x"}}))
    assert stage_seconds_before(path) == usual
    report = ProgressReport(JsonLines(), None, TrainingStatus(status=RUNNING), usual)
    with report.stage("learning", "now learning"):
        begun = report.status
        report.status = replace(report.status, stage_seconds=60.0, later_seconds=9.0)
        seen = [as_of(report.status, begun.stage_started_at + seconds) for seconds in (0, 15, 30, 60, 120, 6000)]
    progress = [one.progress for one in seen]
    assert progress == sorted(progress)
    assert progress[0] <= 3
    assert 35 <= progress[2] <= 45
    assert progress[-1] < begun.stage_until
    assert [round(one.remaining_seconds) for one in seen] == [69, 54, 39, 9, 9, 9]


def test_a_further_part_of_a_stage_goes_on_from_where_the_part_before_came_to() -> None:
    report = ProgressReport(JsonLines(), None, TrainingStatus(status=RUNNING), {"reading": 1.0, "learning": 60.0})
    with report.stage("learning", "the first part"):
        report.status = replace(report.status, stage_started_at=report.status.stage_started_at - 30.0)
    came_to = as_of(report.status, time.time()).progress
    assert came_to > 20
    with report.stage("learning", "the second part"):
        assert came_to <= report.status.progress <= came_to + 1
        later = as_of(report.status, report.status.stage_started_at + 30.0)
        assert later.progress > came_to
    with report.stage("encoding", "the next stage"):
        reached = report.status.progress
        assert reached >= later.stage_until
    with report.stage("learning", "once more"):
        assert as_of(report.status, time.time() + 60.0).progress >= reached


def test_a_first_training_is_seen_to_go_on_without_a_guess_at_its_end(tmp_path: Path) -> None:
    report = ProgressReport(JsonLines(), None, TrainingStatus(status=RUNNING), stage_seconds_before(tmp_path / "none"))
    with report.stage("learning", "now learning"):
        later = as_of(report.status, report.status.stage_started_at + 20.0)
        assert later.progress > report.status.progress
        assert later.remaining_seconds < 0
    report.end(ok=True, message="done", exit_code=0)
    assert as_of(report.status, time.time() + 60.0) == report.status


def test_a_terminal_gets_a_bar(tmp_path: Path) -> None:
    report = ProgressReport(TerminalBar(), None, TrainingStatus(status=RUNNING))
    with report.stage("reading", "reading", total=10):
        report.advance(10)
    with report.stage("measuring", "measuring"):
        report.note("a [word] in between", items=3)
    report.end(ok=False, message="it failed", exit_code=3)
    assert report.status.status == "failed"


def test_a_status_file_that_cannot_be_written_ends_no_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    report = ProgressReport(JsonLines(), tmp_path / "file" / "s.json", TrainingStatus(status=RUNNING))
    with report.stage("reading", "reading"):
        pass
    assert report.status.stage == "reading"


def test_a_version_folder_appears_whole_or_not_at_all(tmp_path: Path) -> None:
    target = tmp_path / "models" / "v1"
    with writing_version(target) as folder:
        (folder / "a").write_text("x")
        assert not target.exists()
        assert folder.name.startswith(".v1.training-")
    assert (target / "a").read_text() == "x"
    with pytest.raises(RuntimeError), writing_version(tmp_path / "models" / "v2"):
        raise RuntimeError
    with pytest.raises(CannotWrite, match="the disk is full: free space"), writing_version(tmp_path / "models" / "v2"):
        raise OSError(errno.ENOSPC, "No space left on device")
    with pytest.raises(TrainingCancelled), writing_version(tmp_path / "models" / "v2"):
        raise TrainingCancelled
    assert [entry.name for entry in (tmp_path / "models").iterdir()] == ["v1"]
    with pytest.raises(InvalidInput, match="exists already"):
        check_target(target)
    (tmp_path / "models" / "empty").mkdir()
    check_target(tmp_path / "models" / "empty")
    with writing_version(tmp_path / "models" / "empty") as folder:
        (folder / "b").write_text("y")
    assert (tmp_path / "models" / "empty" / "b").exists()


@pytest.mark.parametrize("name", [".hidden", "a b", "con", "NUL.txt", "x" * 121, "v1.", "버전"])
def test_names_that_no_version_can_have(tmp_path: Path, name: str) -> None:
    with pytest.raises(InvalidInput, match="cannot be the name of a version"):
        check_target(tmp_path / name)


def test_only_leftovers_of_dead_trainings_are_removed(tmp_path: Path) -> None:
    dead, other = tmp_path / f".v1.training-{2**22 + 7}-1", tmp_path / ".keep"
    dead.mkdir()
    (dead / "index.faiss").write_text("half")
    other.mkdir()
    with writing_version(tmp_path / "v2") as mine:
        assert remove_leftovers(tmp_path) == [dead.name]
        assert mine.exists()
    assert sorted(entry.name for entry in tmp_path.iterdir()) == [".keep", "v2"]
    assert remove_leftovers(tmp_path / "nowhere") == []


def test_a_disk_that_is_too_small_is_refused_before_the_build(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check_space(tmp_path / "not" / "yet", 1000, 160, 16)
    monkeypatch.setattr(
        "shutil.disk_usage", lambda _path: os.terminal_size((1, 1)) and type("Usage", (), {"free": 10_000_000})
    )
    with pytest.raises(CannotWrite, match="has 10 MB free; the version needs about"):
        check_space(tmp_path, 321_305, 160, 16)


def test_versions_are_named_by_time_and_label() -> None:
    moment = datetime(2026, 11, 24, 8, 5, 9, tzinfo=UTC)
    assert version_name("", moment) == "20261124-080509"
    assert version_name("Q4 / 2026", moment) == "20261124-080509-Q4-2026"
    assert version_name("분기", moment) == "20261124-080509"


def gate_metadata(recall: float | None, quality: dict[str, object] | None = None) -> dict[str, object]:
    """What the gate looks at in a manifest."""
    made: dict[str, object] = {"default_ef_search": 64}
    if recall is not None:
        made["recall_curve"] = [{"ef_search": 64, "recall": recall}]
    if quality is not None:
        made["evaluation"] = {"judged_against": "routings", **quality}
    return made


def test_a_new_version_must_not_find_less_than_the_active_one() -> None:
    active = json.dumps({"metadata": gate_metadata(0.999)})
    assert objection(gate_metadata(0.995), active, 0.005, 0.01) == ""
    assert "is 0.9900, the active version has 0.9990" in objection(gate_metadata(0.99), active, 0.005, 0.01)
    assert objection(gate_metadata(0.5), "", 0.005, 0.01) == ""
    assert objection(gate_metadata(0.5), "{}", 0.005, 0.01) == ""
    assert objection({}, active, 0.005, 0.01) == ""


def test_a_new_version_must_not_predict_worse_than_the_active_one() -> None:
    active = json.dumps({"metadata": gate_metadata(0.999, {"sequence_exact": 0.90, "set_f1": 0.97})})

    def said(**quality: object) -> str:
        return objection(gate_metadata(0.999, quality), active, 0.005, 0.01)

    assert said(sequence_exact=0.895, set_f1=0.965) == ""
    assert said(sequence_exact=0.95, set_f1=0.99) == ""
    assert "right routings on held-out items is 0.8000, the active version has 0.9000" in said(sequence_exact=0.8)
    both = said(sequence_exact=0.8, set_f1=0.5)
    assert both.count("training.gate_quality_margin") == 2


def test_quality_that_only_one_version_has_or_that_was_judged_otherwise_is_not_held_against_a_version() -> None:
    active = json.dumps({"metadata": gate_metadata(0.999, {"sequence_exact": 0.9})})
    assert objection(gate_metadata(0.999), active, 0.005, 0.01) == ""
    other = gate_metadata(0.999, {"sequence_exact": 0.1, "judged_against": "truth"})
    assert objection(other, active, 0.005, 0.01) == ""
    asked_now = gate_metadata(0.999, {"sequence_exact": 0.8, "as_of_now": True})  # an older program asked otherwise
    assert objection(asked_now, active, 0.005, 0.01) == ""
    same = json.dumps({"metadata": gate_metadata(0.999, {"sequence_exact": 0.9, "as_of_now": True})})
    assert "right routings on held-out items is 0.8000" in objection(asked_now, same, 0.005, 0.01)
    odd: object
    for odd in (None, "0.1", True, {}):
        assert objection(gate_metadata(0.999, {"sequence_exact": odd}), active, 0.005, 0.01) == ""
    assert objection(gate_metadata(0.999), json.dumps({"metadata": {"evaluation": []}}), 0.005, 0.01) == ""


def test_settings_come_from_the_newest_cache_or_the_file_of_the_starter(tmp_path: Path) -> None:
    assert newest_settings(tmp_path).plant == PlantSettings()
    for name, revision, enabled in (("ann-1", 3, False), ("trainer-1", 7, True), ("gateway-1", 5, False)):
        document = json.dumps({"trainer": {"time_profiles_enabled": enabled}})
        state = settings_pb2.ControlState(
            revision=revision, settings=settings_pb2.SettingsDocument(document_json=document)
        )
        (tmp_path / f"{name}.control").write_bytes(state.SerializeToString())
    (tmp_path / "broken.control").write_bytes(b"\xff\xff\xff")
    known = newest_settings(tmp_path)
    assert (known.revision, known.plant.trainer.time_profiles_enabled) == (7, True)
    write_settings(tmp_path / "s.json", "", InputProfile.built_in().to_json(), 9)
    assert asdict(read_settings(tmp_path / "s.json"))["revision"] == 9
    with pytest.raises(InvalidInput, match="cannot be read"):
        read_settings(tmp_path / "none.json")


def test_the_command_line_changes_the_pipeline_and_names_the_version(tmp_path: Path) -> None:
    request = read_request(
        ["--engine", "hnswlib", "--m", "24", "--projector-metadata", "ITEM_CD", "--version-label", "x"]
    )
    options = request.changed(PipelineOptions(times=TimeOptions(enabled=True)))
    assert (options.index.engine, options.index.m, options.index.ef_construction) == ("hnswlib", 24, 200)
    assert options.projector.metadata_columns == ("ITEM_CD",)
    assert options.times.enabled
    assert not request.changed(PipelineOptions()).times.enabled
    assert read_request(["--time-profiles"]).changed(PipelineOptions()).times.enabled
    assert request.folder(options, tmp_path).parent == tmp_path
    assert request.folder(options, tmp_path).name.endswith("-x")
    with pytest.raises(InvalidInput, match="at most 64"):
        read_request(["--version-label", "x" * 65])
    with pytest.raises(InvalidInput, match="negative"):
        read_request(["--lock-timeout", "-1"])


def test_errors_have_their_exit_codes() -> None:
    assert exit_code_of(DataProblem("x")) is ExitCode.SOURCE_UNUSABLE
    assert exit_code_of(InvalidInput("x")) is ExitCode.USAGE
    assert exit_code_of(CannotWrite("x")) is ExitCode.CANNOT_WRITE
    assert exit_code_of(KeyboardInterrupt()) is ExitCode.INTERRUPTED
    assert exit_code_of(RuntimeError()) is ExitCode.UNEXPECTED


def test_stages_are_timed_and_memory_is_measured() -> None:
    clock = StageClock()
    with clock.measuring("reading"):
        pass
    with pytest.raises(RuntimeError), clock.measuring("building"):
        raise RuntimeError
    figures = clock.figures()
    assert set(figures["stages"]) == {"reading", "building"}
    assert figures["peak_memory_bytes"] > 10_000_000


def test_weights_of_another_plant_are_refused_before_a_training() -> None:
    check_names(WeightOptions({"GROUP1": 2.0}, {"PART_TYPE": False}), MECHANICAL_SEALS)
    with pytest.raises(InvalidInput, match=r"PartName.*Mechanical seals does not have.*input profile"):
        check_names(WeightOptions({"PartName": 2.0}), MECHANICAL_SEALS)
