"""What makes one routing of another: operations added, removed and moved, and times that differ."""

from __future__ import annotations

import bisect
from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from typing import Final

from plant.client_names import RUN_TIME, SETUP_TIME

ADDED, REMOVED, MOVED, TIME = "added", "removed", "moved", "time"
DURATION = "DURATION"
ROUNDING: Final = 0.005
"""Minutes; times that are nearer than this are the same."""

EDITED: Final = 0.001
"""Share of a time by which it was edited rather than written otherwise."""


@dataclass(frozen=True)
class TimedOperation:
    """An operation of a proposal, or of what was kept; times in minutes, None where not known.

    Attributes:
        process_code: code of the process.
        setup: set-up time.
        run: run time.
        duration: both together, where only that is known.
        job: code by which the plant's routings know the operation; "": the process code.
    """

    process_code: str
    setup: float | None = None
    run: float | None = None
    duration: float | None = None
    job: str = ""


@dataclass(frozen=True)
class Change:
    """One change.

    Attributes:
        kind: added, removed, moved or time.
        process_code: of the operation.
        occurrence: how often the operation comes before in the same routing.
        field: which time, for kind time.
        before, after: place in the routing from 1 (moved, removed, added) or minutes (time); None where there is none.
    """

    kind: str
    process_code: str
    occurrence: int
    field: str = ""
    before: float | None = None
    after: float | None = None


def changes_between(
    proposed: Sequence[TimedOperation], kept: Sequence[TimedOperation], times_apart: float = EDITED
) -> list[Change]:
    """The changes that make `kept` of `proposed`: removed and added ones, as few moves as explain the order, and times.

    Args:
        times_apart: share of a time, from 0 on, beyond which it counts as another one.
    """
    was, now = _numbered(proposed), _numbered(kept)
    place_then = {key: place for place, key in enumerate(was)}
    place_now = {key: place for place, key in enumerate(now)}
    found = [Change(REMOVED, *key, before=place + 1) for place, key in enumerate(was) if key not in place_now]
    found += [Change(ADDED, *key, after=place + 1) for place, key in enumerate(now) if key not in place_then]
    shared = [key for key in now if key in place_then]
    stayed = _longest_ascending([place_then[key] for key in shared])
    for key in shared:
        before, after = place_then[key], place_now[key]
        if before not in stayed:
            found.append(Change(MOVED, *key, before=before + 1, after=after + 1))
    for key in shared:
        found += _edited(key, proposed[place_then[key]], kept[place_now[key]], times_apart)
    return found


def _numbered(operations: Sequence[TimedOperation]) -> list[tuple[str, int]]:
    """Code and occurrence of each operation."""
    seen: dict[str, int] = {}
    keys = []
    for operation in operations:
        occurrence = seen.get(operation.process_code, 0)
        seen[operation.process_code] = occurrence + 1
        keys.append((operation.process_code, occurrence))
    return keys


def _longest_ascending(places: Sequence[int]) -> set[int]:
    """The members of a longest ascending part of different numbers."""
    ends: list[int] = []
    end_at: list[int] = []
    previous: list[int] = []
    for position, place in enumerate(places):
        length = bisect.bisect_left(ends, place)
        previous.append(end_at[length - 1] if length else -1)
        if length == len(ends):
            ends.append(place)
            end_at.append(position)
        else:
            ends[length], end_at[length] = place, position
    chosen = set()
    position = end_at[-1] if end_at else -1
    while position >= 0:
        chosen.add(places[position])
        position = previous[position]
    return chosen


def _edited(key: tuple[str, int], then: TimedOperation, now: TimedOperation, apart: float) -> list[Change]:
    if now.setup is None and now.run is None:
        before = None if then.setup is None and then.run is None else (then.setup or 0.0) + (then.run or 0.0)
        pairs = [(DURATION, before, now.duration)]
    else:
        pairs = [(SETUP_TIME, then.setup, now.setup), (RUN_TIME, then.run, now.run)]
    return [
        Change(TIME, *key, field=field, before=before, after=after)
        for field, before, after in pairs
        if after is not None and not _same(before, after, apart)
    ]


def _same(before: float | None, after: float, apart: float) -> bool:
    if before is None:
        return after == 0.0  # a screen that shows an absent time as 0 has not been edited
    return abs(before - after) <= max(ROUNDING, apart * max(abs(before), abs(after)))


def edit_distance(proposed: Sequence[Hashable], right: Sequence[Hashable]) -> int:
    """Fewest operations to insert, delete or replace to make one routing of the other (Levenshtein)."""
    row = list(range(len(right) + 1))
    for place, operation in enumerate(proposed, start=1):
        diagonal, row[0] = row[0], place
        for column, wanted in enumerate(right, start=1):
            cost = diagonal if operation == wanted else diagonal + 1
            diagonal, row[column] = row[column], min(cost, row[column] + 1, row[column - 1] + 1)
    return row[-1]
