"""Profiles of the times of each operation code over all routings and work results, for time_profiles.json."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

import numpy as np
import numpy.typing as npt
import polars as pl

from plant.input_profile import InputProfile
from plant.schema import RESULTS, ROUTING, RoutingRoles
from routings.time_profiles import ProfileOptions, time_profiles, without_impossible
from source import Source
from source.role_reading import read_role

SCHEMA: Final = "routing-ml/time-profiles@1"
KINDS: Final[dict[str, str]] = {
    "setup": "setup_time",
    "run": "run_time",
    "queue": "queue_time",
    "wait": "wait_time",
    "move": "move_time",
}
"""Kind of time -> kind of a time summary, whose columns it comes from; the first that is present counts."""


class _Samples:
    """Times of one kind with the operation each belongs to, as columns."""

    def __init__(self) -> None:
        self._operations: list[npt.NDArray[np.int32]] = []
        self._times: list[npt.NDArray[np.float64]] = []

    def add(self, operations: npt.NDArray[np.int32], times: npt.NDArray[np.float64]) -> None:
        present = (operations >= 0) & ~np.isnan(times)
        self._operations.append(operations[present])
        self._times.append(times[present])

    def by_operation(self) -> Iterator[tuple[int, npt.NDArray[np.float64]]]:
        """Operation number and its times, by operation."""
        operations = np.concatenate([np.zeros(0, np.int32), *self._operations])
        times = np.concatenate([np.zeros(0), *self._times])
        if not len(times):
            return
        order = np.argsort(operations, kind="stable")
        operations, times = operations[order], times[order]
        starts = np.flatnonzero(np.r_[True, operations[1:] != operations[:-1]])
        for start, end in zip(starts.tolist(), [*starts[1:].tolist(), len(times)], strict=True):
            yield int(operations[start]), times[start:end]


def operation_times(
    source: Source, profile: InputProfile, options: ProfileOptions, on_rows: Callable[[int], None] | None = None
) -> dict[str, Any]:
    """Contents of time_profiles.json: per operation code and kind of time OPTIMAL, STANDARD, SAFE, sigma and samples, in minutes.

    Absent, negative and absurd times do not count. Operations and kinds without times are left out.

    Args:
        options: strategy and factors.
        on_rows: told the number of rows read so far, over both tables.

    Raises:
        DataProblem: a table cannot be read.
        InvalidInput: the strategy does not exist.
    """
    numbers: dict[str, int] = {}
    samples = {kind: _Samples() for kind in KINDS}
    read = 0
    roles, reported = profile.plant.routing, profile.plant.results
    of_kind = _columns_of_kinds(roles)
    code = roles.jobs[0]
    wanted = list(dict.fromkeys([code, *(name for names in of_kind.values() for name in names)]))
    for frame in read_role(source, profile, ROUTING, wanted):
        operations = _numbered(frame[code], numbers)
        for kind, names in of_kind.items():
            samples[kind].add(operations, _first_present([_minutes(frame[name]) for name in names]))
        read = _told(read + frame.height, on_rows)
    of_results = {kind: name for kind, name in (("setup", reported.setup), ("run", reported.run)) if name}
    named = [reported.operation_code, *of_results.values()] if reported.operation_code else []
    for frame in read_role(source, profile, RESULTS, named) if named else ():
        operations = _numbered(frame[reported.operation_code], numbers)
        for kind, name in of_results.items():
            samples[kind].add(operations, _minutes(frame[name]))
        read = _told(read + frame.height, on_rows)
    codes = list(numbers)
    operations_found: dict[str, dict[str, Any]] = {code: {} for code in sorted(codes)}
    for kind, gathered in samples.items():
        for number, times in gathered.by_operation():
            operations_found[codes[number]][kind] = _profile(times, options)
    return {
        "schema_version": SCHEMA,
        "unit": "minutes",
        "strategy": options.strategy,
        "optimal_sigma": options.optimal_sigma,
        "safe_sigma": options.safe_sigma,
        "trim_lower": options.trim_lower,
        "trim_upper": options.trim_upper,
        "rows": read,
        "operations": {code: kinds for code, kinds in operations_found.items() if kinds},
    }


def _columns_of_kinds(roles: RoutingRoles) -> dict[str, tuple[str, ...]]:
    """Kind of time -> columns of the routing table; kinds that the plant has no column for are left out."""
    known = set(roles.times)
    found = {kind: tuple(name for name in roles.summed[summed] if name in known) for kind, summed in KINDS.items()}
    return {kind: names for kind, names in found.items() if names}


def _told(rows: int, on_rows: Callable[[int], None] | None) -> int:
    if on_rows:
        on_rows(rows)
    return rows


def _numbered(codes: pl.Series, numbers: dict[str, int]) -> npt.NDArray[np.int32]:
    """The number of each row's operation code, -1 where it has none; new codes are numbered on."""
    trimmed = codes.str.strip_chars()
    distinct = [code for code in trimmed.unique() if code]
    known = {code: numbers.setdefault(code, len(numbers)) for code in sorted(distinct)}
    if not known:
        return np.full(codes.len(), -1, np.int32)
    return trimmed.replace_strict(known, default=None, return_dtype=pl.Int32).fill_null(-1).to_numpy()


def _minutes(series: pl.Series) -> npt.NDArray[np.float64]:
    return without_impossible(series.fill_null(float("nan")).to_numpy())


def _first_present(candidates: Sequence[npt.NDArray[np.float64]]) -> npt.NDArray[np.float64]:
    result = candidates[0]
    for other in candidates[1:]:
        result = np.where(np.isnan(result), other, result)
    return result


def _profile(times: npt.NDArray[np.float64], options: ProfileOptions) -> dict[str, float | int | None]:
    made = time_profiles(times, options=options)

    def number(value: npt.NDArray[np.float64]) -> float | None:
        return None if np.isnan(value) else round(float(value), 4)

    return {
        "OPTIMAL": number(made.optimal),
        "STANDARD": number(made.standard),
        "SAFE": number(made.safe),
        "sigma": number(made.sigma),
        "samples": len(times),
        "kept": int(made.samples),
    }
