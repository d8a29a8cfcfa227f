"""The node types whose options are settings too, or concern people only: times, Projector, predictor, SQL output, notes."""

from __future__ import annotations

from typing import Final

from plant.blueprint.node_options import NamesOf, Option, OptionKind
from plant.blueprint.node_type import NodeType, Port, share
from plant.blueprint.options import ProjectorOptions
from plant.settings.defaults import OUTPUT_COLUMNS

NUMBER, INTEGER, BOOLEAN = OptionKind.NUMBER, OptionKind.INTEGER, OptionKind.BOOLEAN
CHOICE, COLUMNS = OptionKind.CHOICE, OptionKind.COLUMNS
_PROJECTOR = ProjectorOptions()

SETTING_NODES: Final[tuple[NodeType, ...]] = (
    NodeType(
        "time_profiles",
        "features",
        part="times",
        options=(
            Option("enabled", BOOLEAN, False, setting=("trainer", "time_profiles_enabled")),
            Option(
                "strategy",
                CHOICE,
                "sigma_profile",
                choices=("sigma_profile", "z_score", "trimmed_std"),
                setting=("trainer", "time_profile_strategy"),
            ),
            Option("optimal_sigma", NUMBER, 0.67, 0, 100, setting=("trainer", "time_profile_optimal_sigma")),
            Option("safe_sigma", NUMBER, 1.28, 0, 100, setting=("trainer", "time_profile_safe_sigma")),
            share("trim_lower", 0.05, ("trainer", "trim_lower_percent")),
            share("trim_upper", 0.95, ("trainer", "trim_upper_percent")),
        ),
        inputs=(Port("routing", "routing", required=True),),
        outputs=(Port("times", "times"),),
    ),
    NodeType(
        "projector",
        "output",
        part="projector",
        options=(
            Option("enabled", BOOLEAN, _PROJECTOR.enabled, setting=("visualization", "projector_enabled")),
            Option(
                "metadata_columns",
                COLUMNS,
                _PROJECTOR.metadata_columns,
                names_of=NamesOf.ITEM_COLUMNS,
                setting=("visualization", "projector_metadata_columns"),
            ),
            Option("most_points", INTEGER, _PROJECTOR.most_points, 0, 1_000_000),
        ),
        inputs=(Port("vectors", "vectors", required=True),),
    ),
    NodeType(
        "predictor",
        "serving",
        options=(
            Option(
                "strategy", CHOICE, "consensus", choices=("nearest", "consensus"), setting=("prediction", "strategy")
            ),
            share("similarity_threshold", 0.8, ("trainer", "similarity_threshold")),
            share("similarity_high_threshold", 0.8, ("predictor", "similarity_high_threshold")),
            Option("max_routing_variants", INTEGER, 4, 1, 10, setting=("predictor", "max_routing_variants")),
            Option("ef_search", INTEGER, None, 1, 4096, setting=("search", "ef_search")),
        ),
        inputs=(Port("version", "version", required=True),),
        outputs=(Port("results", "results"),),
    ),
    NodeType(
        "sql",
        "output",
        options=(
            Option(
                "output_columns",
                COLUMNS,
                OUTPUT_COLUMNS,
                names_of=NamesOf.OUTPUT_COLUMNS,
                setting=("sql", "output_columns"),
            ),
        ),
        inputs=(Port("results", "results", required=True),),
    ),
    NodeType("note", "note", options=(Option("text", OptionKind.LINES, ""),), max_count=0),
)
