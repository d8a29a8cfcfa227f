"""Writers of every kind of document, and the ledger of what the service has confirmed to them.

A write that was sent and not answered may be there or not; one that was answered has to be there, whole, whatever happens afterwards.
"""

from __future__ import annotations

import asyncio
import itertools
import json
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Connection, Engine, bindparam, text

from benchmarks.faults.control_service import ControlService
from common.errors import DeadlineExceeded, ServiceError, Unavailable
from protos.documents.v1 import documents_pb2 as documents
from protos.documents.v1.documents_pb2_grpc import PlanningServiceStub, RslServiceStub
from protos.settings.v1 import settings_pb2
from protos.settings.v1.settings_pb2_grpc import SettingsServiceStub

SETTINGS_PAUSE_SECONDS = 0.25
"""Between two settings, whose documents are large and are all kept."""


@dataclass
class Ledger:
    """What was confirmed.

    Attributes:
        groups: id of a saved routing -> its newest confirmed name and version.
        rsl: id of an RSL group -> its name.
        revisions: confirmed revisions of the settings -> ef_search in them.
        workspace: newest confirmed number in the workspace.
        sent: names of saved routings that were sent, answered or not.
        confirmed: how many writes were confirmed.
        refused: errors of the service by reason, other than that it cannot do it now.
        unavailable: answers that it cannot do it now, by reason; silence counts as UNAVAILABLE.
    """

    groups: dict[str, tuple[str, int]] = field(default_factory=dict)
    rsl: dict[int, str] = field(default_factory=dict)
    revisions: dict[int, int] = field(default_factory=dict)
    workspace: int = 0
    sent: set[str] = field(default_factory=set)
    confirmed: int = 0
    refused: dict[str, int] = field(default_factory=dict)
    unavailable: dict[str, int] = field(default_factory=dict)

    def take(self, other: Ledger) -> None:
        """Add what another one has."""
        self.groups.update(other.groups)
        self.rsl.update(other.rsl)
        self.revisions.update(other.revisions)
        self.workspace = max(self.workspace, other.workspace)
        self.sent |= other.sent
        self.confirmed += other.confirmed
        for reason, count in other.refused.items():
            self.refused[reason] = self.refused.get(reason, 0) + count


class Writers:
    """Four writers: saved routings made and changed, RSL groups, settings, a workspace."""

    def __init__(self, service: ControlService) -> None:
        self._service = service
        self._numbers = itertools.count(1)
        self.ledger = Ledger()
        self._tasks: list[asyncio.Task[None]] = []

    def start(self) -> None:
        """Begin to write without pauses."""
        kinds = (self._routing, self._rsl, self._settings, self._workspace)
        self._tasks = [asyncio.create_task(self._without_end(kind)) for kind in kinds]

    async def stop(self) -> None:
        """Stop, in the middle of a write or not."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        self._tasks = []

    async def until_confirmed(self, more: int) -> float:
        """Wait until `more` writes were confirmed; returns the seconds that took."""
        begun, wanted = time.monotonic(), self.ledger.confirmed + more
        while self.ledger.confirmed < wanted:
            await asyncio.sleep(0.005)
        return time.monotonic() - begun

    async def _without_end(self, write: Callable[[int], Awaitable[None]]) -> None:
        while True:
            try:
                await write(next(self._numbers))
                self.ledger.confirmed += 1
            except (Unavailable, DeadlineExceeded) as error:
                self.ledger.unavailable[error.reason] = self.ledger.unavailable.get(error.reason, 0) + 1
                await asyncio.sleep(0.02)  # not answered: it may be there or not
            except ServiceError as error:
                self.ledger.refused[error.reason] = self.ledger.refused.get(error.reason, 0) + 1
                await asyncio.sleep(0.02)

    async def _routing(self, number: int) -> None:
        name = f"saved {number}"
        self.ledger.sent.add(name)
        content = documents.RoutingGroupContent(
            group_name=name,
            item_codes=[f"ITEM-{number}", f"품목-{number}"],
            steps=[
                documents.RoutingGroupStep(seq=1, process_code="TURN"),
                documents.RoutingGroupStep(seq=2, process_code="GRIND"),
            ],
        )
        made = await self._service.call(
            PlanningServiceStub, "CreateRoutingGroup", documents.CreateRoutingGroupRequest(content=content)
        )
        self.ledger.groups[made.group_id] = (name, made.version)
        content.group_name = f"changed {number}"
        self.ledger.sent.add(content.group_name)
        request = documents.UpdateRoutingGroupRequest(group_id=made.group_id, version=made.version, content=content)
        changed = await self._service.call(PlanningServiceStub, "UpdateRoutingGroup", request)
        self.ledger.groups[made.group_id] = (content.group_name, changed.version)
        self.ledger.confirmed += 1

    async def _rsl(self, number: int) -> None:
        request = documents.CreateRslGroupRequest(name=f"rsl {number}", tags=["a", "b"])
        made = await self._service.call(RslServiceStub, "CreateRslGroup", request)
        self.ledger.rsl[made.id] = f"rsl {number}"

    async def _settings(self, number: int) -> None:
        wanted = 10 + number % 500
        request = settings_pb2.PatchSettingsRequest(patch_json=json.dumps({"search": {"ef_search": wanted}}))
        answer = await self._service.call(SettingsServiceStub, "Patch", request)
        self.ledger.revisions[int(answer.document.revision)] = wanted
        await asyncio.sleep(SETTINGS_PAUSE_SECONDS)

    async def _workspace(self, number: int) -> None:
        request = documents.PutWorkspaceRequest(document_json=json.dumps({"version": 1, "layout": {"number": number}}))
        await self._service.call(PlanningServiceStub, "PutWorkspace", request)
        self.ledger.workspace = number


def losses(ledger: Ledger, engine: Engine, *, all_rows: bool) -> list[str]:
    """What was confirmed and is not in the database, or is there by half; for people.

    Args:
        all_rows: look at every row, also for what was never sent; otherwise only at the ledger's.
    """
    found: list[str] = []
    with engine.connect() as connection:
        _check_routings(ledger, connection, found, all_rows=all_rows)
        _check_rsl(ledger, connection, found, all_rows=all_rows)
        _check_settings(ledger, connection, found, all_rows=all_rows)
        stored = connection.execute(text("SELECT document_json FROM workspaces")).scalar()
        number = json.loads(stored)["layout"]["number"] if stored else 0
        if number < ledger.workspace:
            found.append(f"the workspace is {number}, {ledger.workspace} was confirmed")
    return found


def _rows(connection: Connection, query: str, keys: Iterable[object], *, all_rows: bool) -> Sequence[Any]:
    """Rows of a query whose {where} names a table's keys."""
    column = query[query.index("{") + 1 : query.index("}")]
    if all_rows:
        return connection.execute(text(query.replace(f"{{{column}}}", "1 = 1"))).fetchall()
    chosen = text(query.replace(f"{{{column}}}", f"{column} IN :keys")).bindparams(bindparam("keys", expanding=True))
    return connection.execute(chosen, {"keys": list(keys)}).fetchall()


