"""What another version would propose for a sample of items, beside what the active one proposes: before it is activated."""

from __future__ import annotations

import asyncio
import random
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from common.errors import InvalidInput, PreconditionFailed
from common.patience import LONGEST_CALL_SECONDS
from gateway.state import Gateway
from gateway.translate.proposals import change_of, timed_operation
from gateway.translate.rows import Value, column_of, rows_of
from plant.item_keys import item_key
from plant.schema import ITEM_CODE, PlantSchema
from predicting.neighbours import SearchOptions
from predicting.parts import parts_of, seconds_for
from protos.aggregate.v1 import aggregate_pb2
from protos.registry.v1 import registry_pb2
from protos.settings.v1 import settings_pb2
from routings.routing_changes import (
    ADDED,
    MOVED,
    REMOVED,
    TIME,
    Change,
    TimedOperation,
    changes_between,
    edit_distance,
)

TIMES_APART: Final = 0.25
"""As far off as a predicted time may be and still count as right; nearer ones are no change."""

LISTINGS: Final = 10
"""Places of the item master that a sample is taken from: groups of similar items lie together there."""


@dataclass(frozen=True)
class Proposed:
    """The best routing for an item; empty where there is none.

    Attributes:
        operations: in order.
        names: of each operation, parallel.
    """

    operations: Sequence[TimedOperation] = ()
    names: Sequence[str] = ()

    def codes(self) -> list[str]:
        """Process codes in order."""
        return [operation.process_code for operation in self.operations]

    def minutes(self) -> float:
        """Set-up and run of all operations."""
        return sum((one.setup or 0.0) + (one.run or 0.0) for one in self.operations)


NOTHING: Final = Proposed()


