"""The retention on a real registry: what can be rolled back to stays, what was deleted cannot be activated any more."""

from __future__ import annotations

import asyncio
import gc
import shutil
from pathlib import Path

import pytest

from auth_service.store.database import Database
from auth_service.versions import registry
from auth_service.versions.servicer_registry import version_message
from common.errors import PreconditionFailed
from protos.registry.v1 import registry_pb2 as pb
from protos.trainer.v1 import trainer_pb2
from tests.unit.auth_service.conftest import Plant
from trainer.retention import DELETED, KEPT, RetentionRule, apply_retention
from trainer.servicer import TrainerServicer

LEGACY = Path(__file__).parents[2] / "data" / "legacy_model"


class Direct:
    """The registry of a database, asked as the trainer asks it over RPC."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def versions(self) -> pb.ListVersionsResponse:
        with self._database.reading() as session:
            rows, way = registry.page(session), registry.way_back(session)
        return pb.ListVersionsResponse(versions=[version_message(row) for row in rows], way_back=way)

    def adopted(self) -> set[str]:
        with self._database.reading() as session:
            return {entry.version_name for entry in registry.history(session) if entry.action == "adopted"}

    def retire(self, name: str, reason: str) -> None:
        with self._database.writing() as session:
            registry.retire(session, name, by="service:trainer", reason=reason)


def test_what_can_be_rolled_back_to_stays_and_what_is_deleted_is_retired(sqlite: Database, tmp_path: Path) -> None:
    models = tmp_path / "models"
    for name in ("v1", "v2", "v3", "v4", "v5", "from-elsewhere"):
        shutil.copytree(LEGACY, models / name)
        models.joinpath(name).chmod(0o755)
        files = registry.look_at(models / name, models / name / "manifest.json")
        with sqlite.writing() as session:
            action = "adopted" if name == "from-elsewhere" else "registered"
            registry.register(session, name, files, requested_by="", trained_at=1.0, by="kim", action=action)
    for name in ("v1", "v3", "v2"):
        with sqlite.writing() as session:
            registry.make_active(session, name, by="kim", reason="", action="activated")
    done = {one.name: one for one in apply_retention(Direct(sqlite), models, RetentionRule(1, 1), dry_run=False)}
    assert {name: one.outcome for name, one in done.items()} == {
        "from-elsewhere": KEPT,  # the newest
        "v5": DELETED,
        "v4": DELETED,
        "v3": KEPT,  # the roll-back leads here
        "v2": KEPT,  # active
        "v1": DELETED,
    }
    assert sorted(path.name for path in models.iterdir()) == ["from-elsewhere", "v2", "v3"]
    with sqlite.writing() as session:
        assert registry.way_back(session) == ["v3"]
        with pytest.raises(PreconditionFailed, match="retired"):
            registry.make_active(session, "v1", by="kim", reason="", action="activated")
    with sqlite.reading() as session:
        told = [entry for entry in registry.history(session, name="v1") if entry.action == "retired"]
    assert told[0].reason.startswith("retention: older than the 1 newest")
    again = apply_retention(Direct(sqlite), models, RetentionRule(1, 1), dry_run=False)
    assert {one.outcome for one in again} == {KEPT}


async def test_calls_of_the_trainer_leave_no_event_loop_behind(plant: Plant) -> None:
    """gRPC keeps every event loop that it was ever used on, so a server may use one only."""
    trainer = TrainerServicer(None, plant.settings)  # type: ignore[arg-type]  # no training is asked for

    async def loops_after_a_call() -> int:
        answer = await trainer.ApplyRetention(trainer_pb2.RetentionRequest(dry_run=True), None)
        assert list(answer.versions) == []
        gc.collect()
        return sum(isinstance(found, asyncio.AbstractEventLoop) for found in gc.get_objects())

    first = await loops_after_a_call()
    assert [await loops_after_a_call() for _ in range(3)] == [first] * 3