def _check_routings(ledger: Ledger, connection: Connection, found: list[str], *, all_rows: bool) -> None:
    query = (
        "SELECT g.group_id, g.group_name, g.version, g.step_count, count(i.item_code) FROM routing_groups g "
        "LEFT JOIN routing_group_items i ON i.group_id = g.group_id WHERE {g.group_id} "
        "GROUP BY g.group_id, g.group_name, g.version, g.step_count"
    )
    stored = {str(row[0]): row for row in _rows(connection, query, ledger.groups, all_rows=all_rows)}
    for key, (name, version) in ledger.groups.items():
        row = stored.get(key)
        if row is None:
            found.append(f"saved routing {key} {name!r} is gone")
        elif int(row[2]) < version or (int(row[2]) == version and row[1] != name):
            found.append(
                f"saved routing {key} is {row[1]!r} version {row[2]}, confirmed was {name!r} version {version}"
            )
    for key, row in stored.items():
        if row[1] not in ledger.sent:
            found.append(f"saved routing {key} {row[1]!r} was never sent")
        if (int(row[3]), int(row[4])) != (2, 2):
            found.append(f"saved routing {key} has {row[3]} of 2 steps and {row[4]} of 2 items")


def _check_rsl(ledger: Ledger, connection: Connection, found: list[str], *, all_rows: bool) -> None:
    query = (
        "SELECT g.id, g.name, count(t.tag) FROM rsl_groups g LEFT JOIN rsl_tags t ON t.group_id = g.id "
        "WHERE {g.id} GROUP BY g.id, g.name"
    )
    stored = {int(row[0]): row for row in _rows(connection, query, ledger.rsl, all_rows=all_rows)}
    for key, name in ledger.rsl.items():
        if key not in stored or stored[key][1] != name:
            found.append(f"RSL group {key} {name!r} is {stored[key][1] if key in stored else 'gone'}")
    found += [f"RSL group {key} has {row[2]} of 2 tags" for key, row in stored.items() if int(row[2]) != 2]


def _check_settings(ledger: Ledger, connection: Connection, found: list[str], *, all_rows: bool) -> None:
    query = "SELECT revision, document_json FROM settings_revisions WHERE {revision}"
    stored = {
        int(row[0]): json.loads(row[1])["search"]["ef_search"]
        for row in _rows(connection, query, ledger.revisions, all_rows=all_rows)
    }
    for revision, wanted in ledger.revisions.items():
        if stored.get(revision) != wanted:
            found.append(f"settings {revision} have {stored.get(revision)}, confirmed was {wanted}")
    if all_rows and sorted(stored) != list(range(min(stored), max(stored) + 1)):
        found.append("a revision of the settings is missing between others")
