"""The members among which the data choose, simplest first, and how each is fitted and asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from methods.feature_table import FeatureTable
from methods.forest_member import ForestMember
from methods.group_member import GroupMember
from methods.item_description import Described, ItemDescription
from methods.likeness_member import NEAREST, LikenessMember, chances_of
from methods.routing_classes import BOTH, COMMON, EXACT

Floats = npt.NDArray[np.float64]
Integers = npt.NDArray[np.int64]

EVERYBODY: Final = "everybody"

SHARES: Final = ((1.0, 1.0, 0.5), (1.0, 0.5, 1.0), (0.0, 0.0, 1.0))
"""What choices, numbers and texts count in a likeness: numbers lead, texts lead, texts alone; the data choose."""
BANDWIDTHS: Final = (NEAREST, 0.01, 0.03, 0.1, 0.3)
"""Bandwidths of a vote, from the nearest alone to nearly everybody, each about three times the one before; the data choose."""


@dataclass(frozen=True)
class Learner:
    """Items with routings, ready to learn from.

    Attributes:
        table: their features.
        description: how they become numbers.
        described: they as numbers.
        of_item: routing of each, int64 (n,).
        classes: number of routings.
        trees, seed, threads: of the forest.
    """

    table: FeatureTable
    description: ItemDescription
    described: Described
    of_item: Integers
    classes: int
    trees: int = 200
    seed: int = 1
    threads: int = 1

    @classmethod
    def of(cls, table: FeatureTable, of_item: Integers, classes: int, **forest: int) -> Learner:
        """Describe items with routings."""
        description = ItemDescription.fit(table)
        return cls(table, description, description.describe(table), of_item, classes, **forest)


@dataclass(frozen=True)
class Asked:
    """Items whose routing is asked for."""

    table: FeatureTable
    described: Described


class Fitted:
    """A fitted member: parts by name, and how their chances are put together (their mean)."""

    def __init__(self, parts: Mapping[str, GroupMember | LikenessMember | ForestMember]) -> None:
        self.parts = dict(parts)

    def predict(self, asked: Asked) -> Floats:
        """Chances of the routings, float64 (q, classes)."""
        made = [
            one.predict(asked.table) if isinstance(one, GroupMember) else one.predict(asked.described)
            for one in self.parts.values()
        ]
        return np.mean(made, axis=0) if len(made) > 1 else made[0]

    def to_parts(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays from which `from_parts` makes it again."""
        return {f"{name}.{key}": array for name, one in self.parts.items() for key, array in one.to_parts().items()}

    @classmethod
    def from_parts(cls, parts: Mapping[str, npt.NDArray[Any]]) -> Fitted:
        """The member of such arrays."""
        names = list(dict.fromkeys(key.partition(".")[0] for key in parts))
        kinds: dict[str, Any] = dict.fromkeys(("everybody", "group"), GroupMember)
        kinds |= dict.fromkeys(("nearest", "vote"), LikenessMember) | {"forest": ForestMember}
        return cls({name: kinds[name].from_parts(_under(parts, name)) for name in names})


def _under(parts: Mapping[str, npt.NDArray[Any]], name: str) -> dict[str, npt.NDArray[Any]]:
    return {key.removeprefix(f"{name}."): array for key, array in parts.items() if key.startswith(f"{name}.")}


FittedPart = GroupMember | LikenessMember | ForestMember
Part = Callable[[Learner], FittedPart]


@dataclass(frozen=True)
class Member:
    """A way to a routing.

    Attributes:
        name: for people and documents.
        rule: which routing is proposed given the chances.
        parts: what it is made of, by name.
        simple: whether it is one of the methods that every other must beat.
    """

    name: str
    rule: str
    parts: Mapping[str, Part]
    simple: bool = False

    def fit(self, learner: Learner) -> Fitted:
        """Learn it."""
        return Fitted({name: part(learner) for name, part in self.parts.items()})


def _everybody(learner: Learner) -> GroupMember:
    return GroupMember.fit(learner.table, learner.of_item, learner.classes, ())


