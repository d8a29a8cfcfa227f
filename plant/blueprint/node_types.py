"""The registry of node types: a new type is one more entry in `training_nodes` or `setting_nodes`."""

from __future__ import annotations

from typing import Final

from plant.blueprint.learned_node import LEARNED_NODE
from plant.blueprint.node_type import NodeType
from plant.blueprint.setting_nodes import SETTING_NODES
from plant.blueprint.training_nodes import TRAINING_NODES

NODE_TYPES: Final[tuple[NodeType, ...]] = (*TRAINING_NODES, LEARNED_NODE, *SETTING_NODES)
"""All node types in the order of the pipeline."""

BY_TYPE: Final = {node_type.type: node_type for node_type in NODE_TYPES}
