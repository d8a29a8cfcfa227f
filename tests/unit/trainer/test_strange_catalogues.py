"""What comes out of catalogues that are small, strange or contradictory: a version that predicts as well as can be, or a clear refusal."""

import csv
import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from common.errors import InvalidInput
from plant.blueprint.pipeline import pipeline_of
from plant.input_profile import InputProfile
from plant.settings import PlantSettings
from routings.routing_prediction import PredictionOptions, predict_routings
from source import open_source
from trained.item_codes import ItemCodeIndex
from trained.version_loading import load_version
from trainer.catalogue import read_catalogue
from trainer.current_routings import read_current_routings
from trainer.evaluation import Evaluated, EvaluationOptions, leave_out_neighbours
from trainer.progress import JsonLines, ProgressReport
from trainer.right_routings import own_routings
from trainer.status_file import RUNNING, TrainingStatus
from trainer.training import Training
from trainer.version_evaluation import encoder_of

Routing = list[tuple[str, float]]


def profile_of(features: Mapping[str, str]) -> InputProfile:
    """The profile that maps features of the item table."""
    roles = {
        "features": {"ITEM_CD": "code", **features},
        "routing": {"ITEM_CD": "code", "PROC_SEQ": "no", "JOB_CD": "job", "RUN_TIME": "run"},
    }
    columns = [
        {"internal": internal, "role": role, "source": source}
        for role, pairs in roles.items()
        for internal, source in pairs.items()
    ]
    tables = {"features": "parts", "routing": "steps", "results": ""}
    return InputProfile.parse(json.dumps({"name": "strange", "tables": tables, "columns": columns}))


PROFILE = profile_of({"ITEM_SPEC": "text", "PART_TYPE": "kind", "OUTDIAMETER": "size"})
NAMED = profile_of({"ITEM_NM": "text"})
TURNED: Routing = [("saw", 5.0), ("turn", 12.0)]
MILLED: Routing = [("saw", 6.0), ("mill", 20.0), ("drill", 3.0)]


