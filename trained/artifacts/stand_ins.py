"""What stands for the classes of the libraries that wrote a model: named attributes of the kinds that their own writers store.

Nothing of those libraries is needed, and nothing of theirs runs.
"""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

Kind = Callable[[Any], bool]
"""Whether a value is what a class's own writer stores under an attribute."""


class Record:
    """The attributes of a pickled object that are read here. Subclasses say which; see `stand_in`."""

    reads: ClassVar[Mapping[str, Kind]] = {}
    boxed: ClassVar[bool] = False

    def take_state(self, state: object) -> None:
        """Take over the attributes that are read; others are left.

        Raises:
            UnpicklingError: the state is no dictionary of attributes, or an attribute holds what its writer does not store there.
        """
        if self.boxed and type(state) is tuple and len(state) == 1:
            state = state[0]
        if type(state) is not dict or not all(type(name) is str for name in state):
            raise pickle.UnpicklingError(f"the state of its {type(self).__name__} is not one of attributes")
        for name, kind in self.reads.items():
            if name not in state:
                continue
            if not kind(state[name]):
                raise pickle.UnpicklingError(
                    f"{name} of its {type(self).__name__} holds {type(state[name]).__name__}, which its writer does not store there"
                )
            self.__dict__[name] = state[name]


class Opaque(Record):
    """An object that nobody reads here, whatever it was made of."""

    def take_state(self, state: object) -> None:
        """Nothing is kept."""


def stand_in(name: str, reads: Mapping[str, Kind], *, boxed: bool = False) -> type[Record]:
    """A class that takes an object's place.

    Args:
        name: of the class it stands for, so that objects of different classes can be told apart.
        reads: attribute -> whether a value is of the kind that the class's writer stores there.
        boxed: whether some writers put the attributes into a tuple of one.
    """
    return type(name, (Record,), {"reads": dict(reads), "boxed": boxed})


def opaque(name: str) -> type[Opaque]:
    """A class that takes the place of objects nobody reads."""
    return type(name, (Opaque,), {})


def anything(_value: object) -> bool:
    """For attributes whose reader judges their kind."""
    return True


def either(value: object) -> bool:
    """Whether a value is true or false."""
    return isinstance(value, bool)
