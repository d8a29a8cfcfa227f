"""A chosen member in a version: which whole routing it proposes for an item, and items that are made like that.

What it says goes into the learned block as probabilities of operations: above a half for those of the proposed routing and below for all
others, the farther from it the surer; where several routings have the same operations, so does the order. So a vector alone tells the
proposal, of items that came after the training too.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
import numpy.typing as npt

from methods.item_description import ItemDescription
from methods.members import Asked, Fitted, named
from methods.routing_classes import RoutingClasses
from trained.encoding.dictionary_columns import Columns
from trained.learned.feature_columns import ReadFeature, feature_table

Floats = npt.NDArray[np.float64]
Floats32 = npt.NDArray[np.float32]
Integers = npt.NDArray[np.int64]

PREFIX: Final = "planned."
EXAMPLES: Final = 3
"""Items named for a routing: where one has changed since the training, another still shows it."""
PROPOSED: Final = 0.51
"""What belonging to the proposal adds to a probability that is worth the rest: enough that no other operation reaches a half."""
ROWS_AT_ONCE: Final = 4_096


def as_probabilities(classes: RoutingClasses, chances: Floats, proposed: Integers) -> Floats32:
    """Probabilities of operations that say which routing is proposed, float32 (q, operations).

    Args:
        chances: of the routings, float64 (q, classes).
        proposed: number of the routing proposed for each, -1: none.
    """
    made = (1.0 - PROPOSED) * (chances.astype(np.float32) @ classes.telling)
    made += np.where(proposed[:, None] >= 0, PROPOSED * classes.telling[np.maximum(proposed, 0)], 0.0)
    probabilities: Floats32 = np.clip(made, 0.0, 1.0).astype(np.float32)
    return probabilities


@dataclass(frozen=True)
class PlannedRoutings:
    """A fitted member with the routings among which it chooses.

    Attributes:
        member: its name.
        description: how items become numbers.
        fitted: it.
        classes: the routings; `of_item` is empty.
        examples: int64 (classes, EXAMPLES); positions of items that have each, the newest first, -1 where there are fewer.
        features: what it may read.
    """

    member: str
    description: ItemDescription
    fitted: Fitted
    classes: RoutingClasses
    examples: Integers
    features: tuple[ReadFeature, ...]

    @property
    def reads(self) -> tuple[str, ...]:
        """Features it looks at."""
        units = [one.unit_from for one in self.features if one.unit_from]
        return tuple(dict.fromkeys([*(one.name for one in self.features), *units]))

    def probabilities(self, columns: Columns, rows: int) -> Floats32:
        """`as_probabilities` of items given by their features, float32 (rows, operations)."""
        table = feature_table(columns, self.features)
        made = np.empty((rows, len(self.classes.told)), np.float32)
        for start in range(0, rows, ROWS_AT_ONCE):
            items = np.arange(start, min(start + ROWS_AT_ONCE, rows), dtype=np.int64)
            part = table.of(items)
            chances = self.fitted.predict(Asked(part, self.description.describe(part)))
            made[items] = as_probabilities(self.classes, chances, self.proposed(chances))
        return made

    def proposed(self, chances: Floats) -> Integers:
        """Number of the routing that each row of chances leads to."""
        return self.classes.proposed(chances, named(self.member).rule)

    @cached_property
    def _class_of(self) -> dict[bytes, int]:
        rows = np.packbits(self.classes.telling > 0.5, axis=1)
        return {row.tobytes(): number for number, row in reversed(list(enumerate(rows)))}

    def told_by(self, probabilities: Floats32) -> Integers:
        """Number of the routing that such probabilities tell, int64 (q,); -1: none that is known."""
        rows = np.packbits(probabilities > 0.5, axis=1)
        return np.fromiter((self._class_of.get(row.tobytes(), -1) for row in rows), np.int64, len(rows))

    def clearer(self, probabilities: Floats32) -> Floats32:
        """Probabilities that a vector keeps only nearly, with the nearest known routing told again."""
        unclear = np.flatnonzero(self.told_by(probabilities) < 0)
        if not len(unclear) or not len(self.classes):
            return probabilities
        blurred = probabilities[unclear]
        squares = (self.classes.telling**2).sum(axis=1)
        nearest = (squares - 2.0 * blurred @ self.classes.telling.T).argmin(axis=1)
        inside = self.classes.telling[nearest] > 0.5
        made = probabilities.copy()
        made[unclear] = np.where(inside, np.maximum(blurred, PROPOSED), np.minimum(blurred, 1.0 - PROPOSED))
        return made

    def to_parts(self) -> dict[str, npt.NDArray[Any]]:
        """Arrays from which `from_parts` makes it again."""
        facts = {
            "member": self.member,
            "routings": self.classes.routings,
            "ordered": self.classes.ordered,
            "features": [[one.name, one.kind, one.unit_from, one.is_unit] for one in self.features],
        }
        text = json.dumps(facts, ensure_ascii=False).encode("utf-8", "surrogatepass")
        return {
            "facts": np.frombuffer(text, np.uint8),
            "examples": self.examples,
            "holders": self.classes.holders,
            **{f"description.{name}": part for name, part in self.description.to_parts().items()},
            **{f"fitted.{name}": part for name, part in self.fitted.to_parts().items()},
        }

    @classmethod
    def from_parts(cls, parts: Mapping[str, npt.NDArray[Any]]) -> PlannedRoutings:
        """The member of such arrays."""
        facts = json.loads(parts["facts"].tobytes().decode("utf-8", "surrogatepass"))
        return cls(
            facts["member"],
            ItemDescription.from_parts(_under(parts, "description.")),
            Fitted.from_parts(_under(parts, "fitted.")),
            RoutingClasses(
                tuple(map(tuple, facts["routings"])),
                np.zeros(0, np.int64),
                parts["holders"],
                ordered=facts.get("ordered", False) is True,
            ),
            parts["examples"],
            tuple(ReadFeature(*one) for one in facts["features"]),
        )


def examples_of(classes: RoutingClasses, newest_first: Integers) -> Integers:
    """Items that have each routing, int64 (classes, EXAMPLES), -1 where there are fewer.

    Args:
        newest_first: the items, in the order in which they are named.
    """
    made = np.full((len(classes), EXAMPLES), -1, np.int64)
    held = np.zeros(len(classes), np.int64)
    for item in newest_first.tolist():
        number = int(classes.of_item[item])
        if number >= 0 and held[number] < EXAMPLES:
            made[number, held[number]] = item
            held[number] += 1
    return made


def _under(parts: Mapping[str, npt.NDArray[Any]], prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {name.removeprefix(prefix): part for name, part in parts.items() if name.startswith(prefix)}
