"""Checking the folders under models/, and the one table of rules that Python and PowerShell read."""

from __future__ import annotations

import json
import shutil
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from cli.main import command_line
from common.errors import NotFound
from tests.support.small_versions import make_version
from trained.artifacts import read_manifest
from trained.artifacts.folder_check import check_folder, version_folders
from trained.artifacts.manifest import ARTIFACT_SCHEMAS, ROLE_NAMES
from trained.artifacts.rules import RULES_FILE, artifact_rules
from trained.version_loading import load_version

ROOT = Path(__file__).parents[3]
LEGACY = ROOT / "tests" / "data" / "legacy_model"


@pytest.fixture
def models(tmp_path: Path) -> Path:
    """A models folder (its name has a blank and Korean) with one version of the older lineage that has no manifest."""
    folder = tmp_path / "모델 버전" / "old"
    shutil.copytree(LEGACY, folder)
    folder.chmod(0o755)
    for path in folder.iterdir():
        path.chmod(0o644)
    (folder / "manifest.json").unlink()
    return folder.parent


def run(*arguments: str) -> tuple[int, str]:
    done = CliRunner().invoke(command_line(), ["models", "check", *arguments])
    return done.exit_code, done.output


def test_a_missing_manifest_is_written_and_the_version_can_be_loaded_from_it(models: Path, tmp_path: Path) -> None:
    finding = check_folder(models / "old")
    assert (finding.ok, finding.manifest, finding.problems) == (True, "written", ())
    written = read_manifest(models / "old" / "manifest.json")
    assert written.artifacts == read_manifest(LEGACY / "manifest.json").artifacts
    assert written.roles["index"] == "similarity_engine"
    model = load_version(models / "old", models / "old" / "manifest.json", tmp_path / "derived")
    model.prove()
    model.close()


def test_nothing_but_the_manifest_is_written_and_nothing_renamed(models: Path) -> None:
    before = {path.name: path.read_bytes() for path in (models / "old").iterdir()}
    check_folder(models / "old")
    after = {path.name: path.read_bytes() for path in (models / "old").iterdir()}
    assert after.pop("manifest.json")
    assert after == before


def test_an_existing_manifest_stays_unless_forced(models: Path) -> None:
    path = models / "old" / "manifest.json"
    check_folder(models / "old")
    document = json.loads(path.read_text(encoding="utf-8"))
    document["metadata"]["default_ef_search"] = 48
    path.write_text(json.dumps(document), encoding="utf-8")
    (models / "old" / "training_metadata.json").write_text("{}", encoding="utf-8")
    kept = path.read_bytes()
    finding = check_folder(models / "old")
    assert (finding.ok, finding.manifest, path.read_bytes()) == (False, "present", kept)
    assert "training_metadata.json is not the file that the manifest lists" in finding.problems[0]
    forced = check_folder(models / "old", force=True)
    assert (forced.ok, forced.manifest) == (True, "rewritten")
    assert read_manifest(path).metadata["default_ef_search"] == 48
    assert check_folder(models / "old").ok


def test_without_a_required_artifact_no_manifest_is_written(models: Path) -> None:
    (models / "old" / "scaler.joblib").unlink()
    finding = check_folder(models / "old", force=True)
    assert (finding.ok, finding.manifest) == (False, "missing")
    assert "lacks scaler.joblib" in finding.problems[0]
    assert not (models / "old" / "manifest.json").exists()


@pytest.mark.parametrize("force", [False, True])
def test_an_artifact_that_cannot_be_read_makes_no_manifest(
    models: Path, monkeypatch: pytest.MonkeyPatch, force: bool
) -> None:
    """A virus scanner's moment: what cannot be read is named, and a manifest without it is never written."""
    really = Path.open

    def held(path: Path, *arguments: Any, **options: Any) -> Any:
        if path.name == "scaler.joblib":
            raise PermissionError(13, "The process cannot access the file because it is being used", str(path))
        return really(path, *arguments, **options)

    monkeypatch.setattr(Path, "open", held)
    monkeypatch.setattr("builtins.open", lambda path, *a, **o: held(Path(path), *a, **o))
    finding = check_folder(models / "old", force=force)
    assert not finding.ok
    assert "scaler.joblib" in " ".join(finding.problems)
    assert not (models / "old" / "manifest.json").exists()


def test_a_manifest_that_cannot_be_used_is_a_problem_until_it_is_written_anew(models: Path) -> None:
    (models / "old" / "manifest.json").write_text("{", encoding="utf-8")
    assert check_folder(models / "old").manifest == "invalid"
    assert check_folder(models / "old", force=True).ok


def test_a_trained_version_passes_and_a_forced_manifest_serves_it(tmp_path: Path) -> None:
    make_version(tmp_path / "models" / "v1")
    assert check_folder(tmp_path / "models" / "v1").ok
    before = read_manifest(tmp_path / "models" / "v1" / "manifest.json")
    assert check_folder(tmp_path / "models" / "v1", force=True).manifest == "rewritten"
    after = read_manifest(tmp_path / "models" / "v1" / "manifest.json")
    assert after.artifacts == before.artifacts
    assert after.roles == before.roles
    model = load_version(tmp_path / "models" / "v1", None, None)
    model.prove()
    model.close()


def test_a_listed_artifact_that_is_gone_is_named(tmp_path: Path) -> None:
    make_version(tmp_path / "models" / "v1")
    (tmp_path / "models" / "v1" / "item_codes.order.npy").unlink()
    finding = check_folder(tmp_path / "models" / "v1")
    assert not finding.ok
    assert "item_codes.order.npy is missing and the manifest lists it" in finding.problems[0]


def test_folders_of_trainings_that_are_being_written_are_passed_over(models: Path) -> None:
    (models / ".v2.training-1-1").mkdir()
    assert [folder.name for folder in version_folders(models)] == ["old"]


def test_a_models_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="ROUTING_ML_MODELS_DIR"):
        version_folders(tmp_path / "away")
    assert run("--models", str(tmp_path / "away"))[0] == 2


def test_the_command_tells_by_table_json_and_exit_code(models: Path) -> None:
    (models / "broken").mkdir()
    code, text = run("--models", str(models), "--dry-run")
    assert code == 1
    assert "old has no manifest.json" in text.replace("\n", "")
    code, text = run("--models", str(models), "--json")
    told: dict[str, Any] = json.loads(text)
    assert (code, told["ok"]) == (1, False)
    assert {one["version"]: (one["ok"], one["manifest"]) for one in told["versions"]} == {
        "broken": (False, "missing"),
        "old": (True, "written"),
    }
    (models / "broken").rmdir()
    assert run("--models", str(models))[0] == 0


def test_one_table_says_what_a_version_holds() -> None:
    table = json.loads(RULES_FILE.read_text(encoding="utf-8"))
    assert [row["name"] for row in table["artifacts"] if row["required"]] == [
        "similarity_engine",
        "encoder",
        "scaler",
        "feature_columns",
    ]
    assert {row["name"] for row in table["artifacts"]} == set(ARTIFACT_SCHEMAS)
    assert {role: tuple(names) for role, names in table["roles"].items()} == ROLE_NAMES
    assert all(name in ARTIFACT_SCHEMAS for names in ROLE_NAMES.values() for name in names)
    assert artifact_rules().manifest_file == "manifest.json"
