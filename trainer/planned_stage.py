"""The stage that lets the data choose: members judged on held-out items against what boosting and neighbours say together."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from methods.choice import FEWEST, MemberScores, chosen_of, folds_of, hold_out, tells_more
from methods.feature_table import FeatureTable
from methods.forest_member import ForestMember
from methods.group_member import NUMBERS_OF, GroupMember
from methods.leaks import leaks
from methods.members import MEMBERS, Learner, named, together
from methods.routing_classes import RoutingClasses
from plant.schema import PlantSchema
from routings.quality_metrics import set_f1
from trained.encoding.dictionary_columns import Columns
from trained.learned.feature_columns import CODE, ReadFeature, feature_table
from trained.learned.learned_block import LearnedBlock
from trained.learned.learned_inputs import ItemInputs
from trained.learned.learned_model import LearnedModel, LearnedOutputs, TimeModel, operation_key
from trained.learned.planned_routings import PlannedRoutings, as_probabilities, examples_of
from trained.learned.time_design import TimeDesign
from trained.learned.tree_ensemble import TreeEnsemble
from trainer.current_routings import CurrentRoutings
from trainer.learned_stage import LearnedStage
from trainer.routing_ages import seen_as_entered
from trainer.time_models import fit_times

MOST_COMPARED: Final = 800
"""Items with a routing among which members are judged; memory and time of the choice, which is the same for 800 as for 300,000."""
MOST_LEARNED: Final = 20_000
"""Items with a routing that the chosen member learns from."""
MOST_CLASSES: Final = 3_000
"""Distinct routings among which a member chooses, the most frequent ones; beyond, a plant composes routings from operations."""
MOST_CELLS: Final = 400_000
"""Items times distinct routings up to which forests are judged: the time of a question grows with both."""
SHARED_BY: Final = 3
"""Items that a distinct routing must have on average before forests classify whole routings: of fewer, a fold leaves one or none."""
TIMED_OPERATIONS: Final = 300
"""Operations whose times get a model of their own, the most frequent ones; the others share the pooled one."""
TREES_JUDGED: Final = 40
TREES: Final = 200
"""Trees of a forest while members are judged, and of the one that serves: more change nothing but time."""
ROWS_AT_ONCE: Final = 4_096
CONSENSUS: Final = "consensus"

Integers = npt.NDArray[np.int64]
Booleans = npt.NDArray[np.bool_]
Consensus = Callable[[Integers, Integers], list[tuple[str, ...] | None]]
"""Given items and the fold of each, the routing that the consensus proposes for each without any item of its fold."""


@dataclass(frozen=True)
class Choice:
    """What the comparison of members came to.

    Attributes:
        chosen: name of the member that predicts; CONSENSUS: boosted operations and neighbours together.
        scores: of all, simplest first.
        judged: the items, int64 (n,); positions.
        chances: of the chosen member for them, unseen, float32 (n, classes); None: the consensus was chosen.
        features: what the members read.
        leaks: features that tell nearly every routing by themselves, and how many of the items, see `methods.leaks`.
    """

    chosen: str
    scores: list[MemberScores]
    judged: Integers
    chances: npt.NDArray[np.float32] | None
    features: tuple[ReadFeature, ...] = ()
    leaks: Sequence[tuple[str, float]] = ()

    def document(self) -> dict[str, Any]:
        """For the version's documents."""
        return {
            "chosen": self.chosen,
            "maximised": "mean of exact routings and F1 of the operations",
            "features": [one.name for one in self.features],
            "leaks": [{"feature": name, "tells": round(share, 6)} for name, share in self.leaks],
            "members": [one.figures() for one in self.scores],
        }


def simplest_beaten(choice: Choice) -> dict[str, Any]:
    """For a version's summary: the method that predicts and the best of the simple ones, on the same held-out items."""
    simple = max((one for one in choice.scores if one.simple), key=lambda one: float(one.score.mean()))
    own = next(one for one in choice.scores if one.name == choice.chosen)
    return {
        "method": choice.chosen,
        "method_score": round(float(own.score.mean()), 6),
        "method_exact": round(float(own.exact.mean()), 6),
        "simple_method": simple.name,
        "simple_score": round(float(simple.score.mean()), 6),
        "simple_exact": round(float(simple.exact.mean()), 6),
        "simple_ahead": _ahead(simple, own),
    }


def _ahead(simple: MemberScores, own: MemberScores) -> bool:
    """Whether the simple method's score is higher by more than one standard error of the difference."""
    differences = simple.score - own.score
    if len(differences) < 2:
        return False
    return bool(differences.mean() > differences.std(ddof=1) / np.sqrt(len(differences)))


def operation_names(routings: CurrentRoutings) -> list[str]:
    """Key of each operation number."""
    return [operation_key(job, int(count)) for job, count in zip(routings.jobs, routings.occurrences, strict=True)]


def routing_keys(routings: CurrentRoutings, items: Integers) -> list[tuple[str, ...]]:
    """Operations of items by their keys; () where one has no routing."""
    names, table = operation_names(routings), routings.table
    starts, ends = table.offsets[items].tolist(), table.offsets[items + 1].tolist()
    return [tuple(names[number] for number in table.operation[a:b].tolist()) for a, b in zip(starts, ends, strict=True)]


