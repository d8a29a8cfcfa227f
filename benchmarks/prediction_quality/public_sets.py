"""Public data of other makers, held out by their folds: every method on the same items, judged by the same scorer.

A set is a folder with its tables as CSV, `input-profile.json` and `folds.csv` (ITEM_CD, fold); items of a fold keep their place in the
item table and lose their routings, all at once, as new items of a plant come.
"""

from __future__ import annotations

import csv
import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from benchmarks.prediction_quality import anchors
from benchmarks.prediction_quality.own_evaluation import OwnEvaluation, own_evaluation
from benchmarks.prediction_quality.product import predicted_scores, train_on
from methods.feature_table import FeatureTable
from plant.input_profile import InputProfile
from plant.item_keys import item_key
from routings.quality_metrics import ItemScore, Proposal, RightRouting, score
from source import open_source
from trained.item_codes import ItemCodeIndex
from trained.learned.feature_columns import CODE, feature_table, read_features
from trainer.catalogue import read_catalogue
from trainer.current_routings import CurrentRoutings, read_current_routings
from trainer.right_routings import own_routings

TOP = 4
Integers = npt.NDArray[np.int64]
Method = Callable[[FeatureTable, list[tuple[str, ...]], FeatureTable], Sequence[tuple[str, ...]]]
"""Given items, their routings and items that are asked for: the routings of those."""


@dataclass(frozen=True)
class PublicSet:
    """A set as read.

    Attributes:
        folder: where it lies.
        profile: how its tables are read.
        index: codes of its items.
        table: their features.
        routings: their routings.
        folds: fold of each item, -1 where it has none, int64 (items,).
    """

    folder: Path
    profile: InputProfile
    index: ItemCodeIndex
    table: FeatureTable
    routings: CurrentRoutings
    folds: Integers


def read_set(folder: Path) -> PublicSet:
    """The set in a folder.

    Raises:
        OSError: a file is missing.
        InvalidInput, DataProblem: the profile or a table cannot be used.
    """
    profile = InputProfile.parse((folder / "input-profile.json").read_text(encoding="utf-8"))
    source = open_source(folder)
    catalogue = read_catalogue(source, profile)
    index = ItemCodeIndex.of(catalogue.codes.to_pylist())
    folds = np.full(len(index), -1, np.int64)
    with open(folder / "folds.csv", encoding="utf-8-sig", newline="") as stream:
        rows = list(csv.DictReader(stream))
    places = index.find_many([row["ITEM_CD"] for row in rows])
    folds[places] = [int(row["fold"]) for row in rows]
    return PublicSet(
        folder,
        profile,
        index,
        feature_table(catalogue.with_codes(), [*read_features(profile.plant, {}, catalogue.columns), CODE]),
        read_current_routings(source, profile, index),
        folds,
    )


def without_fold(data: PublicSet, fold: int, folder: Path) -> Path:
    """A copy of the set in which the items of a fold have no routing."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    held = {item_key(code) for code in data.index.codes_at(np.flatnonzero(data.folds == fold))}
    name = data.profile.tables["routing"]
    key = next(one.source for one in data.profile.columns if one.role == "routing" and one.internal == "ITEM_CD")
    for path in data.folder.glob("*.csv"):
        if path.name == "folds.csv":
            continue
        if path.stem != name:
            shutil.copyfile(path, folder / path.name)
            continue
        with open(path, encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
        place = rows[0].index(key)
        with open(folder / path.name, "w", encoding="utf-8", newline="") as stream:
            csv.writer(stream).writerows([rows[0], *(row for row in rows[1:] if item_key(row[place]) not in held)])
    return folder


def judged(data: PublicSet, method: Method) -> list[ItemScore]:
    """How an anchor does on the folds; it proposes no times."""
    found = []
    for fold in range(int(data.folds.max()) + 1):
        learned = np.flatnonzero((data.folds >= 0) & (data.folds != fold))
        asked = np.flatnonzero(data.folds == fold)
        taught = [tuple(data.routings.job_sequence(item)) for item in learned.tolist()]
        proposals = method(data.table.of(learned), taught, data.table.of(asked))
        right = own_routings(data.routings, asked, {}).routings
        found += [
            score([_proposal(one)], right[item], TOP) for item, one in zip(asked.tolist(), proposals, strict=True)
        ]
    return found


def _proposal(operations: tuple[str, ...]) -> Proposal:
    nothing = np.full(len(operations), np.nan)
    return Proposal(list(operations), nothing, nothing)


def product(data: PublicSet, work: Path) -> tuple[dict[str, list[ItemScore]], list[OwnEvaluation]]:
    """How the product's strategies do on the folds, and what its versions said of themselves."""
    found: dict[str, list[ItemScore]] = {"nearest": [], "consensus": []}
    versions = []
    for fold in range(int(data.folds.max()) + 1):
        folder = without_fold(data, fold, work / f"{data.folder.name}-{fold}")
        version = train_on(open_source(folder), data.profile, work / f"{data.folder.name}-{fold}-version", judged=True)
        versions.append(version)
        asked = np.flatnonzero(data.folds == fold)
        right: dict[int, RightRouting] = dict(own_routings(data.routings, asked, {}).routings)
        for strategy, scores in found.items():
            scores += predicted_scores(version, open_source(folder), data.profile, strategy, right)
    return found, own_evaluation(versions, found["consensus"])


METHODS: dict[str, Method] = {
    "most frequent of the group": anchors.most_frequent,
    "medoid of the group": anchors.medoid,
    "1-NN, one-hot, sizes, words and n-grams": anchors.nearest,
    "LightGBM an operation": anchors.boosted,
    "CatBoost an operation": anchors.catboosted,
    "random forest of whole routings, n-grams": anchors.forest,
}
