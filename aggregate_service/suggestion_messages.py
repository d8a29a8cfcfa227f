"""The message of a drafted profile, with what it takes for what and what it would read."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

import orjson
import polars as pl

from aggregate_service.messages import to_table
from aggregate_service.source_browsing import SuggestedSource
from common.notice_messages import notice_message, notice_messages
from common.notices import notice_json
from plant.schema import FEATURES
from protos.aggregate.v1 import aggregate_pb2 as pb
from protos.common.v1 import table_pb2
from source.suggestion.preview import PreviewedItem
from source.suggestion.roles import roles_taken


def to_suggestion(suggested: SuggestedSource) -> pb.SuggestProfileResponse:
    """The message of a draft."""
    draft, preview = suggested.draft, suggested.preview
    found, profile = draft.found, draft.profile
    roles = (
        (role.role, role.column, role.unit, role.unit_column, _list(role.examples))
        for role in roles_taken(found, profile)
    )
    left_out = found.items.left_out if found.items is not None else ()
    return pb.SuggestProfileResponse(
        profile_json=orjson.dumps(profile.document()).decode(),
        items_table=found.items.table.name if found.items is not None else "",
        operations_table=found.operations.table.name,
        results_table=found.results.table.name if found.results is not None else "",
        operations_by_query=bool(found.operation_sql),
        items_by_query=bool(found.item_sql) or found.items is None,
        roles=_texts(("role", "column", "unit", "unit_column", "examples"), roles),
        features=_texts(
            ("column", "name", "kind", "unit", "unit_column", "display", "level", "examples"), _features(suggested)
        ),
        left_out=_texts(("column", "reason", "detail"), ((one.column, one.reason, one.detail) for one in left_out)),
        questions=[
            pb.ProfileQuestion(topic=one.topic, table=one.table, taken=one.taken, candidates=one.candidates)
            for one in found.questions
        ],
        columns=list(found.operations.table.columns),
        tables=suggested.tables,
        unread=_texts(
            ("table", "reason", "notice"), ((table, why, notice_json(why)) for table, why in draft.unread.items())
        ),
        items=[_item(item) for item in preview.items] if preview is not None else [],
        rows=preview.rows if preview is not None else 0,
        findings=preview.findings if preview is not None else [],
        problem=suggested.problem,
        finding_notices=notice_messages(preview.findings) if preview is not None else [],
        problem_notice=notice_message(suggested.problem),
    )


def _features(suggested: SuggestedSource) -> Iterator[tuple[str, ...]]:
    items, profile = suggested.draft.found.items, suggested.draft.profile
    if items is None:
        return
    names = {
        column.source: column.internal
        for column in profile.columns_of(FEATURES).values()
        if any(feature.name == column.internal for feature in profile.plant.features)
    }
    for one in items.features:
        examples = items.table.columns[one.column].examples
        yield (
            one.column, names.get(one.column, one.column), one.kind, one.unit or "", one.unit_column or "", one.display, str(one.level),
            _list(examples),
        )  # fmt: skip


def _item(item: PreviewedItem) -> pb.PreviewedItem:
    operations = item.operations
    columns = {name: operations[name].cast(pl.String).to_list() for name in operations.columns}
    return pb.PreviewedItem(
        code=item.code,
        features=_texts(("name", "value"), item.features.items()),
        operations=to_table(columns, operations.height),
    )


def _list(values: Sequence[str]) -> str:
    return orjson.dumps(values).decode()


def _texts(names: Sequence[str], rows: Iterable[Sequence[str | None]]) -> table_pb2.Table:
    """A table of texts."""
    made = list(rows)
    return to_table({name: [row[at] for row in made] for at, name in enumerate(names)}, len(made))
