"""The draft of a profile reads the source that it was made of, as Parquet and as CSV, into the same items and operations."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from common.errors import DataProblem
from plant.input_profile import InputProfile
from source import open_mapped, open_source
from source.role_reading import read_role
from source.suggestion.drafting import Draft, suggest_profile
from source.suggestion.report import asked, taken
from tests.unit.source.suggestion import foreign_plants


def written(tables: foreign_plants.Tables, folder: Path, ending: str) -> Path:
    """The tables as files of a folder."""
    folder.mkdir()
    for name, frame in tables.items():
        if ending == "csv":
            frame.write_csv(folder / f"{name}.csv", include_bom=True)
        else:
            frame.write_parquet(folder / f"{name}.parquet")
    return folder


def rows_of(path: Path, profile: InputProfile, role: str) -> pl.DataFrame:
    """Everything that the profile reads of a role."""
    return pl.concat(list(read_role(open_mapped(path, profile), profile, role)))


def drafted(path: Path) -> Draft:
    return suggest_profile(open_source(path), path.name)


@pytest.mark.parametrize("plant", sorted(foreign_plants.PLANTS))
def test_a_draft_is_a_valid_profile_that_survives_being_written(plant: str, tmp_path: Path) -> None:
    draft = drafted(written(foreign_plants.PLANTS[plant](), tmp_path / plant, "parquet"))
    assert InputProfile.parse(draft.profile.to_json()) == draft.profile
    assert all(line.strip() for line in taken(draft.found, draft.profile))
    assert all(asked(question).endswith(("?", "times", "alone")) for question in draft.found.questions)


@pytest.mark.parametrize(("plant", "items"), [("sap", 120), ("event_log", 41)])
def test_parquet_and_csv_give_the_same_operations(plant: str, items: int, tmp_path: Path) -> None:
    tables = foreign_plants.PLANTS[plant]()
    parquet, csv = (written(tables, tmp_path / ending, ending) for ending in ("parquet", "csv"))
    one, other = drafted(parquet).profile, drafted(csv).profile
    order = ["ITEM_CD", "ROUT_NO", "PROC_SEQ"] if plant == "event_log" else ["ITEM_CD", "PROC_SEQ"]
    operations = rows_of(parquet, one, "routing").sort(order)
    assert rows_of(csv, other, "routing").sort(order).equals(operations)
    assert operations["ITEM_CD"].n_unique() <= items
    assert (operations["RUN_TIME"] > 0).all()
    assert rows_of(parquet, one, "features").height == rows_of(csv, other, "features").height


def test_times_of_sap_are_minutes_whatever_unit_stands_in_their_row(tmp_path: Path) -> None:
    tables = foreign_plants.sap()
    path = written(tables, tmp_path / "sap", "parquet")
    read = rows_of(path, drafted(path).profile, "routing")
    hours = tables["PLPO"]["VGW02"].sum() * 60
    assert read["RUN_TIME"].sum() == pytest.approx(hours)
    assert read["SETUP_TIME"].sum() == pytest.approx(tables["PLPO"]["VGW01"].sum())


def test_a_source_without_operations_says_what_they_would_look_like(tmp_path: Path) -> None:
    folder = written(
        {"items": pl.DataFrame({"code": ["a", "b"], "colour": ["red", "blue"]})}, tmp_path / "x", "parquet"
    )
    with pytest.raises(DataProblem, match="one row an operation") as refused:
        drafted(folder)
    assert refused.value.reason == "NO_OPERATIONS"


def test_a_table_that_cannot_be_read_is_named_and_the_others_are_used(tmp_path: Path) -> None:
    folder = written(foreign_plants.korean(), tmp_path / "x", "parquet")
    (folder / "broken.csv").write_bytes(b"a,b\n1,2,3\n\xff\xfe\n")
    assert "broken" in drafted(folder).unread


def test_where_the_operations_cannot_be_read_it_says_so(tmp_path: Path) -> None:
    folder = written({"items": pl.DataFrame({"code": ["a", "b"], "colour": ["red", "blue"]})}, tmp_path / "x", "csv")
    (folder / "steps.csv").write_bytes(b"a,b\n1,2\n1,2,3\n")
    with pytest.raises(
        DataProblem, match=r"steps\.csv.*row 3 has 3 values.*\(items\) none looks like operations"
    ) as refused:
        drafted(folder)
    assert refused.value.reason == "SOURCE_DAMAGED"


@pytest.mark.parametrize("plant", ["adventureworks", "fabricad"])
def test_public_catalogues_are_described_without_a_question(plant: str) -> None:
    draft = drafted(Path("demo/plants") / plant)
    assert draft.found.sure, draft.found.questions
    assert draft.found.operations.table.name == {"adventureworks": "WorkOrderRouting", "fabricad": "plan"}[plant]
