"""Routings that planners stand behind: what they kept of proposals, as weighted examples for the supervised stage."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, NamedTuple

import numpy as np
import numpy.typing as npt

from common.errors import ServiceError, Unauthenticated, Unavailable
from common.identity import ServiceCredential
from common.logs import get_logger
from common.patience import PatienceLost, run_patiently
from common.processes import python_module
from common.rpc.client import Caller, connect
from common.settings import Settings
from plant.time_columns import RUN, SETUP, TIMES
from protos.documents.v1 import documents_pb2 as pb
from protos.documents.v1 import documents_pb2_grpc
from routings.operation_table import OperationTable
from trained.item_codes import ItemCodeIndex
from trainer.current_routings import CurrentRoutings
from trainer.registration import ROOT

log = get_logger(__name__)

ACCEPTED_WEIGHT: Final = 2.0
CORRECTED_WEIGHT: Final = 3.0
"""What an example counts against a routing of the source (1): one that a planner looked at and left, one that he corrected."""
_ANSWER_SECONDS: Final = 20.0
_STEP: Final = 10


class ExampleOperation(NamedTuple):
    """An operation of an example: the job as the source names it, and minutes (None where not known)."""

    job: str
    setup: float | None
    run: float | None


@dataclass(frozen=True)
class PlannerExample:
    """A routing that a planner kept.

    Attributes:
        item_code: of the item.
        operations: in order.
        weight: what it counts; a routing of the source counts 1.
        reviewed_at: seconds since 1970 UTC.
    """

    item_code: str
    operations: tuple[ExampleOperation, ...]
    weight: float
    reviewed_at: float


def planner_examples(settings: Settings, registry_path: Path | None = None) -> list[PlannerExample]:
    """The last reviewed routing of each item, newest first; none where auth_service has never run.

    Args:
        registry_path: SQLite file of another registry, which is asked instead of auth_service.

    Raises:
        ServiceError: neither auth_service nor its command answers.
    """
    if registry_path is None:
        if not ServiceCredential.exists(settings):
            return []
        try:
            return [_of_message(one) for one in _ask(settings).items]
        except (Unavailable, Unauthenticated) as error:
            log.info("reading planners' examples by command", because=error.message)
    elif not registry_path.exists():
        return []
    return [_of_facts(facts) for facts in _by_command(settings, registry_path)]


def _ask(settings: Settings) -> pb.PlannerExamplesResponse:
    async def call() -> pb.PlannerExamplesResponse:
        channel = connect(settings, settings.auth_addresses)
        try:
            caller = Caller(settings, "training", ServiceCredential.of(settings))
            method = documents_pb2_grpc.PlanningServiceStub(channel).PlannerExamples
            answer: pb.PlannerExamplesResponse = await caller.call(
                method, pb.PlannerExamplesRequest(), service="auth_service", timeout=_ANSWER_SECONDS
            )
            return answer
        finally:
            await channel.close()

    try:
        return asyncio.run(call())
    except OSError as error:
        raise Unavailable(f"auth_service cannot be called: {error}") from None


def _by_command(settings: Settings, registry_path: Path | None) -> list[dict[str, Any]]:
    arguments = ["--registry-path", str(registry_path)] if registry_path else []
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH", "")])),
        "ROUTING_ML_STATE_DIR": str(settings.state_dir.resolve()),
        "PYTHONIOENCODING": "utf-8",
    }
    try:
        done = run_patiently(python_module("auth_service", "planner-examples", *arguments), env=environment, cwd=ROOT)
        if done.returncode:
            said = done.stderr.decode("utf-8", "replace").strip()
            raise ServiceError(said.splitlines()[-1] if said else "it ended without a word")
        found: list[dict[str, Any]] = json.loads(done.stdout)
        return found
    except (OSError, ValueError, PatienceLost, ServiceError) as error:
        raise Unavailable(f"Planners' examples cannot be read: {getattr(error, 'message', error)}") from None


def _of_message(message: pb.PlannerExample) -> PlannerExample:
    return _example(
        message.item_code,
        message.outcome,
        message.reviewed_at,
        (
            ExampleOperation(
                one.job_code or one.process_code,
                one.setup_time if one.HasField("setup_time") else None,
                one.run_time if one.HasField("run_time") else None,
            )
            for one in message.operations
        ),
    )


def _of_facts(facts: dict[str, Any]) -> PlannerExample:
    operations = (ExampleOperation(one["job"], one["setup"], one["run"]) for one in facts["operations"])
    return _example(facts["item_code"], facts["outcome"], facts["reviewed_at"], operations)


def _example(code: str, outcome: str, reviewed_at: float, operations: Iterable[ExampleOperation]) -> PlannerExample:
    weight = ACCEPTED_WEIGHT if outcome == "accepted" else CORRECTED_WEIGHT
    return PlannerExample(code, tuple(one for one in operations if one.job), weight, reviewed_at)


def with_examples(
    routings: CurrentRoutings, index: ItemCodeIndex, examples: Sequence[PlannerExample]
) -> tuple[CurrentRoutings, npt.NDArray[np.float64]]:
    """The routings with those of the examples in the place of the items' own, and what each item counts.

    Examples of unknown items and without operations are left out; of two for an item the first counts. An operation keeps the machine
    that the item's own routing has for it.

    Args:
        index: codes of the items, in the order of the routings.

    Returns:
        Routings; weights float64 (items), 1 where no planner has spoken.
    """
    table = routings.table
    weights = np.ones(table.items)
    chosen: dict[int, PlannerExample] = {}
    for example, position in zip(examples, index.find_many([one.item_code for one in examples]).tolist(), strict=True):
        if position >= 0 and example.operations:
            chosen.setdefault(position, example)
    if not chosen:
        return routings, weights
    names = list(zip(routings.jobs, routings.occurrences.tolist(), strict=True))
    numbers = {name: number for number, name in enumerate(names)}
    machines = list(routings.machines)
    nowhere = machines.index("") if "" in machines else len(machines)
    if nowhere == len(machines):
        machines.append("")
    item = np.repeat(np.arange(table.items), np.diff(table.offsets))
    kept = ~np.isin(item, list(chosen))
    added: list[tuple[int, int, int, int]] = []
    times: list[npt.NDArray[np.float64]] = []
    for position, example in chosen.items():
        weights[position] = example.weight
        own = slice(int(table.offsets[position]), int(table.offsets[position + 1]))
        machine_of = dict(zip(table.operation[own].tolist(), table.machine[own].tolist(), strict=True))
        seen: dict[str, int] = {}
        for place, operation in enumerate(example.operations, start=1):
            name = (operation.job, seen.get(operation.job, 0))
            seen[operation.job] = name[1] + 1
            number = numbers.setdefault(name, len(numbers))
            added.append((position, number, machine_of.get(number, nowhere), place * _STEP))
            row = np.full(len(TIMES), np.nan)
            row[SETUP] = np.nan if operation.setup is None else operation.setup
            row[RUN] = np.nan if operation.run is None else operation.run
            times.append(row)
    new = np.array(added, np.int64)
    items = np.concatenate([item[kept], new[:, 0]])
    order = np.argsort(items, kind="stable")

    def merged(old: npt.NDArray[Any], fresh: npt.NDArray[Any]) -> npt.NDArray[Any]:
        return np.concatenate([old[kept], fresh.astype(old.dtype)])[order]

    counts = np.bincount(items, minlength=table.items)
    made = OperationTable(
        offsets=np.concatenate(([0], np.cumsum(counts))).astype(np.int64),
        operation=merged(table.operation, new[:, 1]),
        machine=merged(table.machine.astype(np.int32), new[:, 2]),
        sequence=merged(table.sequence, new[:, 3]),
        times=merged(table.times, np.array(times)),
        actual=merged(table.actual, np.full((len(new), 2), np.nan)),
    )
    jobs = [job for job, _occurrence in numbers]
    occurrences = np.array([occurrence for _job, occurrence in numbers], np.int64)
    return CurrentRoutings(made, jobs, occurrences, machines, routings.entered), weights
