"""Which items the delta index of a version needs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from aggregate_service.delta_plan import Baseline, DeltaPlan, plan_delta
from plant.item_keys import item_key
from trained.item_codes import key_hashes

Items = dict[str, int]
CATALOGUE = st.dictionaries(st.sampled_from([f"I{n}" for n in range(12)]), st.integers(0, 2), min_size=1)


def hashed(items: Items) -> Baseline:
    keys = key_hashes(item_key(code) for code in items)
    order = np.argsort(keys)
    return Baseline(keys[order], np.array(list(items.values()), np.uint64)[order])


def codes_of(items: Items, plan: DeltaPlan) -> set[str]:
    keys = key_hashes(item_key(code) for code in items)
    names = np.array(list(items))[np.argsort(keys)]
    return set(names[plan.rows].tolist())


def planned(trained: Items, now: Items, delta: Items | None = None, *, whole_master: bool = True) -> DeltaPlan:
    """The plan for an index of `trained` with a delta, against a snapshot."""
    snapshot, held = hashed(now), delta or {}
    found = key_hashes(item_key(code) for code in {**trained, **held})
    return plan_delta(
        snapshot,
        hashed(trained),
        index_items=len(trained),
        whole_master=whole_master,
        missing=np.flatnonzero(~np.isin(snapshot.keys, found)).tolist(),
        vanished=[code for code in trained if code not in now],
        delta_codes=list(held),
    )


@given(CATALOGUE, CATALOGUE, CATALOGUE)
def test_a_plan_names_what_is_new_or_changed_or_held_and_what_is_gone(trained: Items, now: Items, delta: Items) -> None:
    plan = planned(trained, now, delta)
    if plan.problem:
        assert len(set(trained) & set(now)) < len(trained)
        assert not len(plan.rows)
        assert not plan.removed
        return
    wanted = {code for code, value in now.items() if trained.get(code, -1) != value or code in delta}
    assert codes_of(now, plan) == wanted
    assert set(plan.removed) == {code for code in {**trained, **delta} if code not in now}


def test_a_version_of_another_source_is_left_alone() -> None:
    plan = planned({f"A{n}": 0 for n in range(10)}, {f"B{n}": 0 for n in range(10)})
    assert "train a version of this source" in plan.problem
    assert not plan.removed


def test_more_than_a_delta_holds_is_told() -> None:
    trained = {f"A{n}": 0 for n in range(100_001)}
    assert "more than 50,000" in planned(trained, dict.fromkeys(trained, 1)).problem


def test_what_an_older_version_left_out_on_purpose_stays_out_and_what_comes_later_is_added() -> None:
    index, first = {"A": 0, "B": 0, "OLD": 0}, {"A": 0, "B": 0, "LEFT-OUT": 0}
    now = {"A": 0, "LEFT-OUT": 0, "NEW": 0}
    snapshot = hashed(now)
    plan = plan_delta(
        snapshot,
        hashed(first),
        index_items=3,
        whole_master=False,
        missing=np.flatnonzero(~np.isin(snapshot.keys, hashed(index).keys)).tolist(),
        vanished=["B", "OLD"],
        delta_codes=[],
    )
    assert codes_of(now, plan) == {"NEW"}
    assert plan.removed == ["B"]


def test_a_beginning_is_read_as_it_was_written(tmp_path: Path) -> None:
    hashed({"A": 1, "B": 2}).write(tmp_path / "deltas" / "x.npz")
    again = Baseline.read(tmp_path / "deltas" / "x.npz")
    assert again.keys.tolist() == hashed({"A": 1, "B": 2}).keys.tolist()
    assert sorted(again.features.tolist()) == [1, 2]
