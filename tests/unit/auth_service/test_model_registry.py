"""The registry: registering, retiring, the way back through activations, adopting artifacts from elsewhere."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from auth_service.store import schema
from auth_service.store.database import Database
from auth_service.versions import registry
from auth_service.versions.adoption import adopt
from common.errors import AlreadyExists, InvalidInput, NotFound, PreconditionFailed
from trained.artifacts import read_manifest

LEGACY = Path(__file__).parents[2] / "data" / "legacy_model"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A version's folder, of the older lineage."""
    target = tmp_path / "models" / "v1"
    shutil.copytree(LEGACY, target)
    target.chmod(0o755)
    for path in target.iterdir():
        path.chmod(0o644)
    return target


def add(database: Database, name: str, folder: Path = LEGACY) -> None:
    files = registry.look_at(folder, folder / "manifest.json")
    with database.writing() as session:
        registry.register(session, name, files, requested_by="kim", trained_at=5.0, by="service:trainer")


def activate(database: Database, name: str, action: str = "activated") -> None:
    with database.writing() as session:
        registry.make_active(session, name, by="kim", reason="because", action=action)


def way_back(database: Database) -> list[str]:
    with database.reading() as session:
        return registry.way_back(session)


def test_a_version_is_registered_as_pending(database: Database) -> None:
    add(database, "v1")
    with database.reading() as session:
        row = registry.find(session, "v1")
    assert (row.status, row.active_flag, row.requested_by, row.trained_at) == ("pending", False, "kim", 5.0)
    assert row.bytes == sum(
        a.file(LEGACY).stat().st_size for a in read_manifest(LEGACY / "manifest.json").artifacts.values()
    )
    assert Path(row.artifact_dir).is_absolute()


def test_registering_the_same_version_again_changes_nothing_and_another_of_its_name_is_refused(
    database: Database, folder: Path
) -> None:
    add(database, "v1")
    add(database, "v1")
    with database.reading() as session:
        assert len(registry.page(session)) == 1
        assert len(registry.history(session)) == 1
    with pytest.raises(AlreadyExists):
        add(database, "v1", folder)


@pytest.mark.parametrize(
    "name", ["", " v", "v.", ".v", "a/b", "a\\b", "a:b", "a\x00b", "a\nb", "x" * 129, "what?", ".."]
)
def test_a_name_that_no_folder_can_have_is_refused(name: str) -> None:
    with pytest.raises(InvalidInput):
        registry.accept_version_name(name)


@pytest.mark.parametrize("name", ["v1", "demo-20260101-120000", "2026 여름", "V1.2"])
def test_an_ordinary_name_is_accepted(name: str) -> None:
    assert registry.accept_version_name(name) == name


def test_versions_are_listed_newest_first_by_status(database: Database) -> None:
    for name in ("a", "b", "c"):
        add(database, name)
    activate(database, "a")
    activate(database, "b")
    with database.reading() as session:
        assert [row.version_name for row in registry.page(session)] == ["c", "b", "a"]
        assert [row.version_name for row in registry.page(session, limit=2)] == ["c", "b"]
        for status, expected in (("pending", ["c"]), ("active", ["b"]), ("retired", ["a"])):
            assert [row.version_name for row in registry.page(session, status=status)] == expected
        with pytest.raises(InvalidInput):
            registry.page(session, status="lost")


def test_rolling_back_goes_through_all_activations(database: Database) -> None:
    for name in ("a", "b", "c"):
        add(database, name)
        activate(database, name)
    assert way_back(database) == ["b", "a"]
    with database.reading() as session:
        assert registry.roll_back_target(session, 2) == "a"
        with pytest.raises(PreconditionFailed, match="only 2"):
            registry.roll_back_target(session, 3)
    activate(database, "b", "rolled_back")
    assert way_back(database) == ["a"]
    activate(database, "c")
    assert way_back(database) == ["b", "a"]
    activate(database, "a", "rolled_back")
    assert way_back(database) == []
    with database.reading() as session, pytest.raises(PreconditionFailed, match="none was active before"):
        registry.roll_back_target(session, 1)


def test_rolling_back_passes_over_retired_versions(database: Database) -> None:
    for name in ("a", "b", "c"):
        add(database, name)
        activate(database, name)
    with database.writing() as session:
        registry.retire(session, "b", by="kim", reason="wrong data")
    assert way_back(database) == ["a"]


def test_the_active_version_is_not_retired_and_a_retired_one_not_activated(database: Database) -> None:
    add(database, "a")
    add(database, "b")
    activate(database, "a")
    with database.writing() as session:
        with pytest.raises(PreconditionFailed):
            registry.retire(session, "a", by="kim", reason="")
        registry.retire(session, "b", by="kim", reason="")
        registry.retire(session, "b", by="kim", reason="again")
    with pytest.raises(PreconditionFailed, match="retired"):
        activate(database, "b")
    add(database, "b")  # registering its folder again brings it back
    activate(database, "b")


