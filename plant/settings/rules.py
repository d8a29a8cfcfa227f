"""Rules across the fields of a settings document: trim bounds, columns, aliases, profiles, edges, cycles, files, encodings."""

from __future__ import annotations

import codecs
from collections.abc import Hashable, Iterator, Sequence
from graphlib import CycleError, TopologicalSorter
from pathlib import Path, PurePosixPath
from typing import Final

from common.notices import notice
from common.source_addresses import ACCESS_ENDINGS, FILE_ENDINGS, is_address
from plant.settings.erp_addresses import entry_problem
from plant.settings.erp_interface import endpoint_problem, is_web_address
from plant.settings.sections import (
    DataSourceSection,
    ErpSection,
    ExportSection,
    Graph,
    PredictorSection,
    SqlSection,
    TrainerSection,
    VisualizationSection,
)
from plant.settings.violations import Violation

SOURCE_WORDS: Final = (
    "an Access file, nor a workbook, SQLite file or folder that is there, nor the address of a database"
)


def check_trim(name: str, section: TrainerSection | PredictorSection) -> Iterator[Violation]:
    """The lower quantile lies below the upper."""
    low, high = section.trim_lower_percent, section.trim_upper_percent
    if low >= high:
        yield Violation(
            (name, "trim_lower_percent"),
            notice("TRIM_BOUNDS", "{low} must be below trim_upper_percent ({high})", low=f"{low:g}", high=f"{high:g}"),
        )


def check_graph(graph: Graph) -> Iterator[Violation]:
    """Ids are unique, edges join nodes that exist, and nothing runs in circles."""
    yield from _duplicates(("graph", "nodes"), "id", [node.id for node in graph.nodes])
    yield from _duplicates(("graph", "edges"), "id", [edge.id for edge in graph.edges])
    nodes = {node.id for node in graph.nodes}
    broken = False
    for position, edge in enumerate(graph.edges):
        for end, node in (("source", edge.source), ("target", edge.target)):
            if node not in nodes:
                broken = True
                yield Violation(
                    ("graph", "edges", position, end),
                    notice(
                        "EDGE_TO_NO_NODE",
                        "edge {edge} joins {node}, which is not a node of the graph",
                        edge=edge.id,
                        node=node,
                    ),
                )
    if not broken:
        circle = find_circle([(edge.source, edge.target) for edge in graph.edges])
        if circle:
            position = next(
                p for p, edge in enumerate(graph.edges) if (edge.source, edge.target) == (circle[-1], circle[0])
            )
            yield Violation(
                ("graph", "edges", position),
                notice(
                    "EDGES_IN_A_CIRCLE", "the edges run in a circle: {nodes}", nodes=" > ".join([*circle, circle[0]])
                ),
            )


def find_circle(edges: Sequence[tuple[str, str]]) -> list[str]:
    """The nodes of one circle in the direction of the edges, without repeating the first; empty when there is none."""
    sorter: TopologicalSorter[str] = TopologicalSorter()
    for source, target in edges:
        sorter.add(target, source)
    try:
        sorter.prepare()
    except CycleError as error:
        return list(error.args[1][:-1])
    return []


def check_sql(sql: SqlSection) -> Iterator[Violation]:
    """Output columns, aliases and profiles name available columns; the active profile exists."""
    available = set(sql.available_columns)
    yield from _duplicates(("sql", "available_columns"), None, sql.available_columns)
    yield from _duplicates(("sql", "output_columns"), None, sql.output_columns)
    yield from _duplicates(("sql", "profiles"), "name", [profile.name for profile in sql.profiles])
    for position, column in enumerate(sql.output_columns):
        if column not in available:
            yield Violation(("sql", "output_columns", position), _not_available(column), "name")
    for alias, column in sql.column_aliases.items():
        if column not in available:
            yield Violation(("sql", "column_aliases", alias), _not_available(column), "name")
    for position, profile in enumerate(sql.profiles):
        for alias, column in profile.mapping.items():
            if column not in available:
                path = ("sql", "profiles", position, "mapping", alias)
                yield Violation(path, _not_available(column), "name")
    if sql.active_profile is not None and sql.active_profile not in {profile.name for profile in sql.profiles}:
        yield Violation(
            ("sql", "active_profile"),
            notice("NOT_A_PROFILE", "{name} is not one of the profiles", name=sql.active_profile),
            "name",
        )