@dataclass
class Plant:
    """Items by code: text, kind, size; and the routing of those that have one."""

    items: dict[str, tuple[str, str, float]]
    routings: dict[str, Routing]

    def write(self, folder: Path) -> Path:
        folder.mkdir(parents=True, exist_ok=True)
        with open(folder / "parts.csv", "w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows(
                [["code", "text", "kind", "size"], *([code, *facts] for code, facts in self.items.items())]
            )
        rows = [
            [code, 10 * place, job, run]
            for code, operations in self.routings.items()
            for place, (job, run) in enumerate(operations, start=1)
        ]
        with open(folder / "steps.csv", "w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([["code", "no", "job", "run"], *rows])
        return folder


@dataclass
class Outcome:
    """A version's consensus for the items without a routing, and its documents."""

    proposals: dict[str, list[str]]
    minutes: dict[str, list[float]]
    evaluation: dict[str, Any]


def trained(
    plant: Plant,
    folder: Path,
    asked: Collection[str] = (),
    profile: InputProfile = PROFILE,
    off: Collection[str] = (),
) -> Outcome:
    """Train, and predict the items that are asked for; none: all without a routing.

    Args:
        off: features that the blueprint switches off.
    """
    source = open_source(plant.write(folder / "source"))
    report = ProgressReport(JsonLines(), None, TrainingStatus(status=RUNNING))
    options = pipeline_of(PlantSettings())
    options = replace(options, weights=replace(options.weights, active=dict.fromkeys(off, False)))
    training = Training(source, profile, options, report, EvaluationOptions())
    version = folder / "version"
    training.write(version, *training.prepare(), {}, {})
    catalogue = read_catalogue(source, profile)
    index = ItemCodeIndex.of(catalogue.codes.to_pylist())
    routings = read_current_routings(source, profile, index)
    model = load_version(version, version / "manifest.json")
    try:
        wanted = np.flatnonzero(np.diff(routings.table.offsets) == 0)
        if asked:
            wanted = np.sort(index.find_many(list(asked))).astype(np.int64)
        work = Evaluated(
            model, index, routings, own_routings(routings, wanted, {}), encoder_of(model, catalogue.with_codes())
        )
        neighbours, learned = leave_out_neighbours(work, EvaluationOptions(), wanted)
        asking = PredictionOptions(strategy="consensus")
        batch = predict_routings(routings.table, wanted, neighbours, asking, learned)
    finally:
        model.close()
    proposals, minutes = {}, {}
    run = batch.run_times()
    for routing in np.flatnonzero(batch.rank == 1).tolist():
        part = slice(int(batch.offsets[routing]), int(batch.offsets[routing + 1]))
        code = index.code(int(wanted[batch.query[routing]]))
        proposals[code] = [routings.jobs[number] for number in routings.table.operation[batch.rows[part]].tolist()]
        minutes[code] = run[part].tolist()
    evaluation = version / "evaluation.json"
    return Outcome(
        proposals, minutes, json.loads(evaluation.read_text(encoding="utf-8")) if evaluation.exists() else {}
    )


def jobs(routing: Routing) -> list[str]:
    return [job for job, _run in routing]


def by_kind(count: int) -> Plant:
    items = {f"I{n}": (f"part {n}", "round" if n % 2 else "flat", 10.0 + n) for n in range(count)}
    routings = {code: TURNED if facts[1] == "round" else MILLED for code, facts in items.items()}
    return Plant(items, routings)


def test_two_items_lend_each_other_their_routing(tmp_path: Path) -> None:
    found = trained(Plant({"A": ("shaft", "round", 10.0), "B": ("axle", "round", 12.0)}, {"A": TURNED}), tmp_path)
    assert found.proposals == {"B": jobs(TURNED)}


@pytest.mark.parametrize("items", [2, 30, 400])
def test_items_that_nothing_tells_apart_get_the_routing_that_they_all_have(tmp_path: Path, items: int) -> None:
    made = {f"I{n}": TURNED for n in range(1, items)}
    found = trained(Plant({f"I{n}": ("same", "same", 5.0) for n in range(items)}, made), tmp_path)
    assert found.proposals == {"I0": jobs(TURNED)}
    if items > 2:
        assert found.evaluation["summary"]["sequence_exact"] == 1.0


def test_features_that_are_switched_off_are_named_where_nothing_else_tells_items_apart(tmp_path: Path) -> None:
    plant = Plant({f"I{n}": ("same", f"kind {n % 2}", 5.0) for n in range(30)}, {f"I{n}": TURNED for n in range(29)})
    with pytest.raises(InvalidInput, match="though PART_TYPE has: nothing tells the items apart"):
        trained(plant, tmp_path, off=["PART_TYPE"])


@pytest.mark.parametrize("items", [40, 900])
def test_a_name_alone_tells_how_items_are_made(tmp_path: Path, items: int) -> None:
    """The only text is an item's name, which takes no part at a plant that describes its items."""
    random = np.random.default_rng(items)
    words = {"shaft": TURNED, "plate": MILLED, "ring": [*TURNED, ("grind", 4.0)]}
    names = {
        f"I{n}": f"{random.choice(list(words))} {random.integers(10, 99)}x{random.integers(100, 999)}"
        for n in range(items)
    }
    asked = list(names)[: items // 8]
    routings = {code: words[name.split()[0]] for code, name in names.items() if code not in asked}
    found = trained(Plant({code: (name, "", 0.0) for code, name in names.items()}, routings), tmp_path, profile=NAMED)
    right = sum(found.proposals[code] == jobs(words[names[code].split()[0]]) for code in asked)
    assert right == len(asked)


def test_a_kind_that_decides_is_learned_from_twenty_items(tmp_path: Path) -> None:
    plant = by_kind(24)
    for code in ("I0", "I1"):
        del plant.routings[code]
    found = trained(plant, tmp_path)
    assert found.proposals == {"I0": jobs(MILLED), "I1": jobs(TURNED)}
    assert found.evaluation["summary"]["method_exact"] >= found.evaluation["summary"]["simple_exact"] - 0.1
    assert {one["member"] for one in found.evaluation["methods"]["members"]} >= {
        "group",
        "nearest",
        "forest",
        "consensus",
    }


def test_items_with_a_routing_each_of_their_own_are_told_to_be_unpredictable(tmp_path: Path) -> None:
    plant = by_kind(24)
    plant.routings = {code: [(f"op {code}", 1.0), (f"end {code}", 1.0)] for code in list(plant.items)[2:]}
    found = trained(plant, tmp_path)
    assert found.evaluation["summary"]["method_exact"] == 0.0


def test_one_operation_is_proposed_to_everybody(tmp_path: Path) -> None:
    plant = by_kind(24)
    plant.routings = {code: [("paint", 7.0)] for code in list(plant.items)[2:]}
    assert trained(plant, tmp_path).proposals == {"I0": ["paint"], "I1": ["paint"]}


def test_contradicting_routings_of_equal_items_give_the_more_frequent_one(tmp_path: Path) -> None:
    items = {f"I{n}": ("bolt", "round", 8.0) for n in range(30)} | {f"P{n}": ("plate", "flat", 90.0) for n in range(30)}
    routings = {f"I{n}": MILLED if n % 5 == 0 else TURNED for n in range(1, 30)} | {
        f"P{n}": MILLED for n in range(1, 30)
    }
    found = trained(Plant(items, routings), tmp_path)
    assert found.proposals == {"I0": jobs(TURNED), "P0": jobs(MILLED)}
    assert found.evaluation["summary"]["method_exact"] < 1.0


@pytest.mark.parametrize("items", [30, 400])
def test_items_that_nothing_tells_apart_get_what_most_are_made_like(tmp_path: Path, items: int) -> None:
    random = np.random.default_rng(items)
    plant = Plant(
        {f"I{n:05d}": ("bolt", "round", 8.0) for n in range(items)},
        {f"I{n:05d}": MILLED if random.random() < 0.2 else TURNED for n in range(3, items)},
    )
    found = trained(plant, tmp_path)
    assert found.proposals == {f"I{n:05d}": jobs(TURNED) for n in range(3)}


def test_times_of_nothing_and_of_a_thousand_years_do_not_reach_a_proposal(tmp_path: Path) -> None:
    plant = by_kind(24)
    plant.routings = {
        code: [(job, 1e9 if code == "I3" else run) for job, run in routing] for code, routing in plant.routings.items()
    }
    plant.routings["I5"] = [(job, 0.0) for job, _run in TURNED]
    del plant.routings["I1"]
    minutes = trained(plant, tmp_path).minutes["I1"]
    assert all(0.0 <= one < 100.0 for one in minutes)


def test_an_item_of_a_kind_never_seen_gets_a_proposal(tmp_path: Path) -> None:
    plant = by_kind(24)
    plant.items["NEW"] = ("casting", "cast", 55.0)
    assert trained(plant, tmp_path).proposals["NEW"] in (jobs(TURNED), jobs(MILLED))


def test_repeated_operations_keep_their_number_and_order(tmp_path: Path) -> None:
    plant = by_kind(30)
    layers: Routing = [("expose", 2.0), ("etch", 3.0)] * 40
    plant.routings = {code: layers if facts[1] == "flat" else layers[:20] for code, facts in plant.items.items()}
    del plant.routings["I0"], plant.routings["I1"]
    found = trained(plant, tmp_path)
    assert found.proposals == {"I0": jobs(layers), "I1": jobs(layers[:20])}


@pytest.mark.parametrize(("items", "kinds", "routed"), [(60, 12, 0.5), (400, 40, 0.2), (1200, 3, 0.01)])
def test_no_item_is_without_a_proposal_where_an_equal_one_has_a_routing(
    tmp_path: Path, items: int, kinds: int, routed: float
) -> None:
    """Kinds of equal items, some with no feature but a size, few of them with a routing."""
    random = np.random.default_rng(items)
    shapes = ("round", "flat", "square", "")
    facts = [("", shapes[kind % 4], float(10 + kind)) for kind in range(kinds)]
    kind_of = random.integers(0, kinds, items).tolist()
    made = [[("saw", 2.0), (f"shape {kind % 5}", 3.0)] for kind in range(kinds)]
    having = (random.random(items) < routed) | (np.arange(items) < 2 * kinds)
    plant = Plant(
        {f"I{n:05d}": facts[kind] for n, kind in enumerate(kind_of)},
        {f"I{n:05d}": made[kind] for n, kind in enumerate(kind_of) if having[n]},
    )
    found = trained(plant, tmp_path)
    known = {plant.items[code] for code in plant.routings}
    asked = {code for code in plant.items if code not in plant.routings and plant.items[code] in known}
    assert len(asked) > items // 4
    assert asked <= found.proposals.keys()
    right = sum(found.proposals[code] == jobs(made[kind_of[int(code[1:])]]) for code in asked)
    assert right == len(asked)


def test_a_feature_that_is_the_answer_is_named_and_not_kept_from_predicting(tmp_path: Path) -> None:
    random = np.random.default_rng(6)
    plans = random.integers(0, 6, 120).tolist()
    items = {
        f"I{n}": (f"part {random.integers(0, 40)}", f"plan {plan}", float(random.integers(5, 90)))
        for n, plan in enumerate(plans)
    }
    routings = {f"I{n}": [("saw", 1.0), (f"step {plan}", 2.0)] for n, plan in enumerate(plans) if n > 1}
    found = trained(Plant(items, routings), tmp_path)
    assert [one["feature"] for one in found.evaluation["methods"]["leaks"]] == ["PART_TYPE"]
    assert found.proposals == {f"I{n}": ["saw", f"step {plans[n]}"] for n in range(2)}


def test_fifty_thousand_items_of_one_vector_get_the_routing_of_those_that_have_one(tmp_path: Path) -> None:
    equal = {f"E{n:05d}": ("washer", "flat", 8.0) for n in range(50_000)}
    others = {f"O{n}": ("shaft", "round", 20.0 + n) for n in range(30)}
    routings = {"E40000": MILLED, "E40001": MILLED} | dict.fromkeys(list(others)[2:], TURNED)
    asked = ["E00000", "E25000", "E49999", "O0"]
    found = trained(Plant({**equal, **others}, routings), tmp_path, asked)
    assert found.proposals == {**dict.fromkeys(asked, jobs(MILLED)), "O0": jobs(TURNED)}
