"""What people call the node types and their options, in English and Korean: a table beside this module (`node_texts.json`)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final


@dataclass(frozen=True)
class Words:
    """A title and a sentence of help in one language."""

    title: str
    help: str


@dataclass(frozen=True)
class OptionWords:
    """The words of an option in each language."""

    en: Words
    ko: Words


@dataclass(frozen=True)
class NodeWords:
    """The words of a node type in each language.

    Attributes:
        known_by: ids and labels by which nodes of older graphs are known.
        options: those of its options, by name.
    """

    en: Words
    ko: Words
    known_by: Sequence[str]
    options: Mapping[str, OptionWords]


def _read(path: Path) -> dict[str, NodeWords]:
    content: dict[str, dict[str, Any]] = json.loads(path.read_text(encoding="utf-8"))
    return {
        node: NodeWords(
            Words(**said["en"]),
            Words(**said["ko"]),
            tuple(said["known_by"]),
            {name: OptionWords(Words(**one["en"]), Words(**one["ko"])) for name, one in said["options"].items()},
        )
        for node, said in content.items()
    }


NODE_WORDS: Final = _read(Path(__file__).with_name("node_texts.json"))
"""Node type -> its words."""
