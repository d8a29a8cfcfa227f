"""What a node type is: its label and help, its options, its ports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from plant.blueprint.node_options import Option, OptionKind
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
        words: ids and labels by which nodes of older graphs are known.
        required: whether a pipeline needs one.
        max_count: most nodes of it in a graph; 0: any number.
    """

    type: str
    category: str
    label: str
    label_ko: str
    help: str
    help_ko: str
    part: str = ""
    options: Sequence[Option] = ()
    inputs: Sequence[Port] = ()
    outputs: Sequence[Port] = ()
    words: Sequence[str] = ()
    required: bool = False
    max_count: int = 1

    def option(self, name: str) -> Option | None:
        """The option of that name."""
        return next((option for option in self.options if option.name == name), None)

    def schema(self, plant: PlantSchema) -> dict[str, Any]:
        """JSON schema of a node's settings for a plant."""
        return {
            "type": "object",
            "properties": {option.name: option.schema(plant) for option in self.options},
            "required": [option.name for option in self.options if option.required],
            "additionalProperties": False,
        }


def share(
    name: str, default: float, title: str, title_ko: str, setting: tuple[str, str], help_: str, help_ko: str
) -> Option:
    """An option between 0 and 1 that a section of the settings document holds too."""
    return Option(name, OptionKind.NUMBER, default, title, title_ko, help_, help_ko, 0, 1, setting=setting)
