"""Evaluating a version on disk on any source: opens both, reads what is needed and judges."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from common.errors import InvalidInput
from plant.input_profile import InputProfile
from plant.schema import PlantSchema
from source import Source
from trained.encoding.dictionary_columns import Columns
from trained.item_codes import ItemCodeIndex
from trained.searchable_model import SearchableModel
from trained.version_loading import load_version
from trainer.catalogue import Catalogue, cells, read_catalogue
from trainer.current_routings import CurrentRoutings, read_current_routings
from trainer.evaluation import Evaluated, EvaluationOptions, evaluate
from trainer.right_routings import (
    ROUTINGS,
    TRUTH,
    RightRoutings,
    families_of,
    has_truth,
    own_routings,
    truth_of,
)

AGAINST = ("auto", TRUTH, ROUTINGS)
WHICH = ("all", "with-routing", "without-routing")


@dataclass(frozen=True)
class Asked:
    """Which items of a source are judged, and against what.

    Attributes:
        against: truth, routings, or auto: the truth where the source has it.
        which: all, with-routing or without-routing; the last needs a truth.
        codes: only these items; empty: any.
    """

    against: str = "auto"
    which: str = "all"
    codes: Sequence[str] = ()


def evaluate_version(
    folder: Path,
    source: Source,
    profile: InputProfile,
    options: EvaluationOptions,
    asked: Asked,
    *,
    derived: Path | None = None,
    on_items: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """Evaluate the version in a folder; the document of `routings.quality_report`.

    Args:
        derived: folder for files derived from versions of older lineages.
        on_items: told the number of items judged so far.

    Raises:
        PreconditionFailed: the version cannot be loaded.
        DataProblem: the source cannot be read.
        InvalidInput: no item is left to be judged, or the source has no truth to judge against.
    """
    family = profile.plant.item.family_column
    catalogue = read_catalogue(source, profile, extra_columns=[family] if family else [])
    index = ItemCodeIndex.of(catalogue.codes.to_pylist())
    current = read_current_routings(source, profile, index, results=True)
    right = _right(source, catalogue, index, current, asked, profile.plant)
    model = load_version(folder, folder / "manifest.json", derived)
    try:
        work = Evaluated(model, index, current, right, encoder_of(model, catalogue.with_codes()))
        found = evaluate(work, options, on_items)
    finally:
        model.close()
    if found is None:
        raise InvalidInput(
            f"No item of {source.description} can be judged: it has no routing to compare with ({asked.which}, judged against "
            f"{right.judged_against}). Choose other items, or a source with routings"
        )
    return found


def _right(
    source: Source,
    catalogue: Catalogue,
    index: ItemCodeIndex,
    current: CurrentRoutings,
    asked: Asked,
    schema: PlantSchema,
) -> RightRoutings:
    if asked.against not in AGAINST or asked.which not in WHICH:
        raise InvalidInput(f"against is one of {', '.join(AGAINST)}, which one of {', '.join(WHICH)}")
    truthful = has_truth(source)
    if asked.against == TRUTH and not truthful:
        raise InvalidInput(f"{source.description} has no table {TRUTH}: judge against {ROUTINGS}")
    if truthful and asked.against != ROUTINGS:
        right = truth_of(source, index, schema.routing)
    else:
        everyone = np.arange(len(index), dtype=np.int64)
        right = own_routings(current, everyone, families_of(catalogue, schema))
    wanted = right.positions()
    routed = current.table.lengths(wanted) > 0
    if asked.which != "all":
        wanted = wanted[routed if asked.which == "with-routing" else ~routed]
    if asked.codes:
        named = index.find_many(asked.codes)
        unknown = [code for code, position in zip(asked.codes, named.tolist(), strict=True) if position < 0]
        if unknown:
            raise InvalidInput(f"{source.description} has no item {unknown[0]!r} ({len(unknown)} such codes)")
        wanted = np.intersect1d(wanted, named.astype(np.int64))
    return RightRoutings(
        right.judged_against, {position: right.routings[position] for position in wanted.tolist()}, right.families
    )


def encoder_of(model: SearchableModel, columns: Columns) -> Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float32]]:
    """Encodes rows of a catalogue with the version's encoder."""

    def encode(rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float32]:
        chosen = {name: cells(column.of_rows(rows)) for name, column in columns.items()}
        return model.encode(chosen, len(rows))  # type: ignore[arg-type]

    return encode
