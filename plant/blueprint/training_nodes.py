"""The node types that make a version: loader, weights, encoder, embedding, index, storage."""

from __future__ import annotations

from typing import Final

from plant.blueprint.node_options import NamesOf, Option, OptionKind
from plant.blueprint.node_type import NodeType, Port
from plant.blueprint.options import EmbedOptions, EncodeOptions, IndexOptions, LoadOptions, StoreOptions

NUMBER, INTEGER, BOOLEAN = OptionKind.NUMBER, OptionKind.INTEGER, OptionKind.BOOLEAN
TEXT, CHOICE = OptionKind.TEXT, OptionKind.CHOICE
_LOAD, _ENCODE, _EMBED, _INDEX, _STORE = LoadOptions(), EncodeOptions(), EmbedOptions(), IndexOptions(), StoreOptions()


def _table(name: str) -> Option:
    return Option(name, TEXT, "")


TRAINING_NODES: Final[tuple[NodeType, ...]] = (
    NodeType(
        "loader",
        "source",
        part="load",
        options=(
            _table("features_table"),
            _table("routing_table"),
            _table("results_table"),
            Option("use_results", BOOLEAN, _LOAD.use_results),
            Option("batch_rows", INTEGER, _LOAD.batch_rows, 1_000, 500_000),
        ),
        outputs=(Port("items", "items"), Port("routing", "routing")),
        required=True,
    ),
    NodeType(
        "weights",
        "features",
        part="weights",
        options=(
            Option("weights", OptionKind.NUMBER_BY_NAME, {}, 0, 100, names_of=NamesOf.FEATURES),
            Option("active", OptionKind.BOOLEAN_BY_NAME, {}, names_of=NamesOf.FEATURES),
        ),
        outputs=(Port("weights", "weights"),),
    ),
    NodeType(
        "encoder",
        "features",
        part="encode",
        options=(
            Option("weight_exponent", NUMBER, _ENCODE.weight_exponent, 0, 2),
            Option("least_text", INTEGER, _ENCODE.least_text, 2, 32),
        ),
        inputs=(Port("items", "items", required=True), Port("weights", "weights")),
        outputs=(Port("encoded", "encoded"),),
        required=True,
    ),
    NodeType(
        "embedding",
        "features",
        part="embed",
        options=(
            Option("dimensions", INTEGER, _EMBED.dimensions, 64, 192, step=8),
            Option("widest", INTEGER, _EMBED.widest, 8, 96),
        ),
        inputs=(Port("encoded", "encoded", required=True), Port("learned", "learned")),
        outputs=(Port("vectors", "vectors"),),
        required=True,
    ),
    NodeType(
        "index",
        "index",
        part="index",
        options=(
            Option("engine", CHOICE, _INDEX.engine, choices=("faiss", "hnswlib", "pgvector"), required=True),
            Option("m", INTEGER, _INDEX.m, 4, 64),
            Option("ef_construction", INTEGER, _INDEX.ef_construction, 16, 1000),
            Option("target_recall", NUMBER, _INDEX.target_recall, 0.5, 1),
            Option("threads", INTEGER, _INDEX.threads, 0, 64),
        ),
        inputs=(Port("vectors", "vectors", required=True),),
        outputs=(Port("index", "index"),),
        required=True,
    ),
    NodeType(
        "storage",
        "index",
        part="store",
        options=(Option("folder", TEXT, _STORE.folder), Option("label", TEXT, _STORE.label)),
        inputs=(Port("index", "index", required=True), Port("times", "times")),
        outputs=(Port("version", "version"),),
        required=True,
    ),
)
