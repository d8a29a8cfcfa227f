"""Keeps the delta index of every ann_service process in step with the snapshot, so that new items are found without a training.

Nothing of what was sent is remembered: whenever snapshot, process, version or delta is another one than at the last look, both
sides are compared and what differs is sent. So either side may be restarted at any moment. Of several aggregate_service processes
one does it: of a machine the one with the lock, of several hosts the first in ROUTING_ML_AGGREGATE_ADDRESSES that serves. The others
only note what a version began with, so that they can go on.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Final

import filelock
import grpc
import numpy as np

from aggregate_service import messages
from aggregate_service.delta_plan import Baseline, DeltaPlan, plan_delta
from aggregate_service.item_lookup import item_features
from aggregate_service.snapshot import Snapshot
from aggregate_service.snapshot_changes import feature_hashes
from aggregate_service.snapshot_store import SnapshotStore
from common.errors import ServiceError
from common.finishing import ended
from common.logs import get_logger
from common.patience import LONGEST_CALL_SECONDS
from common.rpc.addresses import is_own, parse_address
from common.rpc.client import Caller, connect
from common.rpc.reached_host import Condition, ReachedHost
from common.settings import Settings
from protos.ann.v1 import ann_pb2
from protos.ann.v1.ann_pb2_grpc import AnnServiceStub
from protos.common.v1 import process_pb2
from protos.common.v1.process_pb2_grpc import ProcessServiceStub

log = get_logger(__name__)

LOOK_SECONDS: Final = 5.0
ITEMS_A_CALL: Final = 1_000
REMOVED_A_CALL: Final = 10_000

Key = tuple[object, ...]


@dataclass
class _Worker:
    """One ann_service process as the driver knows it."""

    address: str
    channel: grpc.aio.Channel
    done: Key = ()
    problem: str = ""
    ann: Any = field(init=False)
    process: Any = field(init=False)

    def __post_init__(self) -> None:
        self.ann, self.process = AnnServiceStub(self.channel), ProcessServiceStub(self.channel)


class DeltaDriver:
    """Follows the snapshot.

    Args:
        caller: makes calls in the name of this process.
        snapshot: the snapshot that serves; None while none does.
    """

    def __init__(self, settings: Settings, caller: Caller, snapshot: Callable[[], Snapshot | None]) -> None:
        self._settings, self._caller, self._snapshot = settings, caller, snapshot
        self._lock = filelock.FileLock(str(settings.run_path / "delta.lock"), timeout=0, thread_local=False)
        self._baselines = settings.deltas_path
        self._wake = asyncio.Event()
        self._workers: list[_Worker] = []
        self._before: list[ReachedHost] = []
        self._led = False
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin."""
        if self._settings.host:
            named = self._settings.aggregate_addresses
            first_here = next((place for place, one in enumerate(named) if is_own(one)), 0)
            self._before = [
                ReachedHost(parse_address(one), connect(self._settings, [one]), lambda _host: None)
                for one in named[:first_here]
            ]
        self._workers = [_Worker(one, connect(self._settings, [one])) for one in self._settings.ann_addresses]
        self._task = asyncio.create_task(self._run(), name="delta-driver")

    async def stop(self) -> None:
        """Stop; another process may take over."""
        if self._task is not None:
            await ended(self._task)
        for worker in self._workers:
            await worker.channel.close()
        for host in self._before:
            await host.retire(None)
        self._lock.release()

    def look_again(self) -> None:
        """Compare soon: the snapshot or the version has changed."""
        self._wake.set()

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(asyncio.TimeoutError):
                await asyncio.wait_for(self._wake.wait(), LOOK_SECONDS)
            self._wake.clear()
            snapshot = self._snapshot()
            if snapshot is None or not self._leads_here():
                continue
            leads = await self._leads_all()
            if leads and not self._led:
                for worker in self._workers:
                    worker.done = ()
            self._led = leads
            for worker in self._workers:
                try:
                    await self._look(worker, snapshot, leads=leads)
                except ServiceError as error:
                    self._tell(worker, error.message)
                except Exception:
                    log.exception("the delta index could not be brought up to date", address=worker.address)

    async def _leads_all(self) -> bool:
        """Whether no host that is named before this one serves."""
        await asyncio.gather(*(host.look() for host in self._before))
        return all(host.condition is not Condition.SERVING for host in self._before)

    def _leads_here(self) -> bool:
        """Whether this process is the one of the machine that does it."""
        try:
            self._settings.run_path.mkdir(parents=True, exist_ok=True)
            if not self._lock.is_locked:
                self._lock.acquire()
        except (filelock.Timeout, OSError):
            return False
        return True

    async def _look(self, worker: _Worker, snapshot: Snapshot, *, leads: bool) -> None:
        """Bring one process up to date when anything is different from the last time; only note that where another host leads."""
        ask = self._caller.call
        process = await ask(worker.process.Describe, process_pb2.DescribeRequest(), service="ann_service", timeout=5.0)
        info = await ask(worker.ann.Info, ann_pb2.InfoRequest(), service="ann_service", timeout=5.0)
        if not info.model_version:
            return
        state = (process.pid, process.started_at, info.model_version, snapshot.folder)
        if worker.done == (*state, info.delta_items):
            return
        now = await asyncio.to_thread(_items_of, snapshot)
        found = await ask(
            worker.ann.CompareItems,
            ann_pb2.CompareItemsRequest(key_hashes=now.keys.astype("<u8").tobytes()),
            service="ann_service",
            timeout=LONGEST_CALL_SECONDS,
        )
        plan = await asyncio.to_thread(self._plan, snapshot, now, found)
        held = await self._send(worker, snapshot, plan, found) if leads and not plan.problem else info.delta_items
        worker.done = (*state, held)
        self._tell(worker, plan.problem)

    def _plan(self, snapshot: Snapshot, now: Baseline, found: ann_pb2.CompareItemsResponse) -> DeltaPlan:
        version = found.manifest_sha256[:24] or "unlisted"
        path = self._baselines / f"{version}-{snapshot.facts.mapping or snapshot.facts.lineage}.npz"
        try:
            baseline = Baseline.read(path)
        except (FileNotFoundError, ServiceError):
            baseline = self._first(snapshot, now, found.source_identity)
            with contextlib.suppress(FileNotFoundError, ServiceError):  # kept by the source's path before
                baseline = Baseline.read(self._baselines / f"{version}-{snapshot.facts.lineage}.npz")
            baseline.write(path)
        return plan_delta(
            now,
            baseline,
            index_items=found.items,
            whole_master=found.trained_on_whole_master,
            missing=found.missing,
            vanished=found.vanished_codes,
            delta_codes=found.delta_codes,
        )

    def _first(self, snapshot: Snapshot, now: Baseline, identity: str) -> Baseline:
        """What a version began with: the snapshot of the source as it was trained on where there is one, else the present one."""
        if identity and identity != snapshot.facts.identity:
            for folder, facts in SnapshotStore(self._settings.snapshots_path).found():
                same = facts.mapping == snapshot.facts.mapping or facts.lineage == snapshot.facts.lineage
                if same and facts.identity == identity:
                    with contextlib.suppress(ServiceError):
                        return Baseline(*feature_hashes(folder))
        return now

    async def _send(
        self, worker: _Worker, snapshot: Snapshot, plan: DeltaPlan, found: ann_pb2.CompareItemsResponse
    ) -> int:
        """Send what the plan says in calls of a bearable size; returns the items in the delta afterwards."""
        held, accepted = len(found.delta_codes), 0
        positions = snapshot.codes.sorted_hashes()[1][plan.rows]
        codes = snapshot.codes.codes_at(positions)
        steps = max(-(-len(codes) // ITEMS_A_CALL), -(-len(plan.removed) // REMOVED_A_CALL))
        for step in range(steps):
            part = codes[step * ITEMS_A_CALL : (step + 1) * ITEMS_A_CALL]
            rows = await asyncio.to_thread(item_features, snapshot, part)
            request = ann_pb2.AddItemsRequest(
                codes=rows.codes,
                features=messages.to_features_response(rows, snapshot.tag).features,
                removed_codes=plan.removed[step * REMOVED_A_CALL : (step + 1) * REMOVED_A_CALL],
                manifest_sha256=found.manifest_sha256,
            )
            answer = await self._caller.call(
                worker.ann.AddItems, request, service="ann_service", timeout=LONGEST_CALL_SECONDS
            )
            held, accepted = answer.delta_items, accepted + answer.accepted
        if accepted or plan.removed:
            log.info(
                "delta index up to date",
                address=worker.address,
                model_version=found.model_version,
                accepted=accepted,
                removed=len(plan.removed),
                delta_items=held,
                snapshot=snapshot.tag,
            )
        return int(held)

    @staticmethod
    def _tell(worker: _Worker, problem: str) -> None:
        """Log a problem once, not at every look."""
        if problem and problem != worker.problem:
            log.warning("the delta index is not brought up to date", address=worker.address, reason=problem)
        worker.problem = problem


def _items_of(snapshot: Snapshot) -> Baseline:
    """Hashes of the items of a snapshot."""
    keys, features = feature_hashes(snapshot.folder)
    return Baseline(np.ascontiguousarray(keys), np.ascontiguousarray(features))
