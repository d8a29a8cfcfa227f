"""What can be read in two ways is read as something else of the source shows, or asked about; codes stay codes."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path

import polars as pl
import pytest

from source import open_mapped, open_source
from source.role_reading import read_role
from source.suggestion import suggest
from source.suggestion.drafting import suggest_profile
from source.suggestion.facts import Shape, Unclear, facts_of_column
from source.suggestion.report import asked, taken
from tests.unit.source.suggestion.spelled_plants import HELD_BACK, SHOWN
from tests.unit.source.suggestion.test_further_plants import found_roles, found_unit

PLANTS = {**SHOWN, **HELD_BACK}


@pytest.mark.parametrize("name", PLANTS)
def test_nothing_is_wrong_without_a_question(name: str) -> None:
    plant = PLANTS[name]()
    found = suggest(plant.tables)
    assert {role: column for role, column in found_roles(found).items() if role in plant.roles} == plant.roles
    assert found_unit(found) == plant.unit
    assert {str(question.topic) for question in found.questions} == plant.asks
    assert all(asked(question) for question in found.questions)


@pytest.mark.parametrize(
    ("name", "texts", "shape", "spelled", "unclear"),
    [
        ("CLASS", ["6H", "8D", "12M"], Shape.TEXT, "", None),
        ("LeadTime", ["6H", "8D"], Shape.WHOLE, "1h 30m", None),
        ("anything", ["1h 30m", "20m"], Shape.WHOLE, "1h 30m", None),
        ("anything", ["12 Min.", "3 Std."], Shape.WHOLE, "1h 30m", None),
        ("Grade", ["5M", "10M"], Shape.TEXT, "", None),
        ("Bore", ['1/2"', '2"'], Shape.NUMBER, '1 1/2"', None),
        ("ratio", ["1:50", "1:20"], Shape.TEXT, "", None),
        ("작업시간", ["1:50", "0:20"], Shape.NUMBER, "h:mm", Unclear.DURATION),
        ("Zeit (h:mm)", ["1:50"], Shape.NUMBER, "h:mm", None),
        ("Zeit", ["1:50:00"], Shape.NUMBER, "h:mm", None),
        ("code", ["1E5", "2E7", "10"], Shape.TEXT, "", None),
        ("weight", ["1.5E-05", "2.0"], Shape.NUMBER, "", None),
        ("code", ["inf", "1"], Shape.TEXT, "", None),
        ("code", ["NA", "null", "TRUE"], Shape.TEXT, "", None),
        ("code", ["00123", "12"], Shape.TEXT, "", None),
        ("code", ["1-2", "3-4"], Shape.TEXT, "", None),
        ("share", ["5%", "10%"], Shape.TEXT, "", None),
        ("n", ["1,234", "2,500", "999"], Shape.WHOLE, "1,234.5", Unclear.DECIMAL_SIGN),
        ("n", ["1,234", "12,500", "1500"], Shape.NUMBER, "1.234,5", None),
        ("n", ["1,234", "1,234,567"], Shape.WHOLE, "1,234.5", None),
        ("n", ["0,125", "1,250"], Shape.NUMBER, "1.234,5", None),
        ("n", ["1.234", "12.500"], Shape.NUMBER, "", Unclear.DECIMAL_SIGN),
        ("n", ["0.125", "12.500"], Shape.NUMBER, "", None),
        ("d", ["01/02/2024", "11/12/2024"], Shape.DATE, "%m/%d/%Y", Unclear.DATE_ORDER),
        ("d", ["03/03/2024", "04/04/2024"], Shape.DATE, "%m/%d/%Y", None),
        ("d", ["01-25-2024", "01-02-2024"], Shape.DATE, "%m-%d-%Y", None),
        ("d", ["1.2.2024", "11.12.2024"], Shape.DATE, "", None),
    ],
)
def test_what_a_column_can_be(name: str, texts: list[str], shape: Shape, spelled: str, unclear: Unclear | None) -> None:
    facts = facts_of_column("t", pl.Series(name, texts))
    assert (facts.shape, facts.spelled, facts.unclear) == (shape, spelled, unclear)


def routings_read(folder: Path, answers: dict[str, str], columns: list[str]) -> pl.DataFrame:
    """Rows of operations as the draft reads them."""
    draft = suggest_profile(open_source(folder), "p", answers=answers)
    assert draft.found.sure
    return pl.concat(list(read_role(open_mapped(folder, draft.profile), draft.profile, "routing", columns)))


def written(folder: Path, name: str) -> dict[str, pl.DataFrame]:
    tables = dict(PLANTS[name]().tables)
    for table, frame in tables.items():
        frame.write_csv(folder / f"{table}.csv")
    return tables


@pytest.mark.parametrize("choice", ["POINT", "COMMA"])
def test_an_answer_decides_how_numbers_are_read(tmp_path: Path, choice: str) -> None:
    tables = written(tmp_path, "Business Central")
    read = routings_read(tmp_path, {"decimal_sign": choice, "time_unit": "MIN"}, ["RUN_TIME"])["RUN_TIME"]
    first = tables["Routing Line"]["Run Time"][0]
    assert read[0] == float(first.replace(",", "" if choice == "POINT" else "."))


@pytest.mark.parametrize(("choice", "unit"), [("H_MM", 60.0), ("M_SS", 1.0)])
def test_an_answer_decides_what_clock_times_are(tmp_path: Path, choice: str, unit: float) -> None:
    tables = written(tmp_path, "ERPNext, child table")
    read = routings_read(tmp_path, {"duration": choice}, ["RUN_TIME"])["RUN_TIME"]
    first, second = tables["BOM Operation"]["time_in_process"][0].split(":")
    assert read[0] == pytest.approx((int(first) + int(second) / 60) * unit)


@pytest.mark.parametrize("choice", ["DMY", "MDY"])
def test_an_answer_decides_the_order_of_dates_also_within_a_query(tmp_path: Path, choice: str) -> None:
    tables = written(tmp_path, "event log, two columns")
    read = routings_read(tmp_path, {"date_order": choice}, ["ITEM_CD", "ENTERED_AT"])
    text = tables["production_log"]["started_at"][0]
    code = tables["production_log"]["part_no"][0]
    order = "%d/%m/%Y %H:%M" if choice == "DMY" else "%m/%d/%Y %H:%M"
    assert datetime.strptime(text, order) in read.filter(ITEM_CD=code)["ENTERED_AT"].to_list()


def test_what_was_taken_says_who_shows_it(tmp_path: Path) -> None:
    written(tmp_path, "SAP with grouped numbers")
    draft = suggest_profile(open_source(tmp_path), "p")
    assert "  PLPO.VGW02 is read as 1.234,5, as MARA.BRGEW shows" in list(taken(draft.found, draft.profile))


def test_item_codes_that_look_like_words_and_numbers_stay_as_they_are(tmp_path: Path) -> None:
    written(tmp_path, "Infor LN, codes like words")
    read = routings_read(tmp_path, {}, ["ITEM_CD"])["ITEM_CD"].unique().to_list()
    assert {"TRUE", "NA", "null", "1E5", "00123", "1-2"} <= set(read)


def test_beginnings_and_ends_in_rows_of_their_own_become_operations_with_minutes(tmp_path: Path) -> None:
    log = written(tmp_path, "log of states")["events"]
    read = routings_read(tmp_path, {}, ["ITEM_CD", "PROC_SEQ", "PROC_CD", "RUN_TIME"])
    assert read.height == log.height // 2
    begun, ended = (datetime.fromisoformat(log["timestamp"][row]) for row in (0, 1))
    first = read.filter(pl.col("ITEM_CD") == log["sku"][0]).sort("PROC_SEQ").row(0, named=True)
    assert first["PROC_CD"] == log["activity"][0]
    assert first["RUN_TIME"] == (ended - begun).total_seconds() / 60