def choose(
    columns: Columns,
    features: Sequence[ReadFeature],
    routings: CurrentRoutings,
    consensus: Consensus | None,
    seed: int,
    threads: int,
) -> Choice | None:
    """Judge the members; None where there are too few routings to hold any out.

    Args:
        columns: features of all items, and their codes.
        features: what members may read; the code is added where it tells.
        consensus: the consensus of the version; None: it is not judged.
    """
    routed = np.flatnonzero(np.diff(routings.table.offsets) > 0)
    if len(routed) < FEWEST:
        return None
    judged = routed
    if len(routed) > MOST_COMPARED:
        judged = np.sort(np.random.default_rng(seed).choice(routed, MOST_COMPARED, replace=False))
    classes = RoutingClasses.of(routing_keys(routings, judged))
    whole = feature_table({name: one.of_rows(judged) for name, one in columns.items()}, [*features, CODE])
    table = FeatureTable(whole.columns[:-1], whole.items)
    read = tuple(features)
    if tells_more(whole, table, classes):
        table, read = whole, (*read, CODE)
    few = len(classes) * SHARED_BY <= len(judged) and len(judged) * len(classes) <= MOST_CELLS
    members = MEMBERS if few else [one for one in MEMBERS if "forest" not in one.parts]
    found = hold_out(table, classes, seed, members, trees=TREES_JUDGED, threads=threads)
    scores, chances = list(found.scores), dict(found.chances)
    candidates = scores
    if found.undecided:
        joined = together(found.undecided)
        both = hold_out(table, classes, seed, [joined], trees=TREES_JUDGED, threads=threads)
        names = {one.name for one in found.undecided}
        scores, chances = [*scores, *both.scores], {**chances, **both.chances}
        candidates = [one for one in scores if one.name not in names]
    if consensus is not None:
        judged_too = _judged_consensus(consensus, judged, classes, (seed, found.draws), found.scores[0].twins)
        scores, candidates = [*scores, judged_too], [*candidates, judged_too]
    chosen = chosen_of(candidates)
    return Choice(chosen.name, scores, judged, chances.get(chosen.name), read, leaks(table, classes))


def _judged_consensus(
    consensus: Consensus,
    judged: Integers,
    classes: RoutingClasses,
    drawn: tuple[int, int],
    twins: npt.NDArray[np.float64],
) -> MemberScores:
    """How the consensus does.

    Args:
        drawn: seed of the folds, and how often they are drawn.
    """
    right = [classes.routings[number] for number in classes.of_item.tolist()]
    seed, draws = drawn
    exact, f1 = np.zeros(len(judged)), np.zeros(len(judged))
    for draw in range(draws):
        proposals = consensus(judged, folds_of(len(judged), seed, draw))
        exact += [(proposed == wanted) / draws for proposed, wanted in zip(proposals, right, strict=True)]
        f1 += [set_f1(one or (), wanted) / draws for one, wanted in zip(proposals, right, strict=True)]
    return MemberScores(CONSENSUS, False, exact, f1, twins)


def planned_stage(
    columns: Columns,
    routings: CurrentRoutings,
    choice: Choice,
    schema: PlantSchema,
    active: Mapping[str, bool],
    directions: int,
    seed: int,
    threads: int,
) -> LearnedStage:
    """The stage with the chosen member in the place of boosted operations.

    Args:
        columns: features of all items, and their codes.
        choice: of a member that is not the consensus.
        schema: the plant's features.
        active: whether a feature may be used.
    """
    used = {**schema.active, **active}
    table = feature_table(columns, choice.features)
    routed = np.flatnonzero(np.diff(routings.table.offsets) > 0)
    keys: list[tuple[str, ...] | None] = [None] * table.items
    for item, key in zip(routed.tolist(), routing_keys(routings, routed), strict=True):
        keys[item] = key
    classes = RoutingClasses.of(keys).most_frequent(MOST_CLASSES)
    taught, chances = _taught(table, classes, choice, seed, threads)
    member = named(choice.chosen)
    learner = Learner.of(
        table.of(taught), classes.of_item[taught], len(classes), trees=TREES, seed=seed, threads=threads
    )
    planned = PlannedRoutings(
        member.name,
        learner.description,
        member.fit(learner),
        classes,
        examples_of(classes, newest_first(routings, routed)),
        choice.features,
    )
    probabilities = planned.probabilities(columns, table.items)
    for start in range(
        0, len(taught), ROWS_AT_ONCE
    ):  # what was said of them unseen, not what is said by who learned from them
        part = slice(start, start + ROWS_AT_ONCE)
        unseen = chances[part].astype(np.float64)
        probabilities[taught[part]] = as_probabilities(classes, unseen, planned.proposed(unseen))
    features = {name: column for name, column in columns.items() if name != CODE.name}
    model, factors = _with_times(features, routings, classes, planned, used, schema, seed, threads)
    outputs = LearnedOutputs(probabilities, factors)
    numbers = {name: number for number, name in enumerate(classes.operations)}
    operation_of = np.array([numbers.get(name, -1) for name in operation_names(routings)], np.int64)
    return LearnedStage(LearnedBlock.fit(model, outputs, directions), outputs, operation_of, _importance(planned))


