"""What a node type is: its options, its ports, its words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plant.blueprint.node_options import Option, OptionKind
from plant.blueprint.node_words import NODE_WORDS, NodeWords
from plant.schema import PlantSchema


@dataclass(frozen=True)
class Port:
    """An input or output; edges join outputs and inputs of the same type."""

    name: str
    type: str
    required: bool = False


@dataclass(frozen=True)
class NodeType:
    """A kind of node.

    Attributes:
        type: name in graphs.
        category: source, features, index, serving, output or note.
        part: part of PipelineOptions that its options belong to; "" where they are settings of the serving side.
        required: whether a pipeline needs one.
        max_count: most nodes of it in a graph; 0: any number.
    """

    type: str
    category: str
    part: str = ""
    options: Sequence[Option] = ()
    inputs: Sequence[Port] = ()
    outputs: Sequence[Port] = ()
    required: bool = False
    max_count: int = 1

    @property
    def words(self) -> NodeWords:
        """What people call it and its options, and by what nodes of older graphs are known."""
        return NODE_WORDS[self.type]

    def option(self, name: str) -> Option | None:
        """The option of that name."""
        return next((option for option in self.options if option.name == name), None)

    def schema(self, plant: PlantSchema) -> dict[str, Any]:
        """JSON schema of a node's settings for a plant."""
        return {
            "type": "object",
            "properties": {
                option.name: option.schema(plant, self.words.options[option.name]) for option in self.options
            },
            "required": [option.name for option in self.options if option.required],
            "additionalProperties": False,
        }


def share(name: str, default: float, setting: tuple[str, str]) -> Option:
    """An option between 0 and 1 that a section of the settings document holds too."""
    return Option(name, OptionKind.NUMBER, default, 0, 1, setting=setting)
