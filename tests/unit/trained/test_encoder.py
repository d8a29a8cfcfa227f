"""The encoder: what makes two items near."""

from __future__ import annotations

import math
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from common.errors import DataProblem, InvalidInput
from plant.mechanical_seals import MECHANICAL_SEALS
from trained.encoder import BlockEncoder, EncoderOptions
from trained.encoding.dictionary_columns import DictionaryColumn

ROOT = Path(__file__).parents[3]
Item = dict[str, str | float | None]

RNG = np.random.default_rng(5)
ROWS = 400
CODES = [f"G{number}" for number in range(12)]


def texts(*values: str | None) -> DictionaryColumn:
    return DictionaryColumn(list(values), RNG.integers(0, len(values), ROWS).astype(np.int32))


CATALOGUE = {
    "ITEM_CD": DictionaryColumn([f"IT-{row}" for row in range(ROWS)]),
    "ITEM_GRP1": texts(*CODES),
    "ITEM_UNIT": DictionaryColumn(["EA"], np.zeros(ROWS, np.int32)),
    "SealTypeGrup": texts(*(f"S{number}" for number in range(300))),
    "ITEM_SPEC": texts(*(f"{number}x{number * 2}x5" for number in range(100)), None, ""),
    "OUTDIAMETER": DictionaryColumn(
        np.where(RNG.random(ROWS) > 0.1, np.exp(RNG.normal(4, 1, ROWS)), 0.0).astype(np.float64)
    ),
    "OUTDIAMETER_UNIT": texts("MM", "INCH", "mm"),
    "ROTATE_CLOCKWISE": DictionaryColumn(RNG.integers(0, 3, ROWS).astype(np.float64)),
}
ENCODER = BlockEncoder.fit(CATALOGUE)


def vector(**features: str | float | None) -> npt.NDArray[np.float32]:
    made: npt.NDArray[np.float32] = ENCODER.encode({name: [value] for name, value in features.items()}, 1)[0]
    return made


def similarity(one: Item, other: Item) -> float:
    return float(vector(**one) @ vector(**other))


def test_vectors_have_length_one_a_fixed_type_and_a_dimension_that_is_a_multiple_of_eight() -> None:
    vectors = ENCODER.transform(CATALOGUE)
    assert vectors.shape == (ROWS, ENCODER.dimension)
    assert vectors.dtype == np.float32
    assert ENCODER.dimension % 8 == 0
    assert 64 <= ENCODER.dimension <= 192
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-5)


def test_the_item_code_and_constant_columns_take_no_dimensions() -> None:
    assert {"ITEM_CD", "ITEM_UNIT"}.isdisjoint(block.feature for block in ENCODER.blocks)
    assert similarity({"ITEM_CD": "A", "ITEM_UNIT": "EA"}, {"ITEM_CD": "B", "ITEM_UNIT": "KG"}) == pytest.approx(1)


def test_equal_categories_are_equal_and_different_ones_equally_far_whatever_their_codes() -> None:
    distances = {round(similarity({"ITEM_GRP1": a}, {"ITEM_GRP1": b}), 5) for a in CODES for b in CODES if a != b}
    assert len(distances) == 1
    assert similarity({"ITEM_GRP1": "G3"}, {"ITEM_GRP1": " G3 "}) == pytest.approx(1)
    assert distances.pop() < 1


def test_sizes_compare_by_their_ratio() -> None:
    ratios = [similarity({"OUTDIAMETER": size}, {"OUTDIAMETER": size * 1.25}) for size in (0.5, 10, 120, 4000)]
    assert ratios == pytest.approx([ratios[0]] * 4, abs=1e-5)


def test_the_more_two_sizes_differ_the_less_similar_they_are() -> None:
    falling = [similarity({"OUTDIAMETER": 3.0}, {"OUTDIAMETER": 3.0 * ratio}) for ratio in (1, 1.05, 1.5, 2, 3, 5, 10)]
    assert falling == sorted(falling, reverse=True)
    assert falling[0] - falling[-1] > 0.1