def test_the_history_says_who_did_what_when_and_why(database: Database) -> None:
    add(database, "a")
    activate(database, "a")
    add(database, "b")
    activate(database, "b")
    with database.reading() as session:
        entries = registry.history(session)
        told = [(e.action, e.version_name, e.previous_version, e.actor, e.reason) for e in entries]
        assert told == [
            ("activated", "b", "a", "kim", "because"),
            ("registered", "b", "", "service:trainer", "requested by kim"),
            ("activated", "a", "", "kim", "because"),
            ("registered", "a", "", "service:trainer", "requested by kim"),
        ]
        assert [e.action for e in registry.history(session, name="a", limit=1)] == ["activated"]
        with pytest.raises(NotFound):
            registry.find(session, "ghost\x00")


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.tuples(st.sampled_from(["activate", "back"]), st.integers(0, 3)), max_size=12))
def test_rolling_back_undoes_activations_like_a_stack(
    tmp_path_factory: pytest.TempPathFactory, steps: list[tuple[str, int]]
) -> None:
    database = Database(f"sqlite:///{(tmp_path_factory.mktemp('way') / 'a.db').as_posix()}")
    schema.upgrade(database)
    names = ["a", "b", "c", "d"]
    for name in names:
        add(database, name)
    stack: list[str] = []
    for kind, number in steps:
        if kind == "activate":
            if stack[-1:] != [names[number]]:
                activate(database, names[number])
                stack.append(names[number])
            continue
        way = way_back(database)
        expected = [name for name in reversed(stack[:-1]) if name != (stack[-1] if stack else "")]
        assert way == expected
        if number < len(way):
            activate(database, way[number], "rolled_back")
            target = way[number]
            while stack[-1] != target:
                stack.pop()
    with database.reading() as session:
        assert sum(row.active_flag for row in registry.page(session)) == (1 if stack else 0)
    database.close()


def test_a_folder_with_a_manifest_is_adopted_without_writing(folder: Path, tmp_path: Path) -> None:
    before = {path.name: path.stat().st_mtime_ns for path in folder.iterdir()}
    adopted = adopt(folder, "", models=tmp_path / "models", derived=tmp_path / "derived")
    assert (adopted.name, adopted.files.manifest_path) == ("v1", folder / "manifest.json")
    assert adopted.trained_at > 0
    assert {path.name: path.stat().st_mtime_ns for path in folder.iterdir()} == before


def test_a_folder_of_the_installation_gets_its_manifest_beside_the_artifacts(folder: Path, tmp_path: Path) -> None:
    (folder / "manifest.json").unlink()
    adopted = adopt(folder, "other", models=tmp_path / "models", derived=tmp_path / "derived")
    assert adopted.files.manifest_path == folder / "manifest.json"
    written = read_manifest(folder / "manifest.json").artifacts
    given = read_manifest(LEGACY / "manifest.json").artifacts
    assert written == given


@pytest.mark.parametrize("place", ["elsewhere", "read-only"])
def test_a_folder_that_is_not_to_be_written_gets_its_manifest_in_the_state_folder(
    folder: Path, tmp_path: Path, place: str
) -> None:
    (folder / "manifest.json").unlink()
    if place == "read-only":
        folder.chmod(0o555)
    models = tmp_path / ("models" if place == "read-only" else "other")
    files = sorted(path.name for path in folder.iterdir())
    adopted = adopt(folder, "", models=models, derived=tmp_path / "derived")
    assert adopted.files.manifest_path == tmp_path / "derived" / "v1" / "manifest.json"
    assert sorted(path.name for path in folder.iterdir()) == files
    folder.chmod(0o755)


def test_a_folder_that_lacks_artifacts_is_refused(folder: Path, tmp_path: Path) -> None:
    (folder / "manifest.json").unlink()
    (folder / "encoder.joblib").unlink()
    with pytest.raises(PreconditionFailed, match=r"lacks encoder\.joblib"):
        adopt(folder, "", models=tmp_path / "models", derived=tmp_path / "derived")
    with pytest.raises(PreconditionFailed, match="no folder"):
        adopt(tmp_path / "none", "", models=tmp_path, derived=tmp_path)


def test_a_manifest_that_is_none_is_refused(folder: Path) -> None:
    (folder / "manifest.json").write_text("[]")
    with pytest.raises(PreconditionFailed, match="cannot be used"):
        registry.look_at(folder, folder / "manifest.json")
    (folder / "manifest.json").write_text(json.dumps({"schema_version": "other"}))
    with pytest.raises(PreconditionFailed, match="cannot be used"):
        registry.look_at(folder, folder / "manifest.json")


def test_a_folder_whose_name_no_file_system_takes_is_no_folder(tmp_path: Path) -> None:
    with pytest.raises(PreconditionFailed, match="no folder"):
        registry.look_at(tmp_path / ("x" * 2000), tmp_path / ("x" * 2000) / "manifest.json")
