"""A source's tables and columns are recognised by their data, whatever language or system they come from."""

from __future__ import annotations

import random

import polars as pl
import pytest

from source.suggestion import NothingFound, Suggestion, suggest
from tests.unit.source.suggestion import foreign_plants


def roles(found: Suggestion) -> dict[str, str | None]:
    """Role -> column of the operations table."""
    operations = found.operations
    columns = {
        "item": operations.path.column,
        "number": operations.routing_number,
        "sequence": operations.sequence,
        "operation": operations.operation,
        "operation_name": operations.operation_name,
        "machine": operations.machine,
    }
    named = {role: column.name if column is not None else None for role, column in columns.items()}
    return named | {time.role: time.column.name for time in operations.times}


def kinds(found: Suggestion) -> dict[str, str]:
    """Feature -> kind."""
    assert found.items is not None
    return {feature.column: feature.kind for feature in found.items.features}


def left_out(found: Suggestion) -> dict[str, str]:
    """Column -> why it is no feature."""
    assert found.items is not None
    return {column.column: column.reason for column in found.items.left_out}


def displays(found: Suggestion) -> dict[str, str]:
    """What is shown of an item -> its column."""
    assert found.items is not None
    return {feature.display: feature.column for feature in found.items.features if feature.display}


def test_a_task_list_of_sap_is_found_behind_its_assignment_to_materials() -> None:
    found = suggest(foreign_plants.sap())
    assert found.operations.table.name == "PLPO"
    assert found.items is not None
    assert found.items.table.name == "MARA"
    assert roles(found) == {
        "item": "PLNNR", "number": None, "sequence": "VORNR", "operation": "KTSCH", "operation_name": "LTXA1", "machine": "ARBPL",
        "setup": "VGW01", "run": "VGW02",
    }  # fmt: skip
    assert [time.unit_column and time.unit_column.name for time in found.operations.times] == ["VGE01", "VGE02"]
    assert 'JOIN "MAPL" AS h ON o."PLNNR" = h."PLNNR"' in found.operation_sql
    assert displays(found) == {"name": "MAKTX", "specification": "GROES", "material": "WRKST"}
    assert found.sure, found.questions


def test_operations_of_odoo_hang_on_bills_of_material_and_components_are_no_operations() -> None:
    found = suggest(foreign_plants.odoo())
    assert found.operations.table.name == "mrp_routing_workcenter"
    assert roles(found)["sequence"] == "sequence"
    assert roles(found)["operation"] == "name"
    assert roles(found)["run"] == "time_cycle_manual"
    assert found.operation_sql_columns == {"item": "product_tmpl_id", "machine_name": "mrp_workcenter"}
    assert kinds(found)["product_category"] == "category"
    assert left_out(found) == {"categ_id": "named", "active": "constant", "create_uid": "audit", "write_date": "audit"}
    assert found.sure, found.questions


def test_child_documents_of_erpnext_find_their_items_through_their_parents() -> None:
    found = suggest(foreign_plants.erpnext())
    assert found.operations.table.name == "BOM Operation"
    assert roles(found)["sequence"] == "idx"
    assert roles(found)["run"] == "time_in_mins"
    assert found.operations.times[0].unit == "MIN"
    assert found.operation_sql_columns["item"] == "item"
    assert displays(found)["name"] == "item_name"
    assert found.sure, found.questions


def test_korean_columns_are_understood_and_order_lines_are_no_operations() -> None:
    found = suggest(foreign_plants.korean())
    assert roles(found) == {
        "item": "품목코드", "number": None, "sequence": "공정순서", "operation": "공정코드", "operation_name": "공정명", "machine": "설비",
        "setup": "준비시간", "run": "가공시간",
    }  # fmt: skip
    assert found.operation_sql == ""
    assert displays(found) == {"name": "품명", "specification": "규격", "material": "재질"}
    assert left_out(found) == {"단위": "constant", "등록일": "audit", "등록자": "audit"}
    assert found.sure, found.questions


def test_an_event_log_gets_a_sequence_and_minutes_by_query_and_asks_for_the_items() -> None:
    found = suggest(foreign_plants.event_log())
    assert roles(found)["item"] == "Part Desc."
    assert roles(found)["number"] == "Case ID"
    assert roles(found)["operation"] == "Activity"
    assert found.operation_sql_columns == {"sequence": "sequence", "run": "minutes"}
    assert "row_number() OVER (PARTITION BY" in found.operation_sql
    assert [question.topic for question in found.questions] == ["no_items"]


def test_a_column_that_equals_a_figure_of_the_routing_is_no_feature() -> None:
    tables = foreign_plants.korean()
    counts = tables["표준공정"].group_by("품목코드").agg(pl.len().alias("비고값"))
    tables["품목마스터"] = tables["품목마스터"].join(counts, on="품목코드", how="left")
    found = suggest(tables)
    assert left_out(found)["비고값"] == "answer"


def test_columns_without_telling_names_are_found_by_their_data_and_asked_about() -> None:
    renamed = foreign_plants.korean()
    renamed["표준공정"] = renamed["표준공정"].rename(dict(zip(renamed["표준공정"].columns, "abcdefg", strict=True)))
    renamed["품목마스터"] = renamed["품목마스터"].rename({"품목코드": "x1", "품명": "x2"})
    found = suggest({"t1": renamed["품목마스터"], "t2": renamed["표준공정"], "t3": renamed["수주상세"]})
    assert found.operations.table.name == "t2"
    assert roles(found)["item"] == "a"
    assert roles(found)["sequence"] == "b"
    assert roles(found)["operation"] in ("c", "d")
    assert not found.sure


def test_an_order_of_rows_and_columns_changes_nothing_but_ties() -> None:
    tables = foreign_plants.sap()
    draw = random.Random(4)
    shuffled = {}
    for name in draw.sample(sorted(tables), len(tables)):
        columns = draw.sample(tables[name].columns, tables[name].width)
        shuffled[name] = tables[name].select(columns).sample(fraction=1.0, shuffle=True, seed=8)
    assert roles(suggest(shuffled)) == roles(suggest(tables))


@pytest.mark.parametrize(
    "tables",
    [
        pytest.param({}, id="no table"),
        pytest.param(
            {"items": pl.DataFrame({"code": ["a", "b", "c"], "colour": ["red", "red", "blue"]})}, id="items alone"
        ),
        pytest.param({"empty": pl.DataFrame({"a": [], "b": []})}, id="no rows"),
        pytest.param({"one": pl.DataFrame({"x": [None, None]})}, id="no values"),
    ],
)
def test_a_source_without_operations_is_said_to_have_none(tables: dict[str, pl.DataFrame]) -> None:
    with pytest.raises(NothingFound):
        suggest(tables)


def test_two_tables_that_could_both_be_the_operations_are_asked_about() -> None:
    tables = foreign_plants.korean()
    tables["공정표"] = tables["표준공정"].clone()
    found = suggest(tables)
    assert [question.topic for question in found.questions if question.topic == "operations_table"] == [
        "operations_table"
    ]