async def sample_items(gateway: Gateway, wanted: int, seed: int) -> list[str]:
    """Codes of items from all over the item master, the same for the same seed and master."""
    aggregate = gateway.clients.aggregate
    counted = await aggregate.call(
        aggregate.stub.SearchItems, aggregate_pb2.SearchItemsRequest(limit=1), timeout=seconds_for(0)
    )
    items = int(counted.total_items)
    if not items:
        return []
    chance = random.Random(seed)
    parts = min(LISTINGS, wanted)
    each = -(-wanted // parts)
    found = await asyncio.gather(
        *(
            aggregate.call(
                aggregate.stub.SearchItems,
                aggregate_pb2.SearchItemsRequest(limit=each, offset=chance.randrange(max(1, items - each + 1))),
                timeout=seconds_for(0),
            )
            for _part in range(parts)
        )
    )
    codes = dict.fromkeys(str(code) for page in found for code in column_of(page.items, ITEM_CODE) or ())
    return list(codes)[:wanted]


async def compare_version(
    gateway: Gateway, other: registry_pb2.Version, active: registry_pb2.Version, codes: Sequence[str]
) -> dict[str, Any]:
    """The comparison of a version with the active one over some items, each predicted from similar items as if it had no routing.

    Raises:
        InvalidInput: the version is the active one, or there is no item.
        PreconditionFailed: the version cannot be served; says why.
        ServiceError: what the services answered.
    """
    if other.version_name == active.version_name:
        raise InvalidInput(
            f"{other.version_name} is the active version: choose another one to compare with it",
            reason="ACTIVE_VERSION",
        )
    if not codes:
        raise InvalidInput("There is no item to compare with: the item master is empty", reason="NO_ITEMS")
    await _prove(gateway, other)
    trial = settings_pb2.ActiveVersion(
        version_name=other.version_name,
        artifact_dir=other.artifact_dir,
        manifest_path=other.manifest_path,
        manifest_sha256=other.manifest_sha256,
    )
    before = await _proposed(gateway, codes, SearchOptions(model_version=active.version_name))
    after = await _proposed(gateway, codes, SearchOptions(trial=trial))
    current, facts = await asyncio.gather(_current(gateway, codes), _facts(gateway, codes))
    known = [code for code in codes if code in facts]
    items = [
        _item(facts[code], before.get(code, NOTHING), after.get(code, NOTHING), current.get(code, NOTHING))
        for code in known
    ]
    return {
        "version_name": other.version_name,
        "active_version": active.version_name,
        "unknown_items": [code for code in codes if code not in facts],
        **_sums(items),
        "items": sorted(items, key=lambda item: -len(item["changes"])),
    }


async def _prove(gateway: Gateway, version: registry_pb2.Version) -> None:
    """Have the version proved in a process of its own before anything of it is loaded beside the active one."""
    registry = gateway.clients.registry
    request = registry_pb2.VerifyRequest(version_name=version.version_name)
    found = await registry.call(registry.stub.Verify, request, timeout=LONGEST_CALL_SECONDS)
    if not found.ok:
        raise PreconditionFailed(
            f"{version.version_name} cannot be served, so there is nothing to compare: {'; '.join(found.problems)}",
            reason="VERSION_UNUSABLE",
        )


async def _proposed(gateway: Gateway, codes: Sequence[str], options: SearchOptions) -> dict[str, Proposed]:
    """The best routing for each item that gets one."""
    clients = gateway.clients
    wanted = aggregate_pb2.PredictRequest(detailed=True, ignore_own_routing=True, max_variants=1)
    found: dict[str, Proposed] = {}
    async for part in parts_of(clients, codes, options, wanted):
        response = await clients.aggregate.call(clients.aggregate.stub.Predict, part.request)
        found |= _best(response, part.codes, gateway.plant.schema)
    return found


async def _current(gateway: Gateway, codes: Sequence[str]) -> dict[str, Proposed]:
    """The routing that each item has now, of those that have one."""
    aggregate = gateway.clients.aggregate
    request = aggregate_pb2.PredictRequest(item_codes=codes, detailed=True, max_variants=1)
    return _best(await aggregate.call(aggregate.stub.Predict, request), codes, gateway.plant.schema)


def _best(response: aggregate_pb2.PredictResponse, codes: Sequence[str], schema: PlantSchema) -> dict[str, Proposed]:
    as_asked = {item_key(code): code for code in codes}
    rows = rows_of(response.operations)
    offsets = response.operation_offsets
    found: dict[str, Proposed] = {}
    for place, code in enumerate(column_of(response.routings, ITEM_CODE) or ()):
        asked = as_asked.get(item_key(str(code)), str(code))
        if asked not in found:
            part = rows[offsets[place] : offsets[place + 1]]
            found[asked] = Proposed(
                [timed_operation(row, schema) for row in part], [_name(row, schema) for row in part]
            )
    return found


def _name(row: Mapping[str, Value], schema: PlantSchema) -> str:
    names = ("PROC_DESC", schema.routing.operation_name)
    return next((str(row[name]) for name in names if name and row.get(name)), "")


async def _facts(gateway: Gateway, codes: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Code and name of each item that there is."""
    aggregate, display = gateway.clients.aggregate, gateway.plant.schema.item
    found = await aggregate.call(aggregate.stub.GetItems, aggregate_pb2.GetItemsRequest(item_codes=codes))
    return {
        codes[position]: {
            "item_code": str(row[ITEM_CODE]),
            "item_name": row.get(display.name) if display.name else None,
            "drawing": row.get(display.drawing) if display.drawing else None,
        }
        for position, row in zip(found.positions, rows_of(found.items), strict=True)
    }


def _item(facts: Mapping[str, Any], before: Proposed, after: Proposed, current: Proposed) -> dict[str, Any]:
    names = dict(zip((*before.codes(), *after.codes()), (*before.names, *after.names), strict=True))
    changes = changes_between(before.operations, after.operations, TIMES_APART)
    return {
        **facts,
        "operations_before": len(before.operations),
        "operations_after": len(after.operations),
        "minutes_before": round(before.minutes(), 3),
        "minutes_after": round(after.minutes(), 3),
        "corrections_before": edit_distance(before.codes(), current.codes()) if current.operations else None,
        "corrections_after": edit_distance(after.codes(), current.codes()) if current.operations else None,
        "changes": [_change(change, names) for change in changes],
    }


def _change(change: Change, names: Mapping[str, str]) -> dict[str, Any]:
    return {**change_of(change), "process_name": names.get(change.process_code) or None}


def _sums(items: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Figures of all items together."""
    kinds = Counter(change["kind"] for item in items for change in item["changes"])
    routed = [item for item in items if item["corrections_before"] is not None]
    nearer = sum(item["corrections_after"] < item["corrections_before"] for item in routed)
    farther = sum(item["corrections_after"] > item["corrections_before"] for item in routed)
    return {
        "compared": len(items),
        "same": sum(not item["changes"] for item in items),
        "added": kinds[ADDED],
        "removed": kinds[REMOVED],
        "moved": kinds[MOVED],
        "times": kinds[TIME],
        "unanswered_before": sum(not item["operations_before"] for item in items),
        "unanswered_after": sum(not item["operations_after"] for item in items),
        "minutes_before": round(sum(item["minutes_before"] for item in items), 3),
        "minutes_after": round(sum(item["minutes_after"] for item in items), 3),
        "with_routing": len(routed),
        "nearer": nearer,
        "farther": farther,
    }
