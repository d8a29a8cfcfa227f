"""The generated Python wrapper of a pipeline: written once a revision of the settings, run by trainings and by hand.

`<state>/wrappers/pipeline_r<revision>.py`, and a text file `current` beside them that names the one in force.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any, Final

import jinja2

import common
from common.errors import DataProblem, NotFound
from common.files import write_text
from plant.blueprint.options import PARTS, PipelineOptions
from plant.blueprint.pipeline import pipeline_of
from plant.settings import PlantSettings

FOLDER: Final = "wrappers"
POINTER: Final = "current"
FILE_NAME = re.compile(r"pipeline_r(\d+)\.py")
TEMPLATE: Final = "wrapper_template.py.j2"
PROJECT: Final = Path(common.__file__).resolve().parent.parent


@dataclass(frozen=True)
class Pipeline:
    """A pipeline in force: its options, the revision of the settings it comes from, and its wrapper.

    `revision` is 0 and `path` None where no wrapper has been written: the default pipeline.
    """

    revision: int
    options: PipelineOptions
    path: Path | None = None


def render(revision: int, options: PipelineOptions) -> str:
    """Python source of a wrapper, formatted."""
    parts = [
        {
            "name": name,
            "class_name": part_class.__name__,
            "fields": [
                (field.name, _literal(getattr(getattr(options, name), field.name), 8)) for field in fields(part_class)
            ],
        }
        for name, part_class in PARTS.items()
    ]
    environment = jinja2.Environment(  # noqa: S701 - Python source, not HTML; every value is a literal
        loader=jinja2.FileSystemLoader(Path(__file__).parent, encoding="utf-8"),
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    return environment.get_template(TEMPLATE).render(
        revision=revision,
        file_name=f"pipeline_r{revision}.py",
        project=_literal(str(PROJECT), 0),
        parts=parts,
        class_names=sorted([PipelineOptions.__name__, *(part_class.__name__ for part_class in PARTS.values())]),
    )


def _literal(value: Any, indent: int) -> str:
    """A value as formatted Python source, in lines that continue at `indent` blanks."""
    if isinstance(value, str):
        text = repr(value)
        return text if '"' in value or "'" in value else f'"{text[1:-1]}"'
    if isinstance(value, Mapping | tuple):
        opening, closing = ("{", "}") if isinstance(value, Mapping) else ("(", ")")
        if not value:
            return opening + closing
        inner = " " * (indent + 4)
        if isinstance(value, Mapping):
            lines = [f"{inner}{_literal(str(name), 0)}: {_literal(one, indent + 4)}," for name, one in value.items()]
        else:
            lines = [f"{inner}{_literal(one, indent + 4)}," for one in value]
        return "\n".join([opening, *lines, " " * indent + closing])
    return repr(value)


def write_wrapper(state_dir: Path, revision: int, document: PlantSettings) -> Path:
    """Write the wrapper of a revision of the settings and make it the current one; returns its path.

    Raises:
        InvalidInput: the graph of the document cannot run.
        OSError: the state folder cannot be written; the current wrapper is as before.
    """
    path = prepare_wrapper(state_dir, revision, document)
    make_current(path)
    return path


def prepare_wrapper(state_dir: Path, revision: int, document: PlantSettings) -> Path:
    """Write the wrapper of a revision of the settings without making it the current one; returns its path.

    Raises:
        InvalidInput, OSError: as `write_wrapper`.
    """
    path = state_dir / FOLDER / f"pipeline_r{revision}.py"
    source = render(revision, pipeline_of(document))
    path.parent.mkdir(parents=True, exist_ok=True)
    write_text(path, source)
    return path


def make_current(path: Path) -> None:
    """Make a wrapper the current one.

    Raises:
        OSError: the folder cannot be written.
    """
    write_text(path.parent / POINTER, path.name + "\n")


def revisions(state_dir: Path) -> list[int]:
    """Revisions that have a wrapper, newest first."""
    found = (FILE_NAME.fullmatch(path.name) for path in (state_dir / FOLDER).glob("pipeline_r*.py"))
    return sorted((int(match[1]) for match in found if match), reverse=True)


def wrapper_path(state_dir: Path, revision: int = 0) -> Path:
    """Path of the wrapper of a revision; 0: the current one.

    Raises:
        NotFound: there is none.
    """
    folder = state_dir / FOLDER
    name = f"pipeline_r{revision}.py"
    if not revision:
        try:
            name = (folder / POINTER).read_text(encoding="utf-8").strip()
        except OSError:
            name = ""
    if not FILE_NAME.fullmatch(name) or not (folder / name).is_file():
        raise NotFound(f"There is no generated pipeline{f' of revision {revision}' if revision else ''} in {folder}")
    return folder / name


def revision_of(path: Path) -> int:
    """Revision that a wrapper's file name says; 0 when it says none."""
    match = FILE_NAME.fullmatch(path.name)
    return int(match[1]) if match else 0


def load_wrapper(path: Path) -> PipelineOptions:
    """The options of a wrapper, by running it.

    Raises:
        DataProblem: it cannot be run or holds no options.
    """
    try:
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None
        assert spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        options = module.OPTIONS
        if not isinstance(options, PipelineOptions):
            raise TypeError("OPTIONS is no PipelineOptions")
    except Exception as error:
        raise DataProblem(
            f"The generated pipeline {path} cannot be run ({type(error).__name__}: {error}): save the blueprint again to "
            "generate it anew",
            reason="WRAPPER_BROKEN",
            details={"path": path},
        ) from error
    return options


def current_pipeline(state_dir: Path) -> Pipeline:
    """The pipeline in force: the current wrapper's, or the default one where none has been written.

    Raises:
        DataProblem: the current wrapper cannot be run.
    """
    try:
        path = wrapper_path(state_dir)
    except NotFound:
        return Pipeline(0, PipelineOptions())
    return Pipeline(revision_of(path), load_wrapper(path), path)
