"""Columnar tables as JSON, by column and by object."""

from __future__ import annotations

import math
from typing import Any

import orjson
import pytest

from common.tables import integer_column, number_column, table, text_column
from gateway.translate.rows import row_members, rows_of
from protos.common.v1 import table_pb2 as pb

TABLES: dict[str, pb.Table] = {
    "plain": table(2, [text_column("A", ["x", "선삭"]), number_column("N", [1.0, 2.5]), integer_column("I", [1, -2])]),
    "absent": table(
        3,
        [
            text_column("A", ["x", None, ""]),
            number_column("N", [None, math.nan, 0.1]),
            integer_column("I", [None, 2, 3]),
        ],
    ),
    "quotes": table(3, [text_column("A", ['a","b', '"', "\\"]), text_column("B", ["\\", 'x"', '","'])]),
    "escapes": table(2, [text_column("A", ["line\nbreak", "tab\t\x00 \u2028"]), text_column("B", ["a,b", "[,]"])]),
    "percent": table(1, [text_column("100 %s %b", ["5 %d"]), number_column('"%', [1e300])]),
    "empty text": table(1, [text_column("A", [""])]),
    "only empty texts": table(2, [text_column("A", ["", ""])]),
    "no rows": table(0, [text_column("A", []), number_column("N", []), integer_column("I", [])]),
    "no columns": table(2, []),
    "nothing": table(0, []),
    "infinite": table(2, [number_column("N", [math.inf, -math.inf])]),
    "large": table(1, [integer_column("I", [2**62])]),
    "no kind": table(1, [pb.Column(name="A", text=pb.TextValues(values=["x"]))]),
}


@pytest.mark.parametrize("name", TABLES)
def test_rows_made_by_column_are_those_made_by_object(name: str) -> None:
    made = [b"{%b}" % members for members in row_members(TABLES[name])]
    assert made == [orjson.dumps(row) for row in rows_of(TABLES[name])]


def test_columns_that_hold_json_are_taken_as_they_are() -> None:
    lists = table(3, [text_column("L", ['["a\\"b",1]', "", None]), text_column("T", ["[1]", "x", "y"])])
    rows: list[Any] = [orjson.loads(b"{%b}" % members) for members in row_members(lists, ("L",))]
    assert rows == [{"L": ['a"b', 1], "T": "[1]"}, {"L": None, "T": "x"}, {"L": [], "T": "y"}]


def test_a_table_whose_columns_differ_in_length_is_refused() -> None:
    with pytest.raises(ValueError, match="zip"):
        row_members(table(2, [text_column("A", ["x", "y"]), number_column("N", [1.0])]))
