"""Texts are read once, and items described alike however they are split; few and many queries are compared alike."""

import numpy as np
import pytest

import methods.read_texts
from methods.feature_table import ColumnKind, FeatureColumn, FeatureTable
from methods.item_description import ItemDescription
from methods.likeness_member import FEW, chances_of, votes
from methods.members import SHARES, Learner, likeness
from methods.read_texts import ReadTexts
from methods.text_parts import parts_of_text

TEXTS = ["shaft 30x200", "shaft 30x200", "plate 300x100x20", "", "ring Ø30", "shaft 40x100", "plate 200x100x20"] * 12


def table() -> FeatureTable:
    random = np.random.default_rng(3)
    return FeatureTable(
        (
            FeatureColumn.of_texts("name", ColumnKind.TEXT, [f"{text} {random.integers(9)}" for text in TEXTS]),
            FeatureColumn.of_texts("size", ColumnKind.TEXT, TEXTS),
            FeatureColumn.of_texts("family", ColumnKind.CATEGORY, [text[:3] for text in TEXTS]),
            FeatureColumn.of_numbers("length", random.uniform(10, 100, len(TEXTS))),
        ),
        len(TEXTS),
    )


def test_columns_of_some_items_share_what_was_read(monkeypatch: pytest.MonkeyPatch) -> None:
    read: list[str] = []

    def counting(text: str) -> list[str]:
        read.append(text)
        return parts_of_text(text)

    monkeypatch.setattr(methods.read_texts, "parts_of_text", counting)
    whole = table()
    for start in range(5):
        ItemDescription.fit(whole.of(np.arange(start, len(TEXTS), 5)))
    ItemDescription.fit(whole)
    assert len(read) == sum(len(column.values) for column in whole.columns if column.kind is ColumnKind.TEXT)


def test_parts_of_an_item_are_those_of_all_its_texts() -> None:
    whole = table()
    description = ItemDescription.fit(whole)
    described = description.describe(whole)
    for item in (0, 3, 50):
        texts = [str(column.values[column.codes[item]]) for column in whole.columns[:2] if column.codes is not None]
        wanted: dict[str, int] = {}
        for part in (part for text in texts for part in parts_of_text(text) if part in description.parts):
            wanted[part] = wanted.get(part, 0) + 1
        own = slice(int(described.part_offsets[item]), int(described.part_offsets[item + 1]))
        found = {
            description.parts[part]: int(count)
            for part, count in zip(described.parts[own], described.counts[own], strict=True)
        }
        assert found == wanted


def test_texts_beyond_those_that_are_kept_are_read_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(methods.read_texts, "MOST_KEPT", 2)
    texts = ReadTexts(["one 1", "two 2", "three 3"])
    first = [texts.parts(np.array([place])) for place in (0, 1, 2, 0)]
    assert first[0][1].tolist() == first[3][1].tolist()
    assert texts.numbers(np.array([0, 1, 2, 0]))[:, 0].tolist() == [1, 2, 3, 1]


def test_few_and_many_queries_are_compared_alike() -> None:
    learner = Learner.of(table(), np.zeros(len(TEXTS), np.int64), 1)
    member = likeness(learner, SHARES[0], 0.1)
    many = member.similarities(learner.described)
    few = member.similarities(learner.described.of(np.arange(FEW)))
    assert np.allclose(few, many[:FEW], atol=1e-6)
    assert np.allclose(np.diag(many), 1.0, atol=1e-5)


def test_the_chance_of_one_routing_is_what_the_votes_give_it() -> None:
    random = np.random.default_rng(5)
    similar = random.uniform(-1, 1, (6, 9)).astype(np.float32)
    similar[2, 4] = -np.inf
    similar[3] = -np.inf
    of_item, asked = random.integers(0, 3, 9), random.integers(0, 3, 6)
    for bandwidth in (1e-6, 0.1):
        whole = votes(similar, of_item, 3, bandwidth)
        assert np.allclose(chances_of(similar, of_item, asked, bandwidth), whole[np.arange(6), asked])
    assert not whole[3].any()
