"""What a bulk prediction has done survives the end of its process at any moment."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from cli.predicting.prediction_journal import JOURNAL_FILE, PredictionJournal
from cli.predicting.prediction_result import join_parts, write_unanswered
from common.errors import Conflict, InvalidInput, PreconditionFailed

CODES = ["A-1", "B-2", "C-3", "D-4"]
OPTIONS = {"top_k": 10, "batch": 2}


def rows(*codes: str) -> pl.DataFrame:
    return pl.DataFrame({"ITEM_CD": codes, "SETUP_TIME": [1.5] * len(codes), "NOTE": ["=1+1"] * len(codes)})


def opened(target: Path, **changed: object) -> PredictionJournal:
    return PredictionJournal(target, CODES, {**OPTIONS, **changed})


@pytest.fixture
def target(tmp_path: Path) -> Path:
    """A result whose first part an earlier run has finished."""
    journal = opened(tmp_path / "out.parquet")
    journal.add(0, 2, rows("A-1"), "v1", [("B-2", "unknown")])
    journal.close()
    return tmp_path / "out.parquet"


def test_a_later_run_knows_the_finished_parts(target: Path) -> None:
    journal = opened(target)
    assert {part.part: (part.items, part.operations, part.unanswered) for part in journal.finished.values()} == {
        0: (2, 1, (("B-2", "unknown"),))
    }
    journal.close()


def test_half_a_line_and_a_part_without_its_line_do_not_count(target: Path) -> None:
    journal = opened(target)
    journal.close()
    with open(journal.folder / JOURNAL_FILE, "ab") as stream:
        stream.write(b'{"part": 1, "items": 2, "oper')
    rows("C-3").write_parquet(journal.part_file(1))
    journal = opened(target)
    assert list(journal.finished) == [0]
    journal.add(1, 2, rows("C-3", "D-4"), "v1", [])
    journal.close()
    journal = opened(target)
    assert list(journal.finished) == [0, 1]
    journal.close()


def test_a_part_whose_file_is_cut_off_is_done_again(target: Path) -> None:
    part = opened(target)
    part.close()
    path = part.part_file(0)
    path.write_bytes(path.read_bytes()[:-10])
    journal = opened(target)
    assert journal.finished == {}
    journal.close()


def test_other_options_are_refused_unless_the_earlier_parts_are_dropped(target: Path) -> None:
    with pytest.raises(Conflict, match="--restart"):
        opened(target, top_k=20)
    with pytest.raises(Conflict, match="--restart"):
        PredictionJournal(target, CODES[:3], OPTIONS)
    journal = PredictionJournal(target, CODES[:3], OPTIONS, restart=True)
    assert journal.finished == {}
    journal.close()


def test_two_processes_do_not_write_one_result(target: Path) -> None:
    first = opened(target)
    with pytest.raises(Conflict, match="Another process"):
        opened(target)
    first.close()
    opened(target).close()


def test_a_folder_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "out.csv.parts").write_text("a file is in the way")
    with pytest.raises(PreconditionFailed, match=r"out\.csv\.parts"):
        opened(tmp_path / "out.csv")


def test_parts_whose_columns_differ_become_one_table(tmp_path: Path) -> None:
    pl.DataFrame({"ITEM_CD": ["A"], "SEQ": [1], "X": [None]}, schema_overrides={"X": pl.String}).write_parquet(
        tmp_path / "1"
    )
    pl.DataFrame({"ITEM_CD": ["B"], "SEQ": [2.5], "X": [3.0], "Y": ["y"]}).write_parquet(tmp_path / "2")
    assert join_parts([tmp_path / "1", tmp_path / "2"], tmp_path / "out.parquet") == 2
    assert pl.read_parquet(tmp_path / "out.parquet").to_dicts() == [
        {"ITEM_CD": "A", "SEQ": 1.0, "X": None, "Y": None},
        {"ITEM_CD": "B", "SEQ": 2.5, "X": "3.0", "Y": "y"},
    ]


def test_a_csv_file_opens_in_excel_and_runs_no_formula(tmp_path: Path) -> None:
    rows("A-1").write_parquet(tmp_path / "1")
    join_parts([tmp_path / "1"], tmp_path / "out.csv")
    assert (tmp_path / "out.csv").read_bytes() == "\ufeffITEM_CD,SETUP_TIME,NOTE\r\nA-1,1.5,'=1+1\r\n".encode()


def test_items_without_a_routing_are_listed_beside_the_result(target: Path) -> None:
    journal = opened(target)
    listed = write_unanswered(list(journal.finished.values()), target)
    assert listed is not None
    assert listed.read_text(encoding="utf-8-sig").split() == ["ITEM_CD,REASON", "B-2,unknown"]
    assert write_unanswered([], target) is None
    assert not listed.exists()
    journal.close()


def test_a_name_without_a_format_is_refused(tmp_path: Path) -> None:
    from cli.predicting.prediction_result import check_result_name

    with pytest.raises(InvalidInput, match=r"\.parquet or \.csv"):
        check_result_name(tmp_path / "out.xlsx")
