"""Exports of further systems: each role is right, or it is asked about. A wrong answer without a question is the worst that can happen."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from source import open_mapped, open_source
from source.suggestion import Suggestion, suggest
from source.suggestion.drafting import suggest_profile
from source.suggestion.preview import preview_of
from tests.unit.source.suggestion.further_plants import STEPS
from tests.unit.source.suggestion.shaped_plants import PLANTS


def found_roles(found: Suggestion) -> dict[str, str | None]:
    """What a suggestion took: operations, items, key, item, sequence, operation, run."""
    operations, items = found.operations, found.items
    path = operations.path
    item = path.header[1].name if path.header is not None else path.column.name
    run = next((time.column.name for time in operations.times if time.role == "run"), None)
    return {
        "operations": operations.table.name,
        "items": items.table.name if items is not None else None,
        "key": items.key.name if items is not None else None,
        "item": item,
        "sequence": operations.sequence.name if operations.sequence is not None else None,
        "operation": operations.operation.name if operations.operation is not None else None,
        "run": run,
    }


def found_unit(found: Suggestion) -> str | None:
    """The unit of the run times: as stated, or `column NAME`."""
    for time in found.operations.times:
        if time.role == "run":
            return f"column {time.unit_column.name}" if time.unit_column is not None else time.unit
    return None


@pytest.mark.parametrize("name", PLANTS)
def test_every_role_is_right_and_only_real_doubts_are_asked(name: str) -> None:
    plant = PLANTS[name]()
    found = suggest(plant.tables)
    taken = {role: column for role, column in found_roles(found).items() if role in plant.roles}
    assert taken == plant.roles
    assert found_unit(found) == plant.unit
    assert {question.topic for question in found.questions} == plant.asks


@pytest.mark.parametrize(
    "name", ["SAP, task lists shared by materials", "Dynamics NAV", "operations side by side", "one joined table"]
)
def test_the_draft_reads_routings_with_their_operations_in_order(name: str, tmp_path: Path) -> None:
    plant = PLANTS[name]()
    for table, frame in plant.tables.items():
        frame.write_csv(tmp_path / f"{table}.csv")
    draft = suggest_profile(open_source(tmp_path), "plant")
    preview = preview_of(open_mapped(tmp_path, draft.profile), draft.profile)
    assert preview.findings == ()
    assert len(preview.items) == 6
    for item in preview.items:
        named = item.operations.select(pl.concat_str(pl.all().cast(pl.String), ignore_nulls=True)).to_series().to_list()
        steps = [
            at
            for text in named
            for at, step in enumerate(STEPS)
            if step in text or f"PR{at:02d}" in text or f"T{at:03d}" in text
        ]
        assert 2 <= len(steps) <= 8
        assert steps == sorted(set(steps)), item
        assert item.operations["RUN_TIME"].null_count() == 0
        assert any(item.features.values())