def test_units_are_brought_to_millimetres() -> None:
    mm: Item = {"OUTDIAMETER": 25.4, "OUTDIAMETER_UNIT": "MM"}
    inch: Item = {"OUTDIAMETER": 1.0, "OUTDIAMETER_UNIT": "inch"}
    block = next(b for b in ENCODER.blocks if b.feature == "OUTDIAMETER")
    start = ENCODER.starts[ENCODER.blocks.index(block)]
    part = slice(start, start + block.width)
    assert vector(**mm)[part].tolist() == pytest.approx(vector(**inch)[part].tolist(), abs=1e-6)
    assert similarity({"OUTDIAMETER_UNIT": "mm"}, {"OUTDIAMETER_UNIT": "MM"}) == pytest.approx(1)


def test_every_kind_of_absence_is_the_same_and_zero_means_no_size() -> None:
    for absent in ("", "nan", None, "null", "-"):
        assert similarity({"ITEM_SPEC": absent}, {}) == pytest.approx(1)
    for absent_size in (0.0, None, math.nan, -3.0):
        assert similarity({"OUTDIAMETER": absent_size}, {}) == pytest.approx(1)


def test_zero_is_a_value_of_a_flag() -> None:
    assert similarity({"ROTATE_CLOCKWISE": 0.0}, {"ROTATE_CLOCKWISE": 1.0}) < 1
    assert similarity({"ROTATE_CLOCKWISE": 1.0}, {"ROTATE_CLOCKWISE": "1"}) == pytest.approx(1)


def test_texts_with_common_parts_are_nearer_than_texts_without() -> None:
    spec = "VD1-5gal-316L-(01-Coil)-FnlAsy"
    near = similarity({"ITEM_SPEC": spec}, {"ITEM_SPEC": "VD1-2gal-316L-(01-Coil)-FnlAsy"})
    far = similarity({"ITEM_SPEC": spec}, {"ITEM_SPEC": "Repair/K (수리)"})
    assert near > far
    assert similarity({"ITEM_SPEC": spec}, {"ITEM_SPEC": spec.lower()}) == pytest.approx(1)


def test_a_value_never_seen_is_unlike_every_known_one_and_the_vector_keeps_its_length() -> None:
    unseen = vector(ITEM_GRP1="never seen", OUTDIAMETER=12.0)
    assert np.linalg.norm(unseen) == pytest.approx(1, abs=1e-5)
    known = {round(float(unseen @ vector(ITEM_GRP1=code, OUTDIAMETER=12.0)), 5) for code in CODES}
    assert len(known) == 1
    assert known.pop() < 0.95


def test_a_common_rare_value_counts_as_much_as_a_common_frequent_one() -> None:
    vectors = ENCODER.transform(CATALOGUE)
    for block, start in zip(ENCODER.blocks, ENCODER.starts, strict=False):
        lengths = np.linalg.norm(vectors[:, start : start + block.width], axis=1)
        np.testing.assert_allclose(lengths, lengths[0], atol=1e-5)


def test_weights_act_on_the_length_of_blocks() -> None:
    heavy = BlockEncoder.fit(CATALOGUE, weights={"OUTDIAMETER": 100.0})
    a, b = heavy.encode({"OUTDIAMETER": [10.0, 10.0], "ITEM_GRP1": ["G1", "G2"]}, 2)
    assert float(a @ b) > 0.95


def test_inactive_features_and_features_without_weight_take_no_dimensions() -> None:
    encoder = BlockEncoder.fit(CATALOGUE, weights={"OUTDIAMETER": 0.0}, active={"ITEM_GRP1": False})
    assert {"OUTDIAMETER", "ITEM_GRP1"}.isdisjoint(block.feature for block in encoder.blocks)


def test_the_weights_of_a_call_scale_blocks() -> None:
    factors = ENCODER.block_factors({"ITEM_GRP1": 4.0, "OUTDIAMETER": 0.0})
    for block, start in zip(ENCODER.blocks, ENCODER.starts, strict=False):
        wanted = {"ITEM_GRP1": 2.0, "OUTDIAMETER": 0.0}.get(block.feature, 1.0)
        assert set(factors[start : start + block.width].tolist()) == {wanted}


@pytest.mark.parametrize("weights", [{"ITEM_GRP1": -1.0}, {"ITEM_GRP1": math.nan}, {"NOBODY": 1.0}])
def test_a_weight_that_makes_no_sense_is_refused(weights: dict[str, float]) -> None:
    with pytest.raises(InvalidInput, match=next(iter(weights))):
        ENCODER.block_factors(weights)


def test_weights_that_leave_nothing_are_refused() -> None:
    with pytest.raises(InvalidInput, match="leave no feature"):
        ENCODER.block_factors(dict.fromkeys(ENCODER.features, 0.0))