def _taught(
    table: FeatureTable, classes: RoutingClasses, choice: Choice, seed: int, threads: int
) -> tuple[Integers, npt.NDArray[np.float32]]:
    """Items that the chosen member learns from, and what it says of each from folds that lack it, float32 (n, classes)."""
    taught = np.flatnonzero(classes.of_item >= 0)
    if len(taught) > MOST_LEARNED:
        taught = np.sort(np.random.default_rng(seed).choice(taught, MOST_LEARNED, replace=False))
    known = RoutingClasses(classes.routings, classes.of_item[taught], classes.holders)
    if choice.chances is not None and np.array_equal(taught, choice.judged):
        judged = RoutingClasses.of([classes.routings[number] for number in known.of_item.tolist()])
        place = {routing: number for number, routing in enumerate(classes.routings)}
        moved = np.zeros((len(taught), len(classes)), np.float32)
        moved[:, [place[routing] for routing in judged.routings]] = choice.chances
        return taught, moved
    member = named(choice.chosen)
    found = hold_out(table.of(taught), known, seed, [member], trees=TREES_JUDGED, threads=threads)
    return taught, found.chances[member.name]


def newest_first(routings: CurrentRoutings, routed: Integers) -> Integers:
    """Items with a routing, the newest first where the source says when it was entered, else in their order."""
    if routings.entered is None:
        return routed
    made: Integers = routed[np.argsort(-routings.entered[routed], kind="stable")]
    return made


def _with_times(
    columns: Columns,
    routings: CurrentRoutings,
    classes: RoutingClasses,
    planned: PlannedRoutings,
    used: Mapping[str, bool],
    schema: PlantSchema,
    seed: int,
    threads: int,
) -> tuple[LearnedModel, npt.NDArray[np.float32]]:
    """The model with the times of its operations, and the time factors of all items."""
    table = routings.table
    inputs = ItemInputs.fit(columns, used, schema)
    matrix = inputs.matrix(columns)
    design = TimeDesign.fit(inputs, matrix)
    names = classes.told
    place = {name: number for number, name in enumerate(names)}
    every = operation_names(routings)
    counts = np.bincount(table.operation, minlength=len(every))
    timed = np.argsort(-counts, kind="stable")[:TIMED_OPERATIONS]
    timed = timed[counts[timed] > 0]
    model_of = np.full(len(every), -1, np.int64)
    model_of[timed] = np.arange(len(timed))
    routed = np.diff(table.offsets) > 0
    folds = np.full(len(routed), -1, np.int64)
    folds[routed] = folds_of(int(routed.sum()), seed)
    seen = seen_as_entered(routings.entered, routed, inputs, matrix, design, threads=threads, seed=seed)
    times = fit_times(seen.design, seen.matrix, table, model_of[table.operation], len(timed), folds, folds, seed)
    base = np.repeat(times.times.base[-1:], len(names) + 1, axis=0)
    effects = np.repeat(times.times.effects[-1:], len(names) + 1, axis=0)
    for number, operation in enumerate(timed.tolist()):
        if every[operation] in place:
            base[place[every[operation]]] = times.times.base[number]
            effects[place[every[operation]]] = times.times.effects[number]
    trees = TreeEnsemble.of([], [], np.zeros(len(names)))
    model = LearnedModel(
        names,
        inputs,
        trees,
        design,
        times.factor_weights[: design.columns],
        times.factor_centre,
        TimeModel(base, effects),
        [_reasons(planned)] * len(names),
        planned,
    )
    return model, times.factors


REASONS: Final = 3


def _importance(planned: PlannedRoutings) -> dict[str, float]:
    """Share that each feature has in what the member looks at."""
    shares: dict[str, float] = {}
    for part in planned.fitted.parts.values():
        if isinstance(part, GroupMember):
            for level, name in enumerate(part.levels):
                feature = name.removeprefix(NUMBERS_OF)
                shares[feature] = shares.get(feature, 0.0) + 0.5**level
        elif isinstance(part, ForestMember):
            used = part.used()
            for column, share in zip(planned.description.columns, used.tolist(), strict=False):
                shares[column.feature] = shares.get(column.feature, 0.0) + share
            for name in planned.description.texts:
                shares[name] = shares.get(name, 0.0) + float(used[part.dense :].sum()) / len(planned.description.texts)
        else:
            told = {column.feature for column in planned.description.columns} | set(planned.description.texts)
            for name in told:
                shares[name] = shares.get(name, 0.0) + 1.0 / max(len(told), 1)
    whole = max(sum(shares.values()), 1e-12)
    return {name: share / whole for name, share in shares.items()}


def _reasons(planned: PlannedRoutings) -> list[str]:
    """The features that the member looks at most."""
    ranked = sorted(_importance(planned).items(), key=lambda pair: (-pair[1], pair[0]))
    return [name for name, share in ranked[:REASONS] if share > 0]