def _group(learner: Learner) -> GroupMember:
    return GroupMember.fit(learner.table, learner.of_item, learner.classes)


def _nearest(learner: Learner) -> LikenessMember:
    return likeness(learner, SHARES[0], NEAREST)


def _vote(learner: Learner) -> LikenessMember:
    return best_likeness(learner)


def _forest(learner: Learner) -> ForestMember:
    parts = len(learner.description.parts)
    return ForestMember.fit(
        learner.described, parts, learner.of_item, learner.classes, learner.trees, learner.seed, learner.threads
    )


MEMBERS: Final = (
    Member(EVERYBODY, EXACT, {"group": _everybody}, simple=True),
    Member("group", EXACT, {"group": _group}, simple=True),
    Member("group medoid", COMMON, {"group": _group}, simple=True),
    Member("nearest", EXACT, {"vote": _nearest}, simple=True),
    Member("vote", BOTH, {"vote": _vote}),
    Member("forest", BOTH, {"forest": _forest}),
    Member("committee", BOTH, {"group": _group, "vote": _vote, "forest": _forest}),
)
"""Simplest first."""


def predictions(learner: Learner, asked: Asked, members: Sequence[Member]) -> dict[str, Floats]:
    """What members that learn from the same items say, each part learned once."""
    known: dict[Part, Floats] = {}
    said = {}
    for member in members:
        for part in member.parts.values():
            if part not in known:
                known[part] = Fitted({"only": part(learner)}).predict(asked)
        said[member.name] = np.mean([known[part] for part in member.parts.values()], axis=0)
    return said


BY_NAME: Final[Mapping[str, Member]] = {member.name: member for member in MEMBERS}
JOINED: Final = " + "
"""Between the names of members that predict together."""


def together(members: Sequence[Member]) -> Member:
    """Some members as one, whose chances are the mean of theirs, each part once."""
    chosen = [member for member in MEMBERS if member in members]
    parts: dict[str, Part] = {}
    for member in chosen:
        alone = member.name if len(member.parts) == 1 and member.name in (EVERYBODY, "nearest") else ""
        parts |= {alone or name: part for name, part in member.parts.items()}
    rule = EXACT if all(member.rule == EXACT for member in chosen) else BOTH
    return Member(JOINED.join(member.name for member in chosen), rule, parts)


def named(name: str) -> Member:
    """The member of a name, also of several that predict together.

    Raises:
        KeyError: there is none.
    """
    if name in BY_NAME:
        return BY_NAME[name]
    made = together([BY_NAME[one] for one in name.split(JOINED)])
    if made.name != name:
        raise KeyError(name)
    return made


def likeness(learner: Learner, shares: tuple[float, float, float], bandwidth: float) -> LikenessMember:
    """Similar items by given shares."""
    return LikenessMember.fit(
        learner.description.columns,
        learner.described,
        len(learner.description.parts),
        learner.of_item,
        learner.classes,
        shares,
        bandwidth,
    )


MOST_JUDGED: Final = 1_000
"""Items by which shares and bandwidth are chosen; more would not change which of fifteen is best."""


def best_likeness(learner: Learner) -> LikenessMember:
    """The likeness whose votes give the items' own routings the greatest chance, each item left out."""
    judged = np.arange(len(learner.of_item))
    if len(judged) > MOST_JUDGED:
        judged = np.sort(np.random.default_rng(learner.seed).choice(judged, MOST_JUDGED, replace=False))
    best: tuple[float, LikenessMember] | None = None
    for shares in SHARES:
        member = likeness(learner, shares, NEAREST)
        similar = member.similarities(learner.described.of(judged))
        similar[np.arange(len(judged)), judged] = -np.inf
        for bandwidth in BANDWIDTHS:
            right = float(chances_of(similar, learner.of_item, learner.of_item[judged], bandwidth).mean())
            if best is None or right > best[0] + 1e-9:
                best = right, member.with_bandwidth(bandwidth)
    assert best is not None
    return best[1]
