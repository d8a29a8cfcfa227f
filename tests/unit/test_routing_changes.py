"""What a planner changed in a proposed routing."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from plant.client_names import RUN_TIME
from routings.routing_changes import (
    ADDED,
    DURATION,
    MOVED,
    REMOVED,
    TIME,
    Change,
    TimedOperation,
    changes_between,
)

codes = st.lists(st.sampled_from(["SAW", "TUR", "MCT", "DEB", "INS"]), max_size=8)


def routing(names: list[str]) -> list[TimedOperation]:
    return [TimedOperation(name, 5.0, 10.0) for name in names]


@given(codes)
def test_an_untouched_proposal_has_no_changes(names: list[str]) -> None:
    assert changes_between(routing(names), routing(names)) == []


@given(codes, codes)
def test_the_changes_turn_the_proposal_into_what_was_kept(proposed: list[str], kept: list[str]) -> None:
    found = changes_between(routing(proposed), routing(kept))
    removed = sorted(change.process_code for change in found if change.kind == REMOVED)
    added = sorted(change.process_code for change in found if change.kind == ADDED)
    assert sorted([*proposed, *added]) == sorted([*kept, *removed])
    assert (found == []) == (proposed == kept)
    assert not any(change.kind == TIME for change in found)


@given(codes.filter(lambda names: len(set(names)) == len(names) >= 2), st.data())
def test_one_operation_taken_elsewhere_is_one_move(names: list[str], data: st.DataObject) -> None:
    source = data.draw(st.integers(0, len(names) - 1))
    target = data.draw(st.integers(0, len(names) - 1).filter(lambda place: place != source))
    kept = [name for name in names if name != names[source]]
    kept.insert(target, names[source])
    found = changes_between(routing(names), routing(kept))
    assert [change.kind for change in found] == [MOVED]
    if abs(source - target) > 1:
        assert found[0] == Change(MOVED, names[source], 0, before=source + 1, after=target + 1)


def test_places_of_added_and_removed_operations_are_told() -> None:
    found = changes_between(routing(["SAW", "TUR", "INS"]), routing(["TUR", "DEB", "INS"]))
    assert found == [Change(REMOVED, "SAW", 0, before=1), Change(ADDED, "DEB", 0, after=2)]


def test_a_second_occurrence_is_an_operation_of_its_own() -> None:
    assert changes_between(routing(["CLN"]), routing(["CLN", "CLN"])) == [Change(ADDED, "CLN", 1, after=2)]


def test_edited_times_name_the_field_and_both_values() -> None:
    (found,) = changes_between([TimedOperation("TUR", 5.0, 10.0)], [TimedOperation("TUR", 5.0, 12.0)])
    assert found == Change(TIME, "TUR", 0, RUN_TIME, 10.0, 12.0)


def test_rounded_and_absent_times_are_not_edits() -> None:
    proposed = [TimedOperation("TUR", 5.0, 1234.5678), TimedOperation("INS", None, 3.0)]
    assert changes_between(proposed, [TimedOperation("TUR", None, 1234.57), TimedOperation("INS", 0.0, 3.0)]) == []
    assert len(changes_between(proposed, [TimedOperation("TUR", 5.0, 1234.5), TimedOperation("INS", 2.0, 3.0)])) == 1


def test_a_whole_duration_is_compared_with_both_times_together() -> None:
    proposed = [TimedOperation("TUR", 5.0, 10.0)]
    assert changes_between(proposed, [TimedOperation("TUR", duration=15.0)]) == []
    (found,) = changes_between(proposed, [TimedOperation("TUR", duration=20.0)])
    assert (found.field, found.before, found.after) == (DURATION, 15.0, 20.0)