def test_equal_items_have_one_vector() -> None:
    columns = {"ITEM_GRP1": DictionaryColumn(["A"] * 3), "ITEM_CD": DictionaryColumn(["1", "2", "3"])}
    encoder = BlockEncoder.fit(columns)
    vectors = encoder.transform(columns)
    np.testing.assert_allclose(vectors @ vectors.T, 1.0)
    np.testing.assert_array_equal(BlockEncoder.from_state(encoder.to_state()).transform(columns), vectors)


def test_features_that_take_no_part_are_named_where_only_they_tell_items_apart() -> None:
    columns = {"ITEM_GRP1": DictionaryColumn(["A"] * 2), "ITEM_NM": DictionaryColumn(["ring", "shaft"])}
    with pytest.raises(InvalidInput, match="though ITEM_NM has: nothing tells the items apart"):
        BlockEncoder.fit(columns)


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(InvalidInput, match="ITEM_GRP1 has 1 rows"):
        ENCODER.transform({"ITEM_GRP1": DictionaryColumn(["A"]), "ITEM_SPEC": DictionaryColumn(["A", "B"])})


def test_a_state_of_plain_builtins_makes_the_same_encoder() -> None:
    state = ENCODER.to_state()
    again = BlockEncoder.from_state(pickle.loads(pickle.dumps(state)))
    np.testing.assert_array_equal(again.transform(CATALOGUE), ENCODER.transform(CATALOGUE))
    with pytest.raises(DataProblem, match="format"):
        BlockEncoder.from_state({"format": "other"})
    with pytest.raises(DataProblem, match="damaged"):
        BlockEncoder.from_state({**state, "blocks": [{"kind": "unheard of"}]})


def test_another_process_gets_the_same_vectors() -> None:
    program = (
        "import hashlib, numpy as np\n"
        "from trained.encoding.encoder_directions import seeds_of, text_directions, unit_directions\n"
        "a = unit_directions(seeds_of('F', ['슬리브', 'b']), 7)\n"
        "b = text_directions('F', ['슬리브 12', 'b', ''], 9)\n"
        "print(hashlib.sha256(a.tobytes() + b.tobytes()).hexdigest())\n"
    )
    prints = {
        subprocess.run(
            [sys.executable, "-c", program],
            cwd=ROOT,
            env={"PYTHONHASHSEED": seed, "PYTHONPATH": str(ROOT), "SYSTEMROOT": ""},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert len(prints) == 1


def test_dimensions_out_of_bounds_are_refused() -> None:
    with pytest.raises(InvalidInput, match="64 to 192"):
        BlockEncoder.fit(CATALOGUE, options=EncoderOptions(dimensions=1000))


cells = st.one_of(st.none(), st.text(max_size=8), st.floats(allow_nan=True, allow_infinity=True))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.dictionaries(st.sampled_from([f.name for f in MECHANICAL_SEALS.features]), cells), min_size=1, max_size=4
    )
)
def test_whatever_an_item_holds_its_vector_has_length_one(items: list[dict[str, str | float | None]]) -> None:
    columns = {feature.name: [item.get(feature.name) for item in items] for feature in MECHANICAL_SEALS.features}
    vectors = ENCODER.encode(columns, len(items))
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), 1, atol=1e-4)


@pytest.mark.parametrize(
    "column",
    [
        DictionaryColumn(["c", "a", None, "b", "a"]),
        DictionaryColumn(["c", "a", "b", "never"], np.array([2, -1, 0, 1, 0], np.int32)),
        DictionaryColumn(np.array([3.0, np.nan, 1.0, 2.0, 1.0])),
        DictionaryColumn(np.array([3.0, 1.0, np.nan]), np.array([2, -1, 0, 1, 0], np.int32)),
        DictionaryColumn.absent(5),
    ],
)
def test_the_column_of_some_rows_has_their_values_and_no_others(column: DictionaryColumn) -> None:
    rows = np.array([4, 0, 3], np.int64)
    some = column.of_rows(rows)
    names, codes = column.distinct(str)
    kept, moved = some.distinct(str)
    assert [kept[code] for code in moved] == [names[code] for code in codes[rows]]
    assert len(some.values) <= len(rows) + 1
    np.testing.assert_array_equal(some.numbers(), column.numbers()[rows])
