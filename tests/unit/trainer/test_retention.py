"""Deleting old versions: what is kept whatever the settings, and that the registry and the disk agree afterwards."""

from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common.errors import PreconditionFailed
from protos.registry.v1 import registry_pb2 as pb
from trainer.retention import DELETED, FAILED, KEPT, RetentionRule, apply_retention, freed_bytes, plan


class Registry:
    """A registry with versions v0 (newest), v1, ... whose folders lie in `models`."""

    def __init__(self, models: Path, count: int, *, active: int = 0, way_back: tuple[int, ...] = ()) -> None:
        self.models, self.way = models, [f"v{number}" for number in way_back]
        self.from_elsewhere: set[str] = set()
        self.retired: dict[str, str] = {}
        self.rows = []
        for number in range(count):
            folder = models / f"v{number}"
            folder.mkdir(parents=True)
            (folder / "index.faiss").write_bytes(b"x" * 1000)
            self.rows.append(pb.Version(version_name=f"v{number}", artifact_dir=str(folder), active=number == active))

    def versions(self) -> pb.ListVersionsResponse:
        return pb.ListVersionsResponse(versions=self.rows, way_back=self.way)

    def adopted(self) -> set[str]:
        return self.from_elsewhere

    def retire(self, name: str, reason: str) -> None:
        if any(row.active and row.version_name == name for row in self.rows):
            raise PreconditionFailed(f"Version {name} is active", reason="VERSION_ACTIVE")
        self.retired[name] = reason

    def folders(self) -> set[str]:
        return {path.name for path in self.models.iterdir()}


def test_the_active_version_the_last_good_ones_and_the_newest_stay(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models", 9, active=5, way_back=(6, 8, 7))
    done = apply_retention(registry, registry.models, RetentionRule(newest=2, good=2), dry_run=False)
    assert {one.name for one in done if one.outcome == KEPT} == {"v0", "v1", "v5", "v6", "v8"}
    assert registry.folders() == {"v0", "v1", "v5", "v6", "v8"}
    assert set(registry.retired) == {"v2", "v3", "v4", "v7"}
    assert all(reason.startswith("retention: ") for reason in registry.retired.values())
    assert freed_bytes(done) == 4000


def test_a_dry_run_tells_the_same_and_touches_nothing(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models", 4, active=3)
    rule = RetentionRule(newest=1, good=1)
    told = apply_retention(registry, registry.models, rule, dry_run=True)
    assert registry.folders() == {"v0", "v1", "v2", "v3"}
    assert registry.retired == {}
    assert told == apply_retention(registry, registry.models, rule, dry_run=False)
    assert registry.folders() == {"v0", "v3"}


def test_versions_from_elsewhere_and_folders_outside_are_never_deleted(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models", 4, active=0)
    registry.from_elsewhere = {"v2"}
    outside = tmp_path / "elsewhere"
    outside.mkdir()
    registry.rows[3].artifact_dir = str(outside)
    done = {one.name: one for one in apply_retention(registry, registry.models, RetentionRule(1, 1), dry_run=False)}
    assert done["v1"].outcome == DELETED
    assert done["v2"].reason == "it came from elsewhere"
    assert "is not in" in done["v3"].reason
    assert outside.is_dir()


def test_a_folder_that_a_kept_version_shares_stays(tmp_path: Path) -> None:
    registry = Registry(tmp_path / "models", 3, active=0)
    registry.rows[2].artifact_dir = registry.rows[0].artifact_dir
    done = {one.name: one for one in apply_retention(registry, registry.models, RetentionRule(1, 1), dry_run=False)}
    assert (done["v2"].outcome, done["v2"].reason) == (KEPT, "another version that is kept has the same folder")
    assert (registry.models / "v0" / "index.faiss").exists()


def test_a_version_that_became_active_meanwhile_stays(tmp_path: Path) -> None:
    class Late(Registry):
        def adopted(self) -> set[str]:
            self.rows[2].active = True
            listed = pb.ListVersionsResponse(versions=self.rows)
            assert listed.versions[2].active
            return set()

        def versions(self) -> pb.ListVersionsResponse:
            answer = super().versions()
            return pb.ListVersionsResponse.FromString(answer.SerializeToString())

    registry = Late(tmp_path / "models", 3, active=0)
    done = {one.name: one for one in apply_retention(registry, registry.models, RetentionRule(1, 1), dry_run=False)}
    assert (done["v2"].outcome, done["v2"].reason) == (FAILED, "Version v2 is active")
    assert (registry.models / "v2").is_dir()


def test_a_folder_in_use_is_told_and_deleted_the_next_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    registry = Registry(tmp_path / "models", 2, active=0)

    def refuse(source: Path, target: Path) -> None:
        raise PermissionError(13, "The process cannot access the file because it is being used by another process")

    with monkeypatch.context() as patched:
        patched.setattr("trainer.retention.replace", refuse)
        done = apply_retention(registry, registry.models, RetentionRule(1, 1), dry_run=False)
    assert (done[1].outcome, freed_bytes(done)) == (FAILED, 0)
    assert "a process may still use it" in done[1].reason
    assert (registry.models / "v1").is_dir()
    assert apply_retention(registry, registry.models, RetentionRule(1, 1), dry_run=False)[1].outcome == DELETED
    assert registry.folders() == {"v0"}


@given(
    count=st.integers(1, 8),
    active=st.integers(0, 9),
    way=st.lists(st.integers(0, 7), unique=True, max_size=6),
    newest=st.integers(1, 8),
    good=st.integers(1, 5),
)
def test_whatever_the_rule_active_and_good_versions_are_never_planned_for_deletion(
    tmp_path_factory: pytest.TempPathFactory, count: int, active: int, way: list[int], newest: int, good: int
) -> None:
    registry = Registry(tmp_path_factory.mktemp("r") / "models", count, active=active, way_back=tuple(way))
    listed = registry.versions()
    planned = plan(listed.versions, listed.way_back, set(), registry.models, RetentionRule(newest, good))
    deleted = {one.name for one in planned if one.outcome == DELETED}
    assert f"v{active}" not in deleted
    assert not deleted & {f"v{number}" for number in way[:good]}
    assert not deleted & {f"v{number}" for number in range(newest)}
    assert {one.name for one in planned} == {f"v{number}" for number in range(count)}
