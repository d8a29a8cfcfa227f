"""A chosen member whose arrays were changed is refused, or answers as well as any: nothing that is let through can lead elsewhere."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from common.errors import DataProblem
from methods.feature_table import ColumnKind, FeatureColumn, FeatureTable
from methods.members import BY_NAME, MEMBERS, Asked, Learner, named, together
from methods.routing_classes import RoutingClasses
from plant.schema import FeatureKind
from trained.learned.feature_columns import ReadFeature
from trained.learned.learned_model import LearnedModel, parts_of
from trained.learned.planned_proof import check_examples, check_planned
from trained.learned.planned_routings import PREFIX, PlannedRoutings, as_probabilities, examples_of

ITEMS = 60
Harm = Callable[[Any], Any]


def table() -> FeatureTable:
    chance = np.random.default_rng(3)
    names = [f"{('seal', 'sleeve', 'ring')[k % 3]} {k % 7}0x{k % 5}" for k in range(ITEMS)]
    kinds = [("A", "B", "C")[k % 3] for k in range(ITEMS)]
    return FeatureTable(
        (
            FeatureColumn.of_texts("ITEM_NM", ColumnKind.TEXT, names),
            FeatureColumn.of_texts("KIND", ColumnKind.CATEGORY, kinds),
            FeatureColumn.of_numbers("SIZE", chance.uniform(1, 90, ITEMS)),
        ),
        ITEMS,
    )


def made(name: str) -> PlannedRoutings:
    """A member fitted on a small plant."""
    routings = [("TURN", "LAP") if k % 3 else ("SAW", "TURN", f"MILL{k % 2}") for k in range(ITEMS)]
    classes = RoutingClasses.of(routings)
    learner = Learner.of(table(), classes.of_item, len(classes), trees=5)
    features = (
        ReadFeature("ITEM_NM", str(FeatureKind.TEXT)),
        ReadFeature("KIND", str(FeatureKind.CATEGORY)),
        ReadFeature("SIZE", str(FeatureKind.SIZE)),
    )
    examples = examples_of(classes, np.arange(ITEMS)[::-1])
    return PlannedRoutings(name, learner.description, named(name).fit(learner), classes, examples, features)


JOINED = together([BY_NAME["everybody"], BY_NAME["nearest"]])


@pytest.fixture(scope="module", params=[member.name for member in (*MEMBERS, JOINED)])
def parts(request: pytest.FixtureRequest) -> tuple[dict[str, Any], tuple[str, ...]]:
    member = made(request.param)
    return member.to_parts(), member.classes.operations


def answer(given: dict[str, Any], operations: tuple[str, ...]) -> None:
    """Check arrays, and ask what they make for few and for many items.

    Raises:
        ValueError, KeyError: they are refused.
    """
    planned = PlannedRoutings.from_parts(given)
    check_planned(planned, given, operations)
    check_examples(planned, ITEMS)
    whole = table()
    for items in (np.arange(3), np.arange(ITEMS)):
        part = whole.of(items)
        chances = planned.fitted.predict(Asked(part, planned.description.describe(part)))
        told = as_probabilities(planned.classes, chances, planned.proposed(chances))
        assert told.shape == (len(items), len(operations))
        assert np.isfinite(told).all()
        planned.clearer(told)


HARMS: dict[str, Harm] = {
    "the first below nothing": lambda a: put(a, 0, -7),
    "the last far beyond": lambda a: put(a, -1, 2_000_000_000),
    "the middle one more": lambda a: put(a, a.size // 2, a.reshape(-1)[a.size // 2] + 1),
    "not a number": lambda a: put(a.astype(np.float64), 0, np.nan),
    "without end": lambda a: put(a.astype(np.float64), -1, np.inf),
    "other numbers": lambda a: a.astype(np.int8),
    "texts": lambda a: a.astype("U8"),
    "complex": lambda a: a.astype(np.complex64),
    "one less": lambda a: a[:-1],
    "one more": lambda a: np.concatenate([a, a[-1:]]),
    "nothing": lambda a: a[:0],
    "another dimension": lambda a: a[:, None],
    "one number": lambda a: a.reshape(-1)[0] if a.size else a,
    "reversed": lambda a: a[::-1],
    "missing": lambda _a: None,
}
WHOLE = ("first", "last", "middle", "other", "texts")


def put(array: Any, place: int, value: Any) -> Any:
    changed = array.copy().reshape(-1)
    if changed.dtype.kind in "iu":
        limits = np.iinfo(changed.dtype)
        value = min(max(int(value), limits.min), limits.max)
    if changed.size:
        changed[place] = value
    return changed.reshape(array.shape)


def test_what_a_training_writes_is_let_through(parts: Any) -> None:
    answer(*parts)


@pytest.mark.parametrize("harm", HARMS)
def test_every_array_of_every_member_is_refused_or_answers(parts: Any, harm: str) -> None:
    whole, operations = parts
    refused = 0
    for name in whole:
        changed = {**whole, name: HARMS[harm](whole[name])}
        if changed[name] is None:
            del changed[name]
        try:
            answer(changed, operations)
        except (ValueError, KeyError, TypeError, AttributeError, OverflowError, IndexError) as error:
            refused += 1
            where = called_in(error)
            if "check_" not in where and "from_parts" not in where:
                raise
    assert refused, "this kind of harm is never found"


def called_in(error: BaseException) -> str:
    """Names of the functions in which an error came up."""
    names, trace = [], error.__traceback__
    while trace is not None:
        names.append(trace.tb_frame.f_code.co_name)
        trace = trace.tb_next
    return " ".join(names)


FACTS: dict[str, Harm] = {
    "another member": lambda facts: facts.update(member="no such"),
    "a member of other parts": lambda facts: facts.update(
        member="forest" if facts["member"] != "forest" else "nearest"
    ),
    "no routings": lambda facts: facts.update(routings=[]),
    "a routing of nothing": lambda facts: facts["routings"].append([]),
    "a routing of numbers": lambda facts: facts["routings"].__setitem__(0, [1, 2]),
    "another operation": lambda facts: facts["routings"].__setitem__(0, ["SOMETHING"]),
    "features of another kind": lambda facts: facts["features"].__setitem__(0, ["A", "no kind"]),
    "features that are numbers": lambda facts: facts["features"].__setitem__(0, [1, "text"]),
}


@pytest.mark.parametrize("harm", FACTS)
def test_what_the_facts_say_is_looked_at_too(parts: Any, harm: str) -> None:
    whole, operations = parts
    facts = json.loads(whole["facts"].tobytes())
    FACTS[harm](facts)
    changed = {**whole, "facts": np.frombuffer(json.dumps(facts).encode(), np.uint8)}
    with pytest.raises((ValueError, KeyError, TypeError)):
        answer(changed, operations)


def test_nested_facts_are_a_damaged_file() -> None:
    nested = np.frombuffer(b"[" * 100_000, np.uint8)
    with pytest.raises(DataProblem):
        LearnedModel.from_parts({"facts": nested})
    member = made("nearest")
    given = {f"{PREFIX}{name}": part for name, part in member.to_parts().items()} | {f"{PREFIX}facts": nested}
    with pytest.raises(RecursionError):
        PlannedRoutings.from_parts(parts_of(given, PREFIX))
