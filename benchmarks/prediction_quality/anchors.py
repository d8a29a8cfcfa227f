"""Methods that the product is measured against, made of scikit-learn, LightGBM and CatBoost as anybody would in an hour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from methods.feature_table import ColumnKind, FeatureTable
from methods.group_member import GroupMember
from methods.routing_classes import COMMON, EXACT, RoutingClasses
from methods.text_parts import numbers_in
from routings.quality_metrics import numbered

Routing = tuple[str, ...]
NUMBERS = 3
ROUNDS = 150
TREES = 300
SEED = 11
"""Never used while the product was made."""


def most_frequent(table: FeatureTable, routings: list[Routing], asked: FeatureTable) -> list[Routing]:
    """The most frequent routing of the item's group."""
    return _of_group(table, routings, asked, EXACT)


def medoid(table: FeatureTable, routings: list[Routing], asked: FeatureTable) -> list[Routing]:
    """The routing of the item's group that has most in common with its fellows."""
    return _of_group(table, routings, asked, COMMON)


def _of_group(table: FeatureTable, routings: list[Routing], asked: FeatureTable, rule: str) -> list[Routing]:
    classes = RoutingClasses.of(routings)
    chances = GroupMember.fit(table, classes.of_item, len(classes)).predict(asked)
    return [classes.routings[number] for number in classes.proposed(chances, rule).tolist()]


def nearest(table: FeatureTable, routings: list[Routing], asked: FeatureTable) -> list[Routing]:
    """The routing of the item with the greatest cosine."""
    from scipy import sparse
    from sklearn.preprocessing import normalize

    matrices = _matrices(table, asked)
    dense, texts = matrices
    centre, spread = dense[0].mean(axis=0), dense[0].std(axis=0)
    rows = [
        normalize(
            sparse.hstack([sparse.csr_matrix((part - centre) / np.where(spread > 0, spread, 1.0)), 0.5 * text]).tocsr()
        )
        for part, text in zip(dense, texts, strict=True)
    ]
    best = np.asarray((rows[1] @ rows[0].T).todense()).argmax(axis=1)
    return [routings[item] for item in best.tolist()]


def forest(table: FeatureTable, routings: list[Routing], asked: FeatureTable) -> list[Routing]:
    """A random forest that classifies whole routings."""
    from scipy import sparse
    from sklearn.ensemble import RandomForestClassifier

    classes = RoutingClasses.of(routings)
    dense, texts = _matrices(table, asked)
    rows = [sparse.hstack([sparse.csr_matrix(part), text]).tocsr() for part, text in zip(dense, texts, strict=True)]
    made = RandomForestClassifier(TREES, random_state=SEED).fit(rows[0], classes.of_item).predict(rows[1])
    return [classes.routings[number] for number in made.tolist()]


def boosted(table: FeatureTable, routings: list[Routing], asked: FeatureTable) -> list[Routing]:
    """LightGBM, a classifier an operation."""
    import lightgbm

    def fit(matrix: Any, label: Any, questions: Any) -> Any:
        parameters = {
            "objective": "binary",
            "verbosity": -1,
            "min_data_in_leaf": 2,
            "num_leaves": 15,
            "seed": SEED,
            "num_threads": 1,
        }
        return lightgbm.train(parameters, lightgbm.Dataset(matrix, label), ROUNDS).predict(questions)

    return _an_operation(table, routings, asked, fit)


def catboosted(table: FeatureTable, routings: list[Routing], asked: FeatureTable) -> list[Routing]:
    """CatBoost, a classifier an operation.

    Raises:
        ImportError: it is not installed.
    """
    from catboost import CatBoostClassifier  # type: ignore[import-not-found,unused-ignore]

    def fit(matrix: Any, label: Any, questions: Any) -> Any:
        model = CatBoostClassifier(iterations=ROUNDS, verbose=False, random_seed=SEED, thread_count=1)
        return model.fit(matrix, label).predict_proba(questions)[:, 1]

    return _an_operation(table, routings, asked, fit)


def _an_operation(
    table: FeatureTable, routings: list[Routing], asked: FeatureTable, fit: Callable[[Any, Any, Any], Any]
) -> list[Routing]:
    """Operations that their classifier says are more likely than not, in the order of their mean place."""
    keys = [numbered(routing) for routing in routings]
    names = sorted({key for one in keys for key in one}, key=str)
    (matrix, questions), _texts = _matrices(table, asked)
    place = {name: np.mean([one.index(name) / len(one) for one in keys if name in one]) for name in names}
    chosen: list[list[Any]] = [[] for _item in range(asked.items)]
    for name in names:
        label = np.array([name in one for one in keys], np.float64)
        chance = np.full(asked.items, label.mean()) if label.min() == label.max() else fit(matrix, label, questions)
        for item in np.flatnonzero(np.asarray(chance) >= 0.5).tolist():
            chosen[item].append(name)
    return [tuple(str(name[0]) for name in sorted(one, key=lambda name: float(place[name]))) for one in chosen]


def _matrices(
    table: FeatureTable, asked: FeatureTable
) -> tuple[tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]], tuple[Any, Any]]:
    """One-hot categories, numbers and the first numbers of texts; words and runs of 2 to 4 characters; of both tables."""
    from scipy import sparse
    from sklearn.feature_extraction.text import TfidfVectorizer

    dense: list[list[npt.NDArray[np.float64]]] = [[], []]
    texts: list[list[Any]] = [[], []]
    for known, other in zip(table.columns, asked.columns, strict=True):
        if known.numbers is not None and other.numbers is not None:
            for side, numbers in enumerate((known.numbers, other.numbers)):
                dense[side].append(np.nan_to_num(numbers, nan=-1.0)[:, None])
            continue
        sides = [_texts(known.values, known.codes), _texts(other.values, other.codes)]
        if known.kind is ColumnKind.CATEGORY:
            values = sorted(set(sides[0]))
            for side, column in enumerate(sides):
                dense[side].append(np.array([[text == value for value in values] for text in column], np.float64))
            continue
        for side, column in enumerate(sides):
            dense[side].append(np.array([_first_numbers(text) for text in column]))
        for analyzer, runs in (("word", (1, 1)), ("char_wb", (2, 4))):
            pattern = r"\w+" if analyzer == "word" else None
            vectorizer = TfidfVectorizer(analyzer=analyzer, ngram_range=runs, sublinear_tf=True, token_pattern=pattern)
            vectorizer.fit([*sides[0], "nothing"])
            for side, column in enumerate(sides):
                texts[side].append(vectorizer.transform(column))
    empty = [sparse.csr_matrix((one.items, 1)) for one in (table, asked)]
    made = [sparse.hstack([blank, *parts]).tocsr() for blank, parts in zip(empty, texts, strict=True)]
    return (np.hstack(dense[0]), np.hstack(dense[1])), (made[0], made[1])


def _texts(values: Sequence[str], codes: npt.NDArray[np.int32] | None) -> list[str]:
    return [] if codes is None else [values[code] for code in codes.tolist()]


def _first_numbers(text: str) -> list[float]:
    found = numbers_in(text)
    return [*(found[place] if place < len(found) else -1.0 for place in range(NUMBERS)), float(len(found))]
