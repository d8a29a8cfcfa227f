"""Reading what a training starts from: the items, and their current routings where learning or judging wants them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from common.errors import DataProblem
from common.notices import notice
from plant.blueprint.options import ProjectorOptions
from plant.schema import FEATURES, ITEM_CODE
from source.role_reading import check_required, table_of
from trained.encoder import EncoderOptions, telling_features
from trained.item_codes import ItemCodeIndex
from trainer.catalogue import Catalogue, cells, read_catalogue
from trainer.current_routings import CurrentRoutings, read_current_routings
from trainer.training_work import TrainingWork


def read_items(work: TrainingWork) -> Catalogue:
    """The items, and what is odd about their codes told.

    Raises:
        DataProblem: the source cannot be used, or has no items.
        InvalidInput: the options fit neither source nor items.
    """
    catalogue = _catalogue(work)
    figures = {
        "items": len(catalogue),
        "rows_read": catalogue.rows_read,
        "duplicate_items": catalogue.duplicates,
        "rows_without_item_code": catalogue.without_code,
    }
    work.report.add_metrics(figures)
    if catalogue.duplicates:
        named = ", ".join(repr(code) for code in catalogue.duplicate_codes)
        work.report.note(
            f"{catalogue.duplicates:,} rows have an item code that came before (such as {named}); the first of each counts",
            duplicate_items=catalogue.duplicates,
        )
    if catalogue.without_code:
        work.report.note(f"{catalogue.without_code:,} rows have no item code and are left out")
    return catalogue


def _catalogue(work: TrainingWork) -> Catalogue:
    family = work.profile.plant.item.family_column
    extra = [*projector_columns(work), *([family] if family else [])]
    table = table_of(work.source, work.profile, FEATURES)
    assert table is not None  # the item table is never optional
    check_required(work.source, work.profile, FEATURES, table, [column.name for column in work.source.columns(table)])
    total = work.source.count(table)
    with work.stage(
        "reading",
        notice("READING_ITEMS", "Reading items from {source}", source=work.source.description),
        total=total,
    ):
        return read_catalogue(
            work.source,
            work.profile,
            extra_columns=extra,
            on_rows=work.report.advance,
            batch_rows=work.options.load.batch_rows,
            mixed=True,
        )


def projector_columns(work: TrainingWork) -> list[str]:
    """Columns of the Projector export; those that the item table does not have are left out with a word."""
    if not work.options.projector.enabled:
        return []
    schema = work.profile.plant
    known = schema.columns(FEATURES)
    wanted = work.options.projector.metadata_columns
    if wanted == ProjectorOptions().metadata_columns and not set(wanted[1:]) & known.keys():
        wanted = (ITEM_CODE, *filter(None, (schema.item.name, *schema.item.levels)))
    unknown = [name for name in wanted if name not in known]
    if unknown:
        work.report.note(f"{', '.join(unknown)} is no column of the item table: left out of the Projector export")
    return [name for name in wanted if name in known] or [ITEM_CODE]


def projector_cells(work: TrainingWork, catalogue: Catalogue) -> dict[str, Sequence[object]] | None:
    """What the Projector export shows, by column; None: no export."""
    codes: list[object] = catalogue.codes.to_pylist() if work.options.projector.enabled else []
    names = projector_columns(work)
    return {name: codes if name == ITEM_CODE else cells(catalogue.extra[name]) for name in names} or None


def read_routings(work: TrainingWork, codes: ItemCodeIndex) -> CurrentRoutings | None:
    """The items' current routings; a source without a table of them is told and trained without.

    Raises:
        DataProblem: the table cannot be read, or a value in it does not fit: nothing could be predicted from it either.
    """
    with work.stage("learning", notice("READING_ROUTINGS", "Reading the routings of the items")):
        try:
            return read_current_routings(work.source, work.profile, codes, results=True, on_rows=work.report.advance)
        except DataProblem as problem:
            if problem.reason != "TABLE_MISSING":
                raise
            work.report.note(
                f"The version learns nothing from routings and its predictions are not judged: {problem.message}"
            )
            return None


def with_telling_features(work: TrainingWork, catalogue: Catalogue) -> TrainingWork:
    """The work with features that are usually kept out, such as an item's name, where no other one tells items apart.

    What the blueprint switches off by name stays off.
    """
    schema, chosen = work.profile.plant, work.options.weights
    weights, active = {**schema.weights, **chosen.weights}, {**schema.active, **chosen.active}
    telling = telling_features(catalogue.columns, EncoderOptions(), schema)
    if any(active[name] and weights[name] > 0 for name in telling):
        return work
    added = [name for name in telling if name not in chosen.active and weights[name] > 0]
    if added:
        work.report.note(
            f"No active feature tells the items apart: {', '.join(added)}, which usually {'take' if len(added) > 1 else 'takes'} no part, "
            f"{'do' if len(added) > 1 else 'does'} so here",
            features=added,
        )
    elif not telling:
        work.report.note(
            "No feature has two different values: nothing tells the items apart, so that all of them get what most of them are made like. "
            "Map columns in the input profile that say what kind of item each is"
        )
    options = replace(work.options, weights=replace(chosen, active={**chosen.active, **dict.fromkeys(added, True)}))
    return replace(work, options=options)
