"""`routing-ml evaluate` on a version and a source: table, JSON, and a report that needs no network."""

from __future__ import annotations

import json
import re
from pathlib import Path

import polars as pl
import pytest

from cli.care.evaluate_command import source_that_serves
from cli.care.evaluation_report import calibration_points, html_report, range_text
from common.settings import Settings
from plant.blueprint.options import PipelineOptions
from plant.input_profile import InputProfile
from plant.settings import PlantSettings
from source import open_source
from tests.support.catalogue import CATALOGUE
from tests.unit.cli.test_commands_of_the_command_line import routing_ml
from trainer.progress import JsonLines, ProgressReport
from trainer.status_file import RUNNING, TrainingStatus
from trainer.training import Training


@pytest.fixture(scope="module")
def models(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A models folder with a version v1, trained on items whose names a report has to escape."""
    folder = tmp_path_factory.mktemp("models")
    source = folder / "source"
    source.mkdir()
    items = pl.read_parquet(CATALOGUE / "items.parquet").head(300)
    items.write_parquet(source / "items.parquet")
    for name in ("routing", "truth"):
        rows = pl.read_parquet(CATALOGUE / f"{name}.parquet")
        rows = rows.filter(pl.col("ITEM_CD").is_in(items["ITEM_CD"].implode()))
        if name == "truth":
            rows = rows.with_columns(FAMILY=pl.lit("<b>씰 & 링</b>"))
        rows.write_parquet(source / f"{name}.parquet")
    report = ProgressReport(JsonLines(), None, TrainingStatus(status=RUNNING))
    training = Training(open_source(source), InputProfile.built_in(), PipelineOptions(), report)
    training.write(folder / "v1", *training.prepare(), {}, {})
    return folder


def test_both_strategies_are_compared_and_written(models: Path, tmp_path: Path) -> None:
    codes = pl.read_parquet(models / "source" / "items.parquet")["ITEM_CD"].head(40).to_list()
    (tmp_path / "codes.txt").write_text("\n".join(codes), encoding="utf-8")
    files = ["--json", str(tmp_path / "out.json"), "--html", str(tmp_path / "out.html")]
    wanted = ["--strategy", "nearest", "--strategy", "consensus", "--threshold", "0.5"]
    shown = routing_ml(
        "evaluate", "v1", "--source", str(models / "source"), "--codes", str(tmp_path / "codes.txt"), *wanted, *files,
        state=tmp_path, ROUTING_ML_MODELS_DIR=str(models),
    )  # fmt: skip
    assert shown.returncode == 0, shown.stderr
    assert "judged against truth" in shown.stdout
    assert "sequence exact" in shown.stdout
    document = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    assert [found["summary"]["strategy"] for found in document["evaluations"]] == ["nearest", "consensus"]
    assert {found["summary"]["items"] for found in document["evaluations"]} == {40}
    page = (tmp_path / "out.html").read_text(encoding="utf-8")
    assert "&lt;b&gt;씰 &amp; 링&lt;/b&gt;" in page
    assert "<b>씰" not in page
    assert not re.search(r"(https?:)?//[a-z]", page)
    assert page.count("<svg") == 10


def test_an_unknown_version_is_named(models: Path, tmp_path: Path) -> None:
    shown = routing_ml("evaluate", "ghost", "--source", str(models / "source"), state=tmp_path)
    assert shown.returncode == 1
    assert "There is no version ghost" in shown.stderr


def test_an_item_that_the_source_lacks_is_named(models: Path, tmp_path: Path) -> None:
    (tmp_path / "codes.txt").write_text("ghost\n", encoding="utf-8")
    shown = routing_ml(
        "evaluate", str(models / "v1"), "--source", str(models / "source"), "--codes", str(tmp_path / "codes.txt"),
        state=tmp_path,
    )  # fmt: skip
    assert shown.returncode == 1
    assert "has no item 'ghost'" in shown.stderr


def test_a_report_without_times_or_confidences_has_dashes() -> None:
    nothing = {
        "items": 1,
        "unanswered": 1,
        "sequence_exact": 0.0,
        "set_f1": 0.0,
        "run_time_mape": None,
        "top_recall": 0.0,
        "edit_distance": 4.0,
        "calibration_error": None,
    }
    facts = {"strategy": "nearest", "judged_against": "routings", "top_k": 50, "variants": 4}
    found = {
        "summary": {**facts, **nothing},
        "by_family": [{"family": "A", **nothing}],
        "by_neighbours": [{"from": 0, "to": 0, **nothing}],
        "calibration": [],
        "operations": [{"operation": "TUR", "items": 1, "missed": 1, "added": 0, "run_time_mape": None}],
    }
    page = html_report({"version": "v1", "source": "here", "evaluations": [found]})
    assert "–" in page
    assert "1 items got no proposal" in page


def test_ranges_and_points_stand_where_they_belong() -> None:
    assert range_text({"from": 2, "to": 4}) == "2 to 4"
    assert range_text({"from": 50, "to": None}) == "50 and more"
    (point,) = calibration_points([{"confidence": 0.5, "observed": 1.0, "operations": 3}])
    assert (point.x, point.y) == (150.0, 0.0)


def test_without_a_source_it_is_the_one_that_serves(tmp_path: Path) -> None:
    saved = tmp_path / "plant"
    saved.mkdir()
    settings = Settings(_env_file=None, state_dir=tmp_path / "state", initial_dataset=tmp_path / "first")
    plant = PlantSettings()
    assert source_that_serves(settings, plant) == tmp_path / "first"
    chosen = plant.model_copy(update={"data_source": plant.data_source.model_copy(update={"access_path": str(saved)})})
    assert source_that_serves(settings, chosen) == saved
    assert source_that_serves(settings.model_copy(update={"dataset": tmp_path}), chosen) == tmp_path