def check_data_source(source: DataSourceSection) -> Iterator[Violation]:
    """The paths name sources; tables and switches are unique."""
    if not is_source(source.access_path):
        yield Violation(("data_source", "access_path"), _no_source(source.access_path), "name")
    for position, path in enumerate(source.backup_paths):
        if not is_source(path):
            yield Violation(("data_source", "backup_paths", position), _no_source(path), "name")
    yield from _duplicates(("data_source", "table_profiles"), "name", [table.name for table in source.table_profiles])
    yield from _duplicates(
        ("data_source", "blueprint_switches"), "id", [switch.id for switch in source.blueprint_switches]
    )


def is_source(path: str) -> bool:
    """Whether a path (of Windows or POSIX) can be a source, or is the address of a database.

    An Access file may be away (a share that does not answer); files of other kinds and folders have to be there when they are chosen.
    """
    plain = path.replace("\\", "/").strip()
    ending = PurePosixPath(plain).suffix.lower()
    if not _printable(path):
        return False
    return ending in ACCESS_ENDINGS or is_address(path) or _is_there(path, plain, ending)


def _is_there(path: str, plain: str, ending: str) -> bool:
    if plain.startswith("//"):  # to look is to log in at that server
        return ending in FILE_ENDINGS or plain.endswith("/")
    try:
        return (ending in FILE_ENDINGS and Path(path).is_file()) or (Path(path).is_absolute() and Path(path).is_dir())
    except OSError:
        return False


def check_export(export: ExportSection) -> Iterator[Violation]:
    """The encoding is one of text, the folder has a usable name."""
    try:
        known = codecs.lookup(export.default_encoding)
        "A".encode(known.name)
    except (LookupError, ValueError, TypeError):
        yield Violation(
            ("export", "default_encoding"),
            notice(
                "ENCODING_UNKNOWN",
                "{encoding} is not a text encoding such as utf-8 or cp949",
                encoding=export.default_encoding,
            ),
        )
    if not _printable(export.export_directory):
        yield Violation(
            ("export", "export_directory"),
            notice("FOLDER_CONTROL_CHARACTERS", "a folder's name has no control characters"),
        )
    endpoint = (export.erp_endpoint or "").strip()
    if endpoint and (problem := endpoint_problem(endpoint)):
        yield Violation(("export", "erp_endpoint"), problem)


def check_visualization(section: VisualizationSection) -> Iterator[Violation]:
    """The address of the Neo4j browser is one that a browser opens as a page. For changes: older versions took any text."""
    address = (section.neo4j_browser_url or "").strip()
    if address and not is_web_address(address):
        yield Violation(
            ("visualization", "neo4j_browser_url"),
            notice(
                "NO_WEB_ADDRESS",
                "must be an address such as {example} (http or https)",
                example="http://localhost:7474",
            ),
        )


def check_erp(section: ErpSection) -> Iterator[Violation]:
    """Permitted addresses can be understood."""
    for position, entry in enumerate(section.allowed_addresses):
        if problem := entry_problem(entry):
            yield Violation(("erp", "allowed_addresses", position), problem)


def _not_available(column: str) -> str:
    return notice("NOT_AN_AVAILABLE_COLUMN", "{name} is not one of the available columns", name=column)


def _no_source(path: str) -> str:
    return notice("NO_SOURCE", f"{{path}} is not {SOURCE_WORDS}", path=path)


def _printable(text: str) -> bool:
    return not any(ord(character) < 32 or ord(character) == 127 for character in text)


def _duplicates(path: tuple[str, str], key: str | None, values: Sequence[Hashable]) -> Iterator[Violation]:
    seen: set[Hashable] = set()
    for position, value in enumerate(values):
        if value in seen:
            yield Violation(
                (*path, position, key) if key else (*path, position),
                notice("VALUE_TWICE", "{value} occurs twice", value=value),
            )
        seen.add(value)
