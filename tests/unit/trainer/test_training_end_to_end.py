"""Trainings as a scheduler runs them: complete or not at all, with their own exit codes, whatever happens in the middle."""

from __future__ import annotations

import json
import os
import re
import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import numpy as np
import polars as pl
import pytest

from common.processes import ask_to_stop, free_port, port_is_free
from plant.blueprint.options import (
    EmbedOptions,
    IndexOptions,
    PipelineOptions,
    ProjectorOptions,
    StoreOptions,
    TimeOptions,
    WeightOptions,
)
from plant.blueprint.wrapper import make_current, render
from tests.unit.trainer.conftest import DATA, ROOT, Installation, last_event, make_tables, wait_until, write_tables
from trained.artifacts import check_integrity, read_manifest
from trained.version_loading import load_version
from trainer.status_file import read_status
from trainer.training_lock import training_lock

REQUIRED = {
    "similarity_engine.joblib",
    "encoder.joblib",
    "scaler.joblib",
    "feature_columns.joblib",
    "training_metadata.json",
    "feature_weights.joblib",
    "feature_weights.json",
    "active_features.json",
    "training_request.json",
    "training_metrics.json",
    "feature_statistics.json",
    "feature_importance.json",
    "feature_recommendations.json",
    "manifest.json",
}
SLOW_BUILD = ("--m", "64", "--ef-construction", "4096", "--threads", "1")


