"""An input profile against real sources: missing tables and columns, types, absent values, examples."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import orjson
import polars as pl
import pytest

from auth_service.mapping import input_check
from plant.input_profile import InputProfile
from plant.profile_files import read_profile
from source.diagnosis import diagnose

DATA = Path(__file__).parents[3] / "data"


def changed(**changes: dict[str, Any]) -> InputProfile:
    content = orjson.loads(InputProfile.built_in().to_json())
    for column in content["columns"]:
        if column["role"] == "features":
            column.update(changes.get(column["internal"], {}))
    return InputProfile.read(orjson.dumps(content).decode())


def test_the_plants_own_file_fits_the_built_in_profile() -> None:
    checked = input_check.check(InputProfile.built_in(), DATA / "small.accdb", rows=100)
    assert checked.problems == []
    assert checked.ok
    assert [(role, rows) for role, _table, rows in checked.tables] == [
        ("features", 100),
        ("routing", 100),
        ("results", 100),
    ]
    by_name = {column.internal: column for column in checked.columns if column.role == "features"}
    assert len(by_name) == 47
    code = by_name["ITEM_CD"]
    assert (code.found_type, code.null_share, len(code.examples)) == ("TEXT", 0.0, 5)
    assert by_name["OUTDIAMETER"].found_type == "NUMBER"
    assert all(column.null_share is not None and 0 <= column.null_share <= 1 for column in by_name.values())


def test_a_missing_column_is_named_with_table_and_mapping() -> None:
    checked = input_check.check(InputProfile.built_in(), DATA / "missing_column.accdb", rows=10)
    assert checked.opened
    assert checked.problems == ["dbo_BI_ITEM_INFO_VIEW lacks column OUTDIAMETER; the profile maps it to OUTDIAMETER"]
    optional = changed(OUTDIAMETER={"required": False})
    assert input_check.check(optional, DATA / "missing_column.accdb", rows=0).ok


def test_a_source_that_cannot_be_read_is_a_problem_and_not_an_error(tmp_path: Path) -> None:
    for path in (DATA / "truncated.accdb", tmp_path / "none.accdb", tmp_path):
        checked = input_check.check(InputProfile.built_in(), path)
        assert not checked.ok
        assert checked.problems[0]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    pl.DataFrame(
        {"코드": ["A", "B", None, "D"], "직경": ["1.5", "열", None, " 2 "], "공정": [1, 2, 3, 4]}
    ).write_parquet(tmp_path / "품목.parquet")
    pl.DataFrame({"코드": ["A"], "순번": [10]}).write_parquet(tmp_path / "공정표.parquet")
    return tmp_path


def test_text_in_a_numeric_column_is_named_with_its_item(folder: Path) -> None:
    profile = InputProfile.read(
        orjson.dumps(
            {
                "name": "p",
                "tables": {"features": "품목", "routing": "공정표"},
                "columns": [
                    {"internal": "ITEM_CD", "role": "features", "source": "코드"},
                    {"internal": "OUTDIAMETER", "role": "features", "source": "직경"},
                    {"internal": "INDIAMETER", "role": "features", "source": "공정"},
                    {"internal": "ITEM_CD", "role": "routing", "source": "코드"},
                    {"internal": "PROC_SEQ", "role": "routing", "source": "순번"},
                ],
            }
        ).decode()
    )
    checked = input_check.check(profile, folder)
    (problem,) = checked.problems
    assert problem.startswith("Table 품목, item 'B', column 직경: '열' is not a number. Correct it in the source")
    diameter = next(column for column in checked.columns if column.internal == "OUTDIAMETER")
    assert (diameter.null_share, diameter.examples, diameter.found_type) == (0.25, ["1.5", "열", " 2 "], "TEXT")


GEARS = DATA / "plants" / "engranajes"


def test_numbers_in_a_declared_format_and_words_for_absent_ones_are_no_problem(tmp_path: Path) -> None:
    profile = read_profile(GEARS / "profile.json")
    assert input_check.check(profile, GEARS).problems == []
    for path in GEARS.glob("*.csv"):
        (tmp_path / path.name).write_text(path.read_text(encoding="utf-8"), encoding="utf-8")
    items = (tmp_path / "piezas.csv").read_text(encoding="utf-8")
    items = items.replace(";0,55;", ";-;").replace(";0,4;", ";ligero;").replace("02.02.2021", "31.02.2021")
    (tmp_path / "piezas.csv").write_text(items, encoding="utf-8")
    found = input_check.check(profile, tmp_path).problems
    assert [problem.split(". ")[0] for problem in found] == [
        "Table piezas, item 'E-001', column Peso: 'ligero' is not of the format 1.234,5 that the input profile declares",
        "Table piezas, item 'E-002', column Alta: '31.02.2021' is not a date or time (such as 2024-12-31 or 2024-12-31 08:30:00)",
    ]


@pytest.mark.parametrize(("role", "internal"), [("features", "ITEM_CD"), ("routing", "PROC_SEQ")])
def test_a_key_that_the_source_lacks_keeps_the_profile_from_reading_it(role: str, internal: str) -> None:
    document = orjson.loads((GEARS / "profile.json").read_bytes())
    for column in document["columns"]:
        if (column["role"], column["internal"]) == (role, internal):
            column["source"] = "Nirgends"
    profile = InputProfile.parse(orjson.dumps(document).decode())
    (problem,) = input_check.check(profile, GEARS, rows=0).problems
    assert f"lacks column Nirgends; the profile maps it to {internal}" in problem
    diagnosed = diagnose(GEARS, profile)
    assert not diagnosed.ok
    assert "lacks column Nirgends" in diagnosed.verdict


def test_a_profile_that_is_wrong_by_itself_and_a_missing_table_are_problems(folder: Path) -> None:
    checked = input_check.check(changed(ITEM_CD={"source": ""}), folder)
    assert any("ITEM_CD" in problem for problem in checked.problems)
    other = orjson.loads(InputProfile.built_in().to_json())
    other["tables"]["features"] = "없음"
    missing = input_check.check(InputProfile.read(orjson.dumps(other).decode()), folder, rows=0)
    assert any("lacks table 없음" in problem for problem in missing.problems)


def test_a_query_role_is_previewed_with_its_columns_and_examples_and_refused_with_its_reason(tmp_path: Path) -> None:
    (tmp_path / "parts.csv").write_text("no,kind\n" + "".join(f"P{n},{n % 3}\n" for n in range(50)), encoding="utf-8")
    (tmp_path / "log.csv").write_text(
        "part,step,op\n" + "".join(f"P{n},{n % 4},O{n % 4}\n" for n in range(50)), encoding="utf-8"
    )

    def profile(sql: str) -> InputProfile:
        text = orjson.dumps(
            {
                "format": 2,
                "name": "q",
                "tables": {"features": "parts", "routing": "ops"},
                "queries": {"ops": sql},
                "schema": {"name": "q", "features": [{"name": "kind", "kind": "category"}]},
                "columns": [
                    {"internal": "ITEM_CD", "role": "features", "source": "no"},
                    {"internal": "kind", "role": "features", "source": "kind"},
                    {"internal": "ITEM_CD", "role": "routing", "source": "part"},
                    {"internal": "PROC_SEQ", "role": "routing", "source": "place"},
                    {"internal": "PROC_CD", "role": "routing", "source": "op"},
                ],
            }
        )
        return InputProfile.read(text.decode())

    checked = input_check.check(profile("SELECT part, 10 * (step + 1) AS place, op FROM log"), tmp_path, 20)
    assert checked.problems == []
    assert ("routing", "ops", 20) in checked.tables
    assert next(one for one in checked.columns if one.internal == "PROC_SEQ").examples[0] == "10"
    refused = input_check.check(profile("SELECT part, nothing AS place, op FROM log"), tmp_path, 20)
    assert "nothing" in refused.problems[0]
