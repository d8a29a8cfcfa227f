"""The candidate store: whole files, exact SQL, harmless names."""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path
from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.planning import candidate_sql, candidate_store
from auth_service.store.document_fields import Violations
from common.errors import InvalidInput, Unavailable
from plant.schema import PlantSchema

RECORDINGS = Path(__file__).parents[3] / "contract" / "recordings" / "candidates.json"
NOW = 1_790_000_000.25


def recorded(name: str) -> dict[str, Any]:
    return next(entry for entry in orjson.loads(RECORDINGS.read_bytes()) if entry["name"] == name)


def save(folder: Path, payload: object, candidate_id: str = "A-1_C01", item_code: str = "A-1") -> candidate_store.Saved:
    return candidate_store.save(
        folder, item_code, candidate_id, orjson.dumps(payload).decode(), "park@plant.example", NOW
    )


def test_the_sql_is_the_recorded_one(tmp_path: Path) -> None:
    entry = recorded("save with operations at the top")
    sent, expected = entry["request"]["json"], entry["response"]["json"]
    saved = save(tmp_path, sent["payload"], sent["candidate_id"], sent["item_code"])
    without_time = re.compile(r"'\d{4}-\d\d-\d\dT[\d:.]+'")
    assert [without_time.sub("'<time>'", text) for text in saved.sql_preview] == [
        without_time.sub("'<time>'", text) for text in expected["sql_preview"]
    ]
    assert len(saved.warnings) == len(expected["warnings"])
    assert all(saved.warnings)
    stored = orjson.loads(saved.path.read_bytes())
    assert stored["payload"] == sent["payload"]
    assert stored["saved_by"] == "park@plant.example"
    assert [path.name for path in saved.path.parent.iterdir()] == [saved.path.name]


def test_a_payload_without_operations_at_the_top_is_refused(tmp_path: Path) -> None:
    nested = recorded("save")["request"]["json"]["payload"]
    payloads: list[dict[str, Any]] = [nested, {}, {"operations": []}, {"operations": {}}]
    for payload in payloads:
        with pytest.raises(InvalidInput):
            save(tmp_path, payload)
    assert not list(tmp_path.rglob("*.json"))


def test_quotes_are_doubled_and_the_candidates_own_values_are_taken(tmp_path: Path) -> None:
    payload = {
        "ROUTING_SIGNATURE": "선삭+O'Ring",
        "similarity_score": 0.91,
        "PRIORITY": "primary",
        "SIMILARITY_TIER": "HIGH",
        "REFERENCE_ITEM_CD": "B-2",
        "generated_at": "2026-01-02T03:04:05",
        "operations": [{"PROC_SEQ": 10, "JOB_NM": "O'Ring", "SETUP_TIME": "1.5"}],
    }
    saved = save(tmp_path, payload, "A'1_C01", "A'1")
    assert saved.sql_preview[0].endswith(
        "VALUES ('A''1', 'A''1_C01', '선삭+O''Ring', 0.91, 'primary', 'HIGH', 'B-2', '2026-01-02T03:04:05');"
    )
    assert "'O''Ring'" in saved.sql_preview[1]
    assert ", 1.5, " in saved.sql_preview[1]
    assert saved.warnings == []


def test_at_most_20_operations_are_shown_and_all_are_stored(tmp_path: Path) -> None:
    saved = save(tmp_path, {"operations": [{"PROC_SEQ": n, "SETUP_TIME": 1} for n in range(1, 26)]})
    assert saved.sql_preview[1].count("\n  (") == 20
    assert "first 20 of 25" in saved.warnings[-1]
    assert len(orjson.loads(saved.path.read_bytes())["payload"]["operations"]) == 25