@pytest.fixture(scope="module")
def items_of_6000(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Enough items that a slow build can be met in the middle; without routings, so that nothing is learned before it."""
    return write_tables(tmp_path_factory.mktemp("larger"), {"items": make_tables(6000)["items"]})


def hidden(folder: Path) -> list[str]:
    return [entry.name for entry in folder.iterdir() if entry.name.startswith(".")] if folder.exists() else []


def test_a_training_writes_registers_and_activates_a_version_that_searches(
    installation: Installation, tables_of_300: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    items = tables_of_300["items"]
    twice = pl.concat(
        [items, items.head(3).with_columns((" " + pl.col("ITEM_CD").str.to_lowercase()).alias("ITEM_CD"))]
    )
    nameless = items.head(2).with_columns(pl.lit(None, pl.String).alias("ITEM_CD"))
    source = write_tables(tmp_path / "source", {**tables_of_300, "items": pl.concat([twice, nameless])})
    folder = installation.models / "v1"
    run = installation.train(
        "--save-dir",
        folder,
        "--dataset",
        source,
        "--requested-by",
        "planner@plant",
        "--version-label",
        "2026 Q4",
        "--activate",
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "300 items trained" in last_event(run.stdout)["message"]
    assert {entry.name for entry in folder.iterdir()} >= REQUIRED
    assert hidden(installation.models) == []

    manifest = read_manifest(folder / "manifest.json")
    check_integrity(manifest, folder)
    assert manifest.metadata["version_label"] == "2026 Q4"
    assert [point["ef_search"] for point in manifest.metadata["recall_curve"]][0::10] == [16, 512]
    metrics = json.loads((folder / "training_metrics.json").read_text())
    assert (metrics["items"], metrics["rows_read"], metrics["duplicate_items"], metrics["rows_without_item_code"]) == (
        300,
        305,
        3,
        2,
    )
    assert set(metrics["stages"]) >= {"reading", "learning", "encoding", "building", "measuring"}
    assert metrics["peak_memory_bytes"] > 50_000_000
    assert "3 rows have an item code that came before" in run.stdout

    with sqlite3.connect(installation.state / "routing.db") as database:
        registered = database.execute(
            "SELECT version_name, artifact_dir, status, requested_by FROM model_versions"
        ).fetchall()
    assert registered == [("v1", str(folder), "active", "planner@plant")]

    model = load_version(folder, folder / "manifest.json", tmp_path / "derived")
    try:
        assert model.items == 300
        own = model.find_many(items["ITEM_CD"].head(20).to_list())
        found, similarities = model.search(model.vectors(own), 2, 64)
        assert (similarities[:, 0] > 0.999).all()
        assert len(np.unique(own)) == 20
        assert found.shape == (20, 2)
    finally:
        model.close()

    status = installation.status()
    assert (status["status"], status["progress"], status["exit_code"]) == ("completed", 100, 0)
    assert status["version_path"] == str(folder)
    log = (installation.state / "logs" / "training.jsonl").read_text(encoding="utf-8")
    assert "training ended" in log
    again = installation.train("--save-dir", folder, "--dataset", source)
    assert again.returncode == 2
    assert "exists already: versions are never overwritten" in again.stderr


def test_a_killed_training_leaves_no_lock_and_no_half_version(
    installation: Installation, items_of_6000: Path, items_of_300: Path
) -> None:
    folder = installation.models / "killed"
    run = installation.start("--save-dir", folder, "--dataset", items_of_6000, *SLOW_BUILD)
    try:
        wait_until(lambda: read_status(installation.status_file).stage == "building", "the build")
        assert read_status(installation.status_file).running
        assert (installation.state / "run" / "training.lock.holder.json").exists()
        assert len(hidden(installation.models)) == 1
    finally:
        run.kill()
        run.communicate()
    assert not folder.exists()
    dead = read_status(installation.status_file)
    assert dead.status == "failed"
    assert "ended without a word while building" in dead.message
    after = installation.train(
        "--save-dir", installation.models / "next", "--dataset", items_of_300, "--lock-timeout", 0
    )
    assert after.returncode == 0, after.stdout + after.stderr
    assert "which a training that was killed had left" in after.stdout
    assert hidden(installation.models) == []
    assert [entry.name for entry in installation.models.iterdir()] == ["next"]


@pytest.mark.skipif(os.name == "nt", reason="SIGTERM ends a Windows process at once")
def test_a_cancelled_training_cleans_up_and_a_second_one_waits_for_it(
    installation: Installation, items_of_6000: Path, items_of_300: Path
) -> None:
    first = installation.start("--save-dir", installation.models / "first", "--dataset", items_of_6000, *SLOW_BUILD)
    try:
        wait_until(lambda: read_status(installation.status_file).stage == "building", "the build")
        late = installation.train(
            "--save-dir", installation.models / "late", "--dataset", items_of_300, "--lock-timeout", "0.5"
        )
        assert late.returncode == 4
        assert f"Another training runs after waiting 0.5 s: process {first.pid} on" in late.stderr
        assert "Waiting up to 0.5 s for another training" in late.stdout
        assert read_status(installation.status_file).running
        second = installation.start("--save-dir", installation.models / "second", "--dataset", items_of_300)
        first.send_signal(signal.SIGTERM)
        first.communicate()
        assert first.returncode == 130
        output, errors = second.communicate()
        assert second.returncode == 0, output + errors
    finally:
        first.kill()
        first.wait()
    assert sorted(entry.name for entry in installation.models.iterdir()) == ["second"]


def test_a_dry_run_reads_everything_and_writes_nothing(installation: Installation, catalogue_of_300: Path) -> None:
    before = sorted(installation.folder.rglob("*"))
    run = installation.train("--save-dir", installation.models / "v1", "--dataset", catalogue_of_300, "--dry-run")
    assert run.returncode == 0, run.stdout + run.stderr
    assert "Dry run: 300 items" in last_event(run.stdout)["message"]
    assert sorted(installation.folder.rglob("*")) == before


@pytest.mark.parametrize(
    ("dataset", "message"),
    [
        ("missing_column.accdb", "dbo_BI_ITEM_INFO_VIEW lacks column OUTDIAMETER"),
        ("truncated.accdb", "is cut off"),
        ("plant_statistics.json", "cannot be a source"),
        ("nowhere.accdb", "does not exist"),
    ],
)
def test_a_source_that_cannot_be_used_ends_with_code_3(installation: Installation, dataset: str, message: str) -> None:
    run = installation.train("--save-dir", installation.models / "v1", "--dataset", DATA / dataset)
    assert run.returncode == 3, run.stdout + run.stderr
    assert message in last_event(run.stdout)["message"]
    assert not installation.models.exists() or list(installation.models.iterdir()) == []


def test_an_access_file_trains_what_its_tables_in_parquet_train(installation: Installation, tmp_path: Path) -> None:
    source = write_tables(
        tmp_path / "same", {"items": pl.read_parquet(DATA.parents[1] / "demo/catalogue/items.parquet")}
    )
    pl.read_parquet(DATA.parents[1] / "demo/catalogue/routing.parquet").write_parquet(source / "routing.parquet")
    for name, dataset in (("access", DATA / "demo.accdb"), ("parquet", source)):
        run = installation.train("--save-dir", installation.models / name, "--dataset", dataset, "--threads", 1)
        assert run.returncode == 0, run.stdout + run.stderr
    access, parquet = (
        load_version(installation.models / name, installation.models / name / "manifest.json", tmp_path / name)
        for name in ("access", "parquet")
    )
    try:
        everything = np.arange(access.items)
        assert np.array_equal(access.vectors(everything), parquet.vectors(everything))
        assert [access.code(row) for row in range(50)] == [parquet.code(row) for row in range(50)]
    finally:
        access.close()
        parquet.close()


def test_no_items_are_refused(
    installation: Installation, tables_of_300: dict[str, pl.DataFrame], tmp_path: Path
) -> None:
    source = write_tables(tmp_path / "empty", {**tables_of_300, "items": tables_of_300["items"].clear()})
    run = installation.train("--save-dir", installation.models / "v1", "--dataset", source)
    assert run.returncode == 3
    assert "has no rows: there is nothing to train on" in last_event(run.stdout)["message"]


@pytest.mark.parametrize(("table", "column"), [("routing", "RUN_TIME"), ("work_orders", "ACT_RUN_TIME")])
def test_a_value_that_does_not_fit_in_any_table_ends_with_code_3(
    installation: Installation, tables_of_300: dict[str, pl.DataFrame], tmp_path: Path, table: str, column: str
) -> None:
    """Nothing could be served from such a source either, so no version is written that knows nothing of routings."""
    rows = tables_of_300[table]
    misfit = rows.with_columns(pl.lit("about 3").alias(column))
    source = write_tables(tmp_path / "misfit", {**tables_of_300, table: misfit})
    run = installation.train("--save-dir", installation.models / "v1", "--dataset", source)
    assert run.returncode == 3, run.stdout + run.stderr
    said = last_event(run.stdout)["message"]
    assert f"item '{rows['ITEM_CD'][0]}', column {column}: 'about 3' is not a number" in said


def test_a_folder_that_cannot_be_written_ends_with_code_5(installation: Installation, catalogue_of_300: Path) -> None:
    installation.models.write_text("a file where the folder should be")
    run = installation.train("--save-dir", installation.models / "v1", "--dataset", catalogue_of_300)
    assert run.returncode == 5, run.stdout + run.stderr
    assert "cannot be written" in run.stdout + run.stderr


def test_a_state_folder_that_cannot_be_written_ends_with_code_5(
    installation: Installation, catalogue_of_300: Path
) -> None:
    installation.state.write_text("a file where the folder should be")
    run = installation.train("--save-dir", installation.models / "v1", "--dataset", catalogue_of_300)
    assert run.returncode == 5, run.stdout + run.stderr
    assert not installation.models.exists()


def test_a_version_that_cannot_be_registered_is_complete_and_says_how(
    installation: Installation, items_of_300: Path
) -> None:
    folder = installation.models / "v1"
    (installation.folder / "file").write_text("where the folder of the registry should be")
    run = installation.train(
        "--save-dir",
        folder,
        "--dataset",
        items_of_300,
        "--registry-path",
        installation.folder / "file" / "x.db",
    )
    assert run.returncode == 6, run.stdout + run.stderr
    message = last_event(run.stdout)["message"]
    assert "is complete but could not be registered" in message
    assert "-m auth_service register-version --name v1" in message
    check_integrity(read_manifest(folder / "manifest.json"), folder)


def test_projector_and_engine_can_be_chosen(installation: Installation, items_of_300: Path) -> None:
    folder = installation.models / "v1"
    run = installation.train(
        "--save-dir",
        folder,
        "--dataset",
        items_of_300,
        "--engine",
        "hnswlib",
        "--projector-metadata",
        "ITEM_CD",
        "PART_TYPE",
        "NO_SUCH",
    )
    assert run.returncode == 0, run.stdout + run.stderr
    assert "NO_SUCH is no column of the item table" in run.stdout
    lines = (folder / "tb_projector" / "metadata.tsv").read_text(encoding="utf-8").splitlines()
    assert lines[0] == "ITEM_CD\tPART_TYPE"
    assert len(lines) == 301
    assert read_manifest(folder / "manifest.json").metadata["engine"] == "hnswlib"


def test_wrong_arguments_end_with_code_2_and_help_lists_the_codes(installation: Installation) -> None:
    assert installation.train("--engine", "annoy").returncode == 2
    assert installation.train("--ef-construction", "7").returncode == 2
    assert "cannot be the name of a version" in installation.train("--save-dir", installation.models / ".hidden").stderr
    shown = subprocess.run(
        installation.command("--help"), capture_output=True, text=True, env=installation.variables()
    ).stdout
    assert "exit codes:" in shown
    assert "130  interrupted" in shown


def test_without_a_save_dir_the_version_is_named_by_time_and_label(
    installation: Installation, items_of_300: Path
) -> None:
    run = installation.train("--dataset", items_of_300, "--version-label", "monthly 월간", "--dry-run")
    assert last_event(run.stdout)["version"].endswith("-monthly")


def test_the_lock_is_the_installations_whoever_holds_it(installation: Installation, items_of_300: Path) -> None:
    with training_lock(installation.state / "run", timeout=0, requested_by="me", save_dir=Path("models/x")):
        run = installation.train(
            "--save-dir", installation.models / "v1", "--dataset", items_of_300, "--lock-timeout", 0
        )
    assert run.returncode == 4
    assert f"process {os.getpid()} on" in run.stderr
    assert "training models" in run.stderr
    assert "asked for by me" in run.stderr


def test_a_changed_blueprint_changes_what_is_trained_without_a_line_of_code(
    installation: Installation, catalogue_of_300: Path
) -> None:
    options = PipelineOptions(
        index=IndexOptions(m=24, ef_construction=60),
        embed=EmbedOptions(dimensions=96),
        weights=WeightOptions(weights={"ITEM_TYPE": 9.0}, active={"PART_TYPE": False}),
        times=TimeOptions(enabled=True, strategy="trimmed_std"),
        projector=ProjectorOptions(enabled=False),
        store=StoreOptions(label="from the blueprint"),
    )
    wrapper = installation.state / "wrappers" / "pipeline_r5.py"
    wrapper.parent.mkdir(parents=True)
    wrapper.write_text(render(5, options), encoding="utf-8")
    make_current(wrapper)
    run = installation.train("--dataset", catalogue_of_300)
    assert run.returncode == 0, run.stdout + run.stderr
    folder = Path(last_event(run.stdout)["path"])
    assert folder.name.endswith("-from-the-blueprint")
    manifest = read_manifest(folder / "manifest.json")
    assert (manifest.metadata["m"], manifest.metadata["ef_construction"]) == (24, 60)
    dimension = manifest.metadata["dimension"]
    assert 90 <= dimension <= 140  # the features have at least 64, what was learned comes on top
    assert json.loads((folder / "active_features.json").read_text())["PART_TYPE"] is False
    assert json.loads((folder / "feature_weights.json").read_text())["weights"]["ITEM_TYPE"] == 9.0
    times = json.loads((folder / "time_profiles.json").read_text(encoding="utf-8"))
    assert times["strategy"] == "trimmed_std"
    assert times["operations"]["INS"]["run"]["SAFE"] > times["operations"]["INS"]["run"]["STANDARD"] > 0
    assert manifest.roles["time"] == "time_profiles"
    assert not (folder / "tb_projector").exists()
    assert json.loads((folder / "training_request.json").read_text())["pipeline"]["index"]["m"] == 24
    by_hand = subprocess.run(
        [sys.executable, str(wrapper), "--dry-run", "--dataset", str(catalogue_of_300)],
        env=installation.variables(),
        cwd=installation.folder,
        capture_output=True,
        text=True,
    )
    assert by_hand.returncode == 0, by_hand.stderr
    said = re.search(r"\((\d+) dimensions before methods are compared, faiss\)", last_event(by_hand.stdout)["message"])
    assert said is not None
    assert 90 <= int(said[1]) <= 140


def test_a_running_auth_service_registers_activates_and_knows_names_that_are_taken(
    installation: Installation, items_of_300: Path
) -> None:
    port = free_port()
    installation.auth_port = port
    auth = subprocess.Popen(
        [sys.executable, "-m", "auth_service", "serve", "--port", str(port)],
        env={**installation.variables(), "ROUTING_ML_ADMIN_PASSWORD": "a long enough password 1"},
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: not port_is_free("127.0.0.1", port), "auth_service")
        run = installation.train("--save-dir", installation.models / "v1", "--dataset", items_of_300, "--activate")
        assert run.returncode == 0, run.stdout + run.stderr
        assert last_event(run.stdout)["message"].endswith("and registered, active")
        (installation.models / "v1").rename(installation.models / "moved")
        taken = installation.train("--save-dir", installation.models / "v1", "--dataset", items_of_300)
        assert taken.returncode == 2, taken.stdout + taken.stderr
        assert "The registry has a version v1 already" in last_event(taken.stdout)["message"]
    finally:
        ask_to_stop(auth.pid)
        auth.wait(20)
    with sqlite3.connect(installation.state / "routing.db") as database:
        assert database.execute("SELECT version_name, status FROM model_versions").fetchall() == [("v1", "active")]
