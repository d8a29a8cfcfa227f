"""Item codes come from text, CSV and Parquet files as people and Excel write them."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import polars as pl
import pytest

from cli.predicting.item_list import read_item_list
from common.errors import InvalidInput


def written(path: Path, content: str, encoding: str = "utf-8") -> str:
    path.write_bytes(content.encode(encoding))
    return str(path)


def test_a_text_file_has_a_code_a_line_and_blank_lines_do_not_count(tmp_path: Path) -> None:
    found = read_item_list(written(tmp_path / "codes.txt", " A-1 \r\n\r\nB;2\n\u3000C'3\n"))
    assert found.codes == ["A-1", "B;2", "C'3"]


def test_an_item_is_predicted_once_however_it_is_written(tmp_path: Path) -> None:
    found = read_item_list(written(tmp_path / "codes.txt", "a-1\nA-1\n A-1\nB\n"))
    assert (found.codes, found.repeated) == (["a-1", "B"], 2)


@pytest.mark.parametrize("encoding", ["utf-8-sig", "cp949", "utf-16"])
def test_korean_text_is_read_in_the_encodings_of_excel(tmp_path: Path, encoding: str) -> None:
    assert read_item_list(written(tmp_path / "codes.csv", "품목코드\n슬리브-1\n", encoding)).codes == ["슬리브-1"]


@pytest.mark.parametrize(
    "content",
    ["ITEM_NM,ITEM_CD\nseal,A-1\nsleeve,B-2\n", 'name;item_cd\n"a;b";A-1\nx;B-2\n', "x\tCode\n1\tA-1\n2\tB-2\n"],
)
def test_the_column_with_codes_is_found_by_its_name(tmp_path: Path, content: str) -> None:
    assert read_item_list(written(tmp_path / "codes.csv", content)).codes == ["A-1", "B-2"]


def test_a_table_without_such_a_name_gives_its_first_column_and_its_first_line(tmp_path: Path) -> None:
    assert read_item_list(written(tmp_path / "codes.csv", "A-1,x\nB-2,y\n")).codes == ["A-1", "B-2"]


def test_a_parquet_file_gives_its_column_of_codes(tmp_path: Path) -> None:
    pl.DataFrame({"n": [1, 2, 3], "ITEM_CD": ["A-1", None, "B-2"]}).write_parquet(tmp_path / "codes.parquet")
    assert read_item_list(str(tmp_path / "codes.parquet")).codes == ["A-1", "B-2"]


def test_standard_input_is_read_for_a_dash(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"A-1\nB-2\n")))
    assert read_item_list("-").codes == ["A-1", "B-2"]


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("codes.xlsx", b"PK", "saved as CSV"),
        ("codes.txt", b"\n \n", "holds no item codes"),
        ("codes.txt", b"\xff\x00\x81\x00\xff", "is not text"),
        ("codes.parquet", b"nothing of the kind", "is no Parquet file"),
    ],
)
def test_what_cannot_be_read_is_refused_with_what_to_do(tmp_path: Path, name: str, content: bytes, words: str) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(InvalidInput, match=words):
        read_item_list(str(tmp_path / name))


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"nothing\.txt cannot be read"):
        read_item_list(str(tmp_path / "nothing.txt"))


@pytest.mark.parametrize("rows", ['"{}",b\nA-1,x\n', 'A-1,x\n"{}",b\n', 'ITEM_CD,x\n"{}",b\n'])
def test_a_cell_without_end_is_a_damaged_table_in_whatever_row_it_stands(tmp_path: Path, rows: str) -> None:
    with pytest.raises(InvalidInput, match="damaged"):
        read_item_list(written(tmp_path / "codes.csv", rows.format("x" * 140_000)))
