"""Item codes: found trimmed and in any case, shown as stored."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import DataProblem
from plant.item_keys import item_key
from trained.item_codes import ItemCodeIndex, key_hashes

CODES = [" 4H69065ZZ", "SLS-0000718", "슬리브\u3000", 'O\'RING "5"', "🔩-12", "sls-0000718", "", "ÄÖ-1"]


@pytest.fixture
def index(tmp_path: Path) -> ItemCodeIndex:
    ItemCodeIndex.write(tmp_path, CODES)
    return ItemCodeIndex.open(tmp_path)


def test_a_code_is_found_trimmed_and_in_any_case_and_shown_as_stored(index: ItemCodeIndex) -> None:
    assert index.find("4h69065zz  ") == 0
    assert index.code(0) == " 4H69065ZZ"
    assert index.find("\u3000슬리브") == 2
    assert index.find('o\'ring "5"') == 3
    assert index.find(" 🔩-12") == 4
    assert index.find("äö-1") == 7


def test_an_unknown_code_has_no_position(index: ItemCodeIndex) -> None:
    assert index.find("nothing") == -1
    assert index.find_many(["nothing", "SLS-0000718", "x" * 100_000]).tolist() == [-1, 1, -1]


def test_of_codes_with_the_same_key_the_first_is_found(index: ItemCodeIndex) -> None:
    assert index.find("sls-0000718") == 1


def test_codes_at_positions_keep_their_order(index: ItemCodeIndex) -> None:
    assert index.codes_at(np.array([4, 0, 4])) == ["🔩-12", " 4H69065ZZ", "🔩-12"]
    with pytest.raises(IndexError):
        index.code(len(CODES))


def test_an_arrow_array_with_nulls_can_be_written(tmp_path: Path) -> None:
    ItemCodeIndex.write(tmp_path, pa.chunked_array([pa.array(["A", None]), pa.array(["B"])]), prefix="items")
    index = ItemCodeIndex.open(tmp_path, prefix="items")
    assert len(index) == 3
    assert index.find("b") == 2
    assert index.codes.to_pylist() == ["A", "", "B"]


def test_an_empty_catalogue_finds_nothing(tmp_path: Path) -> None:
    ItemCodeIndex.write(tmp_path, [])
    index = ItemCodeIndex.open(tmp_path)
    assert len(index) == 0
    assert index.find("A") == -1
    assert index.find_many([]).tolist() == []


def test_a_missing_or_damaged_file_is_named(tmp_path: Path) -> None:
    ItemCodeIndex.write(tmp_path, CODES)
    (tmp_path / "item_codes.hash.npy").unlink()
    with pytest.raises(DataProblem, match=r"item_codes\.hash\.npy"):
        ItemCodeIndex.open(tmp_path)
    (tmp_path / "item_codes.arrow").write_bytes(b"nonsense")
    with pytest.raises(DataProblem, match=r"item_codes\.arrow"):
        ItemCodeIndex.open(tmp_path)


def test_files_of_different_catalogues_are_refused(tmp_path: Path) -> None:
    ItemCodeIndex.write(tmp_path, CODES)
    ItemCodeIndex.write(tmp_path, CODES[:3], prefix="other")
    (tmp_path / "other.hash.npy").replace(tmp_path / "item_codes.hash.npy")
    with pytest.raises(DataProblem, match="do not belong together"):
        ItemCodeIndex.open(tmp_path)


def test_hashes_do_not_depend_on_the_process() -> None:
    assert key_hashes(["sls-0000718"]).tolist() == [int.from_bytes(bytes.fromhex("2a0aa934623e9080"), "little")]


@settings(max_examples=50, deadline=None)
@given(st.lists(st.text(max_size=12), max_size=40))
def test_every_stored_code_is_found_where_its_key_first_stands(codes: list[str]) -> None:
    codes = [code.encode("utf-8", "ignore").decode() for code in codes]
    index = ItemCodeIndex.of(codes)
    first: dict[str, int] = {}
    for position, code in enumerate(codes):
        first.setdefault(item_key(code), position)
    assert index.find_many([f" {code.upper().lower()}\t" for code in codes]).tolist() == [
        first.get(item_key(code.upper().lower()), -1) for code in codes
    ]
    assert index.codes_at(np.arange(len(codes))) == codes


def test_codes_that_are_asked_again_are_found_again_however_many_came_between(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("trained.item_codes.REMEMBERED", 3)
    index = ItemCodeIndex.of(["a", "b", "c", "d", "e"])
    for _time in range(3):
        for codes in (["a", "x", "A "], ["b", "c"], ["d", "e", "a", "b", "c", "x"], ["c"]):
            wanted = ["abcde".find(code.strip().lower()) for code in codes]
            assert index.find_many(codes).tolist() == wanted
            assert [index.find(code) for code in codes] == wanted
    assert len(index._known) <= 6  # one call's codes, however many, and no more
    assert index.find_many(["c" + " " * 100_000, "a", "y" * 100_000]).tolist() == [2, 0, -1]
    assert max(map(len, index._known)) < 100
