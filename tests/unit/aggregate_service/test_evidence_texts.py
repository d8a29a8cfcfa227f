"""What would change a proposal: the value that neighbours without an operation share and the item has not."""

from __future__ import annotations

import json
from types import SimpleNamespace
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from aggregate_service.evidence_texts import reasons_for
from plant.mechanical_seals import MECHANICAL_SEALS
from routings.operation_evidence import Evidence

ITEM = 0


class Column:
    """Values of items."""

    def __init__(self, values: list[str | None]) -> None:
        self._values = values

    def take(self, rows: npt.NDArray[np.int64]) -> list[str | None]:
        return [self._values[row] for row in rows.tolist()]


def changes(values: list[str | None], supporters: list[int], dissenters: list[int]) -> tuple[str | None, Any]:
    """WHY and CHANGES of one operation; `values` are of the item and of its neighbours from 1."""
    feature = max(MECHANICAL_SEALS.features, key=lambda one: one.weight).name
    column = Column(values)
    snapshot: Any = SimpleNamespace(
        items={feature: column}, schema=MECHANICAL_SEALS, shown=lambda _name, rows: column.take(rows)
    )
    nothing = np.full(1, np.nan)
    evidence = Evidence(
        support=np.array([0.5]),
        samples=np.zeros(1, np.int64),
        confidence=nothing,
        ranges={},
        belief=nothing,
        learned=nothing,
        model=np.full(1, -1, np.int64),
        time_belief=nothing,
        supporters=[np.array(supporters, np.int64)],
        dissenters=[np.array(dissenters, np.int64)],
    )
    found = reasons_for(snapshot, evidence, np.array([ITEM]), ())
    return found.texts[0], json.loads(found.changes[0] or "null")


def test_what_neighbours_without_an_operation_share_is_named() -> None:
    text, told = changes(["steel", "steel", "steel", "brass", "brass", "tin"], [1, 2], [3, 4, 5])
    assert [(one["value"], one["items"], one["of"]) for one in told] == [("brass", 2, 3)]
    assert text is not None
    assert text.endswith(
        "2 of 3 neighbours without it have " + MECHANICAL_SEALS.label_of(told[0]["feature"]) + " = brass"
    )


@pytest.mark.parametrize(
    ("values", "supporters", "dissenters"),
    [
        (["steel", "steel", "brass", "tin", "zinc"], [1], [2, 3, 4]),  # nothing is shared by most
        (["brass", "steel", "brass", "brass", "tin"], [1], [2, 3, 4]),  # the item has it, too
        (
            ["steel", "brass", "brass", "brass", "brass"],
            [1, 2],
            [3, 4],
        ),  # neighbours with the operation have it as well
        (["steel", "steel", "brass"], [1], [2]),  # one neighbour says nothing
        (["steel", "brass", "brass"], [], [1, 2]),  # nobody has the operation
        (["steel", "steel", None, None], [1], [2, 3]),  # absence is no value
    ],
)
def test_where_nothing_tells_them_apart_nothing_is_named(
    values: list[str | None], supporters: list[int], dissenters: list[int]
) -> None:
    text, told = changes(values, supporters, dissenters)
    assert told == []
    assert "without it" not in (text or "")