@pytest.mark.parametrize(
    "candidate_id",
    [
        "",
        " ",
        "\u00a0a",
        "../../x",
        "a/b",
        "a\\b",
        "c:d",
        "..",
        ".",
        ".hidden",
        "end.",
        "a\x00b",
        "a\nb",
        "NUL",
        "con.txt",
        "x" * 181,
        "*",
    ],
)
def test_an_id_that_could_be_a_path_is_refused(tmp_path: Path, candidate_id: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        save(tmp_path, {"operations": [{"PROC_SEQ": 1}]}, candidate_id)
    assert [violation.field for violation in caught.value.violations] == ["candidate_id"]
    with pytest.raises(InvalidInput):
        save(tmp_path, {"operations": [{"PROC_SEQ": 1}]}, "ok", candidate_id)
    assert not list(tmp_path.rglob("*.json"))


def test_a_code_that_begins_with_a_blank_is_stored_as_it_is(tmp_path: Path) -> None:
    saved = save(tmp_path, {"operations": [{"PROC_SEQ": 1}]}, " 4H69065ZZ_C01", " 4H69065ZZ")
    assert (saved.item_code, saved.candidate_id) == (" 4H69065ZZ", " 4H69065ZZ_C01")
    assert "VALUES (' 4H69065ZZ', ' 4H69065ZZ_C01', " in saved.sql_preview[0]
    assert saved.path.name.startswith("4H69065ZZ_C01.")
    assert orjson.loads(saved.path.read_bytes())["item_code"] == " 4H69065ZZ"


@given(st.text(max_size=30))
def test_an_accepted_id_names_a_file_in_the_store_itself(candidate_id: str) -> None:
    found = Violations()
    file_name = candidate_store.check_id(found, "candidate_id", candidate_id)
    try:
        found.check("x")
    except InvalidInput:
        return
    folder = Path("/store/candidates")
    assert (folder / f"{file_name}.json").parent == folder


@given(st.one_of(st.none(), st.integers(), st.floats(allow_nan=False, allow_infinity=False), st.text()))
def test_a_literal_never_ends_early(value: candidate_sql.Value) -> None:
    text = candidate_sql.literal(value)
    if isinstance(value, str):
        assert re.fullmatch(r"'(?:[^']|'')*'", text, re.DOTALL)
        assert text[1:-1].replace("''", "'") == value
    else:
        assert "'" not in text


@given(st.text(min_size=1))
def test_a_name_of_a_column_never_ends_early(name: str) -> None:
    text = candidate_sql.identifier(name)
    if text == name:
        assert re.fullmatch(r"[^\W\d]\w*", name)
        assert name.upper() not in {"SELECT", "GROUP", "ORDER", "FROM"}
    else:
        assert re.fullmatch(r'"(?:[^"]|"")*"', text, re.DOTALL)
        assert text[1:-1].replace('""', '"') == name


def test_columns_with_blanks_are_quoted_and_others_stay_as_they_are() -> None:
    named = [
        candidate_sql.identifier(name) for name in ("RUN_TIME", "공정", "Planned cost", 'a") VALUES (1); --', "2nd")
    ]
    assert named == ["RUN_TIME", "공정", '"Planned cost"', '"a"") VALUES (1); --"', '"2nd"']


def test_reserved_words_are_quoted_whatever_their_case_and_the_statement_can_be_run() -> None:
    names = ["ORDER", "Group", "select", "FROM", "Desde", "key", "a b", "Menge"]
    with sqlite3.connect(":memory:") as database:
        columns = [candidate_sql.identifier(name) for name in names]
        assert [name for name in names if name not in columns] == ["ORDER", "Group", "select", "FROM", "key", "a b"]
        database.execute(f"CREATE TABLE t ({', '.join(f'{name} TEXT' for name in columns)})")
        assert [row[1] for row in database.execute("PRAGMA table_info(t)")] == names


def test_what_a_planner_changed_under_the_common_names_is_in_the_sql_of_another_plant(tmp_path: Path) -> None:
    plant = PlantSchema.model_validate(
        {
            "name": "gears",
            "features": [{"name": "a", "kind": "text"}],
            "routing": {"machine": "Puesto", "setup": "Preparación", "run": "Ciclo", "wait": "Espera", "queue": ""},
            "output": {"aliases": {"Espera": "Esp"}},
        }
    )
    step = {"PROC_SEQ": 10, "Puesto": "T1", "Preparación": 30.0, "Ciclo": 4.0, "Esp": 30.0}
    changed = {**step, "RES_CD": "T9", "SETUP_TIME": 99.5, "RUN_TIME": 4.0, "WAIT_TIME": None}
    saved = candidate_store.save(
        tmp_path, "A", "A_C01", orjson.dumps({"operations": [changed]}).decode(), "p@x.example", NOW, plant
    )
    head, row = saved.sql_preview[1].split(" VALUES\n")
    values = dict(zip(head[head.index("(") + 1 : -1].split(", "), row.strip(" ();").split(", "), strict=True))
    assert (values["Puesto"], values["Preparación"], values["Ciclo"], values["Esp"]) == ("'T9'", "99.5", "4.0", "NULL")


def test_wrong_values_are_named_by_operation_and_column(tmp_path: Path) -> None:
    operations = [{"PROC_SEQ": 1.5}, {"PROC_SEQ": 2, "SETUP_TIME": "abc"}, 7, {"PROC_SEQ": 3, "JOB_NM": ["x"]}]
    with pytest.raises(InvalidInput) as caught:
        save(tmp_path, {"operations": operations, "SIMILARITY_SCORE": "high"})
    assert [violation.field for violation in caught.value.violations] == [
        "payload.SIMILARITY_SCORE",
        "payload.operations.0.PROC_SEQ",
        "payload.operations.1.SETUP_TIME",
        "payload.operations.2",
        "payload.operations.3.JOB_NM",
    ]


def test_a_store_that_cannot_be_written_says_so_and_leaves_nothing(tmp_path: Path) -> None:
    (tmp_path / candidate_store.FOLDER).write_text("in the way")
    with pytest.raises(Unavailable, match="nothing was saved"):
        save(tmp_path, {"operations": [{"PROC_SEQ": 1}]})
