"""Builds a snapshot: reads the item master, the routings and the work results once, and writes what serving maps."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Final

import numpy as np
import polars as pl

from aggregate_service.column_building import TableBuilder, mixed, read_table
from aggregate_service.column_files import write_numpy
from aggregate_service.findings import Findings
from aggregate_service.item_build import ItemOrder, order_items, write_search
from aggregate_service.result_build import read_results, write_results
from aggregate_service.routing_build import CurrentRoutings, choose_current, clean_times, write_operations
from aggregate_service.snapshot_changes import FEATURE_HASHES, changes_since, write_hashes
from aggregate_service.snapshot_store import SnapshotFacts, SnapshotStore, lineage_of, mapping_of, tag_of
from common.errors import ServiceError
from common.notices import notice
from plant.input_profile import InputProfile
from plant.schema import FEATURES, ITEM_CODE, SEQUENCE
from source import Source, open_mapped
from source.kept_parts import ReadCounts, RememberingSource
from source.role_reading import read_role, table_of
from trained.item_codes import ItemCodeIndex

SHARES: Final = {"features": (0.0, 0.15), "routing": (0.15, 0.55), "results": (0.55, 0.8)}
"""Part of the whole progress that the reading of each role takes."""

BATCH_ROWS: Final = 50_000


@dataclass(frozen=True)
class Progress:
    """How far a build is: what is done, in which table, rows read in it, rows a second, share of the whole (0 to 1)."""

    stage: str
    table: str = ""
    rows: int = 0
    rows_per_second: float = 0.0
    progress: float = 0.0


Report = Callable[[Progress], None]


def build_snapshot(
    source: Path, profile_json: str, folder: Path, report: Report, *, force: bool, lock_timeout: float
) -> Path:
    """Build the snapshot of a source, or find that it has been built already; returns its folder.

    Args:
        source: an Access file, or a folder with Parquet or CSV tables.
        profile_json: the input profile; "": the built-in one.
        folder: the folder of the snapshots.
        force: build even when a snapshot of the same content exists, and read what seems unchanged, too.
        lock_timeout: seconds to wait for another process that is building.

    Raises:
        ServiceError: the source cannot be read; what was there before is untouched.
        OSError: the folder cannot be written.
    """
    store = SnapshotStore(folder)
    profile = InputProfile.parse(profile_json)
    with store.building(lock_timeout):
        opened = open_mapped(source, profile)
        identity = opened.identity()
        facts = SnapshotFacts(
            tag=tag_of(str(source), profile_json, identity),
            source=str(source),
            lineage=lineage_of(str(source), profile_json),
            mapping=mapping_of(profile_json),
            identity=identity,
            read_at=time.time(),
        )
        before = store.found(facts.lineage)
        if not force and (known := store.with_tag(facts.lineage, facts.tag)):
            return known
        temporary = store.temporary()
        remembering = RememberingSource(opened, store.parts(facts.lineage), anew=force)
        try:
            builder = _Build(temporary, remembering, profile, report)
            facts = replace(builder.run(facts), readings=readings_of(remembering.counts))
            changes = changes_since(before[0][0] if before else None, temporary)
            facts = replace(facts, changes=changes, seconds=round(time.time() - facts.read_at, 3))
            facts.write(temporary)
            folder = store.publish(temporary, facts.tag)
            remembering.kept.drop_others()
            return folder
        except BaseException:
            shutil.rmtree(temporary, ignore_errors=True)
            if not before:
                remembering.kept.forget()
            raise


def readings_of(counts: Mapping[str, ReadCounts]) -> list[str]:
    """How much of each table was read from the source, for people."""
    return [
        (
            f"{table}: {count.read:,} of {count.parts:,} parts read"
            if not count.whole
            else f"{table} is read whole: {count.whole}"
        )
        for table, count in counts.items()
    ]


class _Build:
    """One build into a folder."""

    def __init__(self, folder: Path, source: Source, profile: InputProfile, report: Report) -> None:
        self._folder, self._source, self._profile, self._report = folder, source, profile, report
        self._findings, self._schema = Findings(), profile.plant

    def run(self, facts: SnapshotFacts) -> SnapshotFacts:
        """Read and write everything; returns the facts with the counts."""
        items, order, item_rows = self._items()
        item_columns = self._write_items(items, order)
        routing = read_table(self._frames("routing"))
        routing_rows, current, routing_columns = self._routing(routing, order.index)
        del routing
        result_rows = self._results(order.index, current)
        self._report(Progress("checking", progress=0.97))
        return replace(
            facts,
            items=item_rows,
            items_with_routing=int(np.count_nonzero(np.diff(current.offsets))),
            routing_rows=routing_rows,
            operations=len(current.rows),
            work_result_rows=result_rows,
            findings=self._findings.texts,
            item_columns=item_columns,
            schema=self._schema.to_json(),
            units=self._profile.converted(FEATURES),
            routing_columns=routing_columns,
        )

    def _items(self) -> tuple[TableBuilder, ItemOrder, int]:
        items = read_table(self._frames("features"))
        self._report(Progress("sorting", self._table("features"), items.rows, progress=SHARES["features"][1]))
        order = order_items(items, self._findings, self._table("features"))
        return items, order, len(order.rows)

    def _write_items(self, items: TableBuilder, order: ItemOrder) -> list[tuple[str, str]]:
        self._report(Progress("writing", self._table("features"), len(order.rows), progress=SHARES["features"][1]))
        ItemCodeIndex.write(self._folder, order.index.codes)
        write_search(self._folder, items, order, self._schema.item)
        write_hashes(self._folder, "items", order.index, items.hashes(order.rows))
        features = frozenset((ITEM_CODE, *self._schema.feature_by_name))
        write_hashes(self._folder, FEATURE_HASHES, order.index, items.hashes(order.rows, features))
        return items.write(self._folder / "items", order.rows)

    def _routing(
        self, routing: TableBuilder, index: ItemCodeIndex
    ) -> tuple[int, CurrentRoutings, list[tuple[str, str]]]:
        name, rows = self._table("routing"), routing.rows
        self._report(Progress("sorting", name, rows, progress=SHARES["routing"][1]))
        if not rows:
            self._findings.texts.append(
                notice(
                    "TABLE_EMPTY",
                    "{table} holds no row: items can be found and compared, but no routing predicted",
                    table=name,
                )
            )
        clean_times(routing, self._findings, name, self._schema.routing)
        current = choose_current(routing, index, self._findings, name, self._schema.routing)
        without = int(np.count_nonzero(np.diff(current.offsets) == 0))
        self._findings.add(
            without, notice("ITEMS_WITHOUT_ROUTING", "items have no routing and are predicted from similar ones")
        )
        write_operations(self._folder, routing, current, self._schema.routing)
        hashes = routing.hashes(current.rows)
        write_numpy(self._folder / "routing_rows.hash.npy", np.sort(hashes))
        write_hashes(self._folder, "routings", index, _sum_by_item(hashes, current.offsets))
        self._report(Progress("writing", name, rows, progress=SHARES["routing"][1]))
        again = {ITEM_CODE, SEQUENCE, *self._schema.routing.times}  # the arrays of the operations hold them already
        return rows, current, routing.write(self._folder / "routing", current.rows, again)

    def _results(self, index: ItemCodeIndex, current: CurrentRoutings) -> int:
        name = self._table("results")
        roles = self._schema.results
        frames = self._frames("results", roles.columns_of_times)
        typical, rows = read_results(frames, index, current, self._findings, name, roles)
        self._report(Progress("writing", name, rows, progress=SHARES["results"][1]))
        write_results(self._folder, typical)
        return rows

    def _table(self, role: str) -> str:
        return table_of(self._source, self._profile, role) or role

    def _frames(self, role: str, columns: Sequence[str] | None = None) -> Iterator[pl.DataFrame]:
        """Batches of a role's table, told to `report` while they come."""
        table, (first, last) = self._table(role), SHARES[role]
        total = 0
        with suppress(ServiceError):  # a missing table is told by the reading, in its own words
            total = self._source.count(table)
        started, rows = time.monotonic(), 0
        self._report(Progress("reading", table, 0, 0.0, first))
        for frame in read_role(
            self._source, self._profile, role, columns, batch_rows=BATCH_ROWS, on_finding=self._findings.add
        ):
            yield frame
            rows += frame.height
            share = min(rows / total, 1.0) if total else 0.5
            speed = rows / max(time.monotonic() - started, 1e-9)
            self._report(Progress("reading", table, rows, round(speed, 1), round(first + (last - first) * share, 4)))


def _sum_by_item(hashes: np.ndarray[tuple[int], np.dtype[np.uint64]], offsets: np.ndarray) -> np.ndarray:
    """One hash for all operations of each item, 0 for items without."""
    running = np.concatenate((np.zeros(1, np.uint64), np.cumsum(hashes, dtype=np.uint64)))
    return mixed(running[offsets[1:]] - running[offsets[:-1]])
