"""CSV files as ERP systems and spreadsheets write them."""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest

from common.errors import DataProblem
from plant.columns import ColumnType
from source import open_source
from source.code_pages import likely_code_pages
from source.csv_head import read_head


def table(folder: Path, text: str | bytes, encoding: str = "utf-8") -> pl.DataFrame:
    (folder / "t.csv").write_bytes(text if isinstance(text, bytes) else text.encode(encoding))
    source = open_source(folder)
    return pl.concat(list(source.batches("t", [column.name for column in source.columns("t")], {}, 2)))


@pytest.mark.parametrize(
    "text",
    [
        "Nr,Zeit,\nA,1,\nB,2,\n",
        "Nr,Zeit\nA,1,\nB,2,\n",
        "Nr,Zeit,\nA,1\nB,2\n",
        "sep=;\nNr;Zeit\nA;1\nB;2\n",
        '"sep=\t"\r\nNr\tZeit\r\nA\t1\r\nB\t2\r\n',
        "Arbeitspläne Werk 1\n\nNr;Zeit\nA;1\nB;2\n",
        "Stand: 01.02.2024;;\n;;\nNr;Zeit;\nA;1;\nB;2;\n",
        "|Nr|Zeit|\n|A|1|\n|B|2|\n",
    ],
)
def test_titles_separators_at_the_end_and_sep_lines_are_no_columns(tmp_path: Path, text: str) -> None:
    frame = table(tmp_path, text)
    assert frame.to_dict(as_series=False) == {"Nr": ["A", "B"], "Zeit": [1, 2]}


def test_a_line_break_in_a_title_of_a_column_is_a_blank(tmp_path: Path) -> None:
    frame = table(tmp_path, '"Teil\nNr.",Zeit\n"A\nB",1\nC,2\n')
    assert frame.columns == ["Teil Nr.", "Zeit"]
    assert frame["Teil Nr."].to_list() == ["A\nB", "C"]


def test_codes_that_excel_is_told_to_keep_are_texts(tmp_path: Path) -> None:
    frame = table(tmp_path, 'Nr,"=""Menge"""\n"=""00012345""",1\n="007",2\n')
    assert frame.to_dict(as_series=False) == {"Nr": ["00012345", "007"], "Menge": [1, 2]}


@pytest.mark.parametrize(
    ("text", "encoding"),
    [
        ("품목,공정\nA,선삭 가공\nB,연삭\n", "cp949"),
        ("品番,工程\nA,旋盤\nB,研削カット\n", "cp932"),
        ("Länge,Fläche\nA,Prüfen\nB,Schleifen außen\n", "cp1252"),
        ("名称,工序\nA,车削\nB,磨削\n", "gb18030"),
        ("Désignation,Opération\nA,Perçage\nB,Contrôle\n", "cp1252"),
        ("Référence,Tps réglage\nA,Tournage\nB,Reçu\n", "cp1252"),
        ("Matière,Phase\nA,é\nB,à part\n", "cp1252"),
        ("Descripción,Operación\nA,Torneado año\nB,Fresado ¡ya!\n", "cp1252"),
        ("Descrição,Operação\nA,Furação\nB,Retífica\n", "cp1252"),
        ("Descrizione,Perché\nA,Qualità però\nB,Così è\n", "cp1252"),
        ("Materiał,Czynność\nA,Toczenie wału\nB,Żarzenie\n", "cp1250"),
        ("Označení,Operace\nA,Soustružení\nB,Broušení děr\n", "cp1250"),
        ("Megnevezés,Művelet\nA,Esztergálás\nB,Hőkezelés\n", "cp1250"),
        ("Parça,İşlem\nA,Talaş kaldırma\nB,Taşlama ağır\n", "cp1254"),
        ("Наименование,Операция\nA,Токарная\nB,Шлифование №2\n", "cp1251"),
        ("Περιγραφή,Εργασία\nA,Τόρνευση\nB,Λείανση\n", "cp1253"),
        ("Désignation,Größe\nÉtirer,Länge müßte\nReçu à,Fläche\n", "cp1252"),
        ("Stoff,Menge\nA,5 m³\nB,12 °C ± 1\n", "cp1252"),
        ("품목,공정\nA,선삭\nB,연삭\n", "utf-16"),
    ],
)
def test_texts_of_every_code_page_are_words(tmp_path: Path, text: str, encoding: str) -> None:
    frame = table(tmp_path, text, encoding)
    assert frame.columns == text.split("\n")[0].split(",")
    assert frame.rows() == [tuple(line.split(",")) for line in text.splitlines()[1:]]


def test_bytes_that_are_no_words_are_of_no_code_page() -> None:
    assert likely_code_pages(b"A,\xff\xff\xff\xfe\n") == ()


def test_the_separator_is_the_one_that_fits_most_lines() -> None:
    head = read_head("Liste, Stand heute\nNr;Maß, mm;Text\n1;2,5;a,b\n2;3,5;c\n", whole=True)
    assert not isinstance(head, str)
    assert (head.separator, head.columns, head.lines) == (";", ["Nr", "Maß, mm", "Text"], 2)


def test_a_row_with_too_many_values_is_named_below_titles_too(tmp_path: Path) -> None:
    with pytest.raises(DataProblem, match="row 4 has 3 values, the header has 2"):
        table(tmp_path, "Titel\nA;B\n1;2\n1;2;3\n")


def test_one_column_is_a_table(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("Nr\n007\n008\n", encoding="utf-8")
    assert open_source(tmp_path).columns("t")[0].type is ColumnType.TEXT
