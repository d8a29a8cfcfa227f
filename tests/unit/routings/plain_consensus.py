"""The rules of the two prediction strategies for one item, written out plainly in Python: what the fast code must answer."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from routings.alternatives import LEAST_CREDIT
from routings.drafts import COMPOSED
from routings.operation_table import OperationTable
from routings.operation_vote import ROUNDING, UNIT

from .plain_alternatives import plain_candidates

Floats = npt.NDArray[np.float64]
Holder = dict[int, int]
"""The routing of a neighbour: the row of each of its operations, in order."""


class PlainDraft(NamedTuple):
    """A routing: the neighbour that stands for it (below 0: all), rows of the table in order, the neighbours behind it."""

    slot: int
    rows: list[int]
    members: list[int]


def holders_of(table: OperationTable, items: Sequence[int]) -> list[Holder]:
    """The routings of neighbours."""
    found = []
    for item in items:
        rows = range(int(table.offsets[item]), int(table.offsets[item + 1]))
        found.append({int(table.operation[row]): row for row in rows})
    return found


def plain_nearest(table: OperationTable, holders: Sequence[Holder], weights: Floats, variants: int) -> list[PlainDraft]:
    """The routings of the nearest neighbours, then that of the majority."""
    drafts = [PlainDraft(slot, list(holder.values()), [slot]) for slot, holder in enumerate(holders[:variants])]
    everybody = list(range(len(holders)))
    total = math.fsum(weights)
    shares = {
        operation: math.fsum(weights[slot] for slot in everybody if operation in holders[slot]) / total
        for operation in all_operations(holders)
    }
    kept = [operation for operation, share in shares.items() if share >= 0.5 - ROUNDING] or list(holders[0])
    return [*drafts, PlainDraft(-1, ordered(table, holders, kept, everybody, weights, weights), everybody)]


def plain_consensus(
    table: OperationTable,
    holders: Sequence[Holder],
    believed: dict[int, float],
    weights: Floats,
    machine_weights: Floats,
    variants: int,
    scores: Sequence[float] = (),
) -> list[PlainDraft]:
    """The consensus, then what it may be otherwise, the likeliest first.

    Args:
        believed: log odds that each operation belongs.
        scores: what the facts that speak for a set count; none: sets of neighbours alone, the most credible first.
    """
    everybody = list(range(len(holders)))
    kept = [operation for operation in all_operations(holders) if believed[operation] > 0.0] or list(holders[0])
    rows = ordered(table, holders, kept, everybody, weights, machine_weights)
    drafts = [PlainDraft(-1, rows, everybody)]
    seen = [[int(table.operation[row]) for row in rows]]
    groups: dict[frozenset[int], list[int]] = {}
    for slot in everybody:
        groups.setdefault(frozenset(holders[slot]), []).append(slot)

    def credit(operations: frozenset[int], members: Sequence[int]) -> float:
        parts = []
        for operation, log_odds in believed.items():
            chance = min(max(0.5 * (1.0 + math.tanh(0.5 * log_odds)), LEAST_CREDIT), 1.0 - LEAST_CREDIT)
            parts.append(math.log(chance if operation in operations else 1.0 - chance))
        return round(math.fsum(parts) + math.log(math.fsum(weights[slot] for slot in members)), 9)

    ranked: list[tuple[frozenset[int], list[int]]]
    if scores:
        found = plain_candidates(holders, believed, weights.tolist(), kept)
        worth = [round(math.fsum(a * b for a, b in zip(one.facts, scores, strict=True)), 9) for one in found]
        order = sorted(range(len(found)), key=lambda place: -worth[place])
        ranked = [(found[place].operations, list(found[place].members)) for place in order]
    else:
        ranked = sorted(groups.items(), key=lambda pair: (-credit(*pair), pair[1][0]))
    for operations, members in ranked[: variants + 1]:
        if len(drafts) > variants:
            break
        voters = members or everybody
        rows = ordered(table, holders, list(operations), voters, weights, machine_weights)
        sequence = [int(table.operation[row]) for row in rows]
        if sequence not in seen:
            seen.append(sequence)
            drafts.append(PlainDraft(members[0] if members else COMPOSED, rows, voters))
    return drafts


def all_operations(holders: Sequence[Holder]) -> list[int]:
    """Every operation that a neighbour has."""
    return sorted({operation for holder in holders for operation in holder})


def ordered(
    table: OperationTable,
    holders: Sequence[Holder],
    operations: Sequence[int],
    voters: Sequence[int],
    weights: Floats,
    machine_weights: Floats,
) -> list[int]:
    """Rows of operations in the order of the voters, on their machines."""
    votes = {slot: math.floor(float(weights[slot]) * UNIT) for slot in voters}

    def place(slot: int, operation: int) -> int:
        return list(holders[slot]).index(operation)

    def precedes(first: int, second: int) -> bool:
        both = [slot for slot in voters if first in holders[slot] and second in holders[slot]]
        before = sum(votes[slot] for slot in both if place(slot, first) < place(slot, second))
        behind = sum(votes[slot] for slot in both if place(slot, first) > place(slot, second))
        return bool(before - behind > ROUNDING * UNIT)

    def rank(operation: int) -> tuple[int, float, int, int]:
        having = [slot for slot in voters if operation in holders[slot]]
        wins = sum(precedes(operation, other) for other in operations if other != operation)
        held = sum(votes[slot] for slot in having) or 1
        mean_place = round(sum(votes[slot] * place(slot, operation) for slot in having) / held, 9)
        return -wins, mean_place, having[0], place(having[0], operation)

    def row(operation: int) -> int:
        having = [slot for slot in voters if operation in holders[slot]]
        machine_votes: dict[int, int] = {}
        for slot in having:
            machine = int(table.machine[holders[slot][operation]])
            machine_votes[machine] = machine_votes.get(machine, 0) + math.floor(machine_weights[slot] * UNIT)
        rounded = {machine: round(sum_ / UNIT, 9) for machine, sum_ in machine_votes.items()}
        most = max(rounded.values())
        return next(
            holders[slot][operation] for slot in having if rounded[int(table.machine[holders[slot][operation]])] == most
        )

    return [row(operation) for operation in sorted(operations, key=rank)]
