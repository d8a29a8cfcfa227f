"""Members predict what their evidence says, and say the same after being stored."""

from collections.abc import Sequence

import numpy as np
import pytest

from methods.choice import MemberScores, chosen_of, draws_of, hold_out, most_draws_of, tells_more
from methods.feature_table import ColumnKind, FeatureColumn, FeatureTable
from methods.members import BY_NAME, EVERYBODY, MEMBERS, Asked, Fitted, Learner, named, together
from methods.routing_classes import BOTH, COMMON, EXACT, RoutingClasses
from methods.text_parts import numbers_in, parts_of_text

TURNED, MILLED, WELDED = ("saw", "turn", "inspect"), ("saw", "mill", "inspect"), ("cut", "weld", "paint")


def plant(items: int, seed: int = 1) -> tuple[FeatureTable, list[tuple[str, ...]]]:
    """Items whose family decides their routing, beside a name and a length that say nothing."""
    random = np.random.default_rng(seed)
    families = random.integers(0, 3, items).tolist()
    columns = (
        FeatureColumn.of_texts("family", ColumnKind.CATEGORY, [f"family {one}" for one in families]),
        FeatureColumn.of_texts("name", ColumnKind.TEXT, [f"item {random.integers(1000)}" for _ in families]),
        FeatureColumn.of_numbers("length", random.uniform(10, 100, items)),
    )
    return FeatureTable(columns, items), [(TURNED, MILLED, WELDED)[one] for one in families]


def by_text(texts: list[str], routings: Sequence[tuple[str, ...]]) -> tuple[FeatureTable, list[tuple[str, ...]]]:
    return FeatureTable((FeatureColumn.of_texts("text", ColumnKind.TEXT, texts),), len(texts)), list(routings)


def fitted(name: str, table: FeatureTable, routings: list[tuple[str, ...]]) -> tuple[Learner, Fitted, RoutingClasses]:
    classes = RoutingClasses.of(routings)
    learner = Learner.of(table, classes.of_item, len(classes), trees=20)
    return learner, BY_NAME[name].fit(learner), classes


def proposals(
    name: str, train: FeatureTable, routings: list[tuple[str, ...]], asked: FeatureTable
) -> list[tuple[str, ...]]:
    learner, member, classes = fitted(name, train, routings)
    chances = member.predict(Asked(asked, learner.description.describe(asked)))
    return [classes.routings[number] for number in classes.proposed(chances, BY_NAME[name].rule).tolist()]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("300x100x200", [300, 100, 200]),
        ("M8x1.25", [8, 1.25]),
        ('1/2"', [0.5]),
        ('1 1/2" NPT', [1.5]),
        ("Ø30", [30]),
        ("12,5 mm", [12.5]),
        ("no number", []),
        ("", []),
        ("5/0", [5]),
        ("9" * 400, [999999999999999999.0]),
    ],
)
def test_numbers_within_texts_are_read(text: str, numbers: list[float]) -> None:
    assert numbers_in(text) == numbers


def test_texts_have_words_and_runs_of_characters() -> None:
    assert {"=shaft", " sh", "aft ", "sh"} <= set(parts_of_text("Shaft 30"))


@pytest.mark.parametrize("name", [member.name for member in MEMBERS if member.name != EVERYBODY])
def test_a_family_that_decides_is_found(name: str) -> None:
    train, routings = plant(120)
    asked, right = plant(40, seed=2)
    found = proposals(name, train, routings, asked)
    assert sum(one == wanted for one, wanted in zip(found, right, strict=True)) >= 30
    if "group" in name or name == "forest":
        assert found == right


def test_a_number_in_a_text_decides() -> None:
    random = np.random.default_rng(3)
    sizes = random.integers(10, 500, 80).tolist()
    table, routings = by_text([f"plate {one}x20" for one in sizes], [MILLED if one > 200 else TURNED for one in sizes])
    asked, _none = by_text(["plate 450x20", "plate 20x20"], [])
    assert proposals("forest", table, routings, asked) == [MILLED, TURNED]


def test_how_many_numbers_a_text_has_makes_groups() -> None:
    texts = [f"{a}x{a + 10}" for a in range(20, 40)] + [f"{a}x{a}x{a}" for a in range(20, 40)]
    table, routings = by_text(texts, [TURNED] * 20 + [MILLED] * 20)
    asked, _none = by_text(["7x9", "5x5x5"], [])
    assert proposals("group", table, routings, asked) == [TURNED, MILLED]


def test_a_word_of_the_name_decides() -> None:
    texts = [f"{word} no {number}" for number in range(25) for word in ("Shaft", "Housing")]
    table, routings = by_text(texts, [TURNED, MILLED] * 25)
    asked, _none = by_text(["shaft special", "Pump-housing"], [])
    assert proposals("forest", table, routings, asked) == [TURNED, MILLED]
    assert proposals("vote", table, routings, asked) == [TURNED, MILLED]


def test_an_unseen_group_gets_what_the_group_above_has() -> None:
    table, routings = plant(60)
    asked = FeatureTable((FeatureColumn.of_texts("family", ColumnKind.CATEGORY, ["never seen"]),), 1)
    usual = RoutingClasses.of(routings).routings[0]
    assert proposals("group", table, routings, asked) == [usual]


@pytest.mark.parametrize("name", [member.name for member in MEMBERS])
def test_a_stored_member_says_the_same(name: str) -> None:
    table, routings = plant(50)
    learner, member, _classes = fitted(name, table, routings)
    asked = Asked(table, learner.described)
    stored = {key: np.array(part) for key, part in member.to_parts().items()}
    np.testing.assert_allclose(Fitted.from_parts(stored).predict(asked), member.predict(asked), atol=1e-6)


def test_chances_are_shares() -> None:
    table, routings = plant(50)
    for member in MEMBERS:
        learner, found, _classes = fitted(member.name, table, routings)
        np.testing.assert_allclose(found.predict(Asked(table, learner.described)).sum(axis=1), 1.0, atol=1e-5)


def test_the_rule_decides_between_the_likely_and_the_middle_routing() -> None:
    routings = [("a", "x"), ("b", "c", "d"), ("b", "c", "e"), ("b", "c")]
    classes = RoutingClasses.of(routings)
    chances = np.array([[0.34, 0.22, 0.22, 0.22]])
    assert classes.routings[int(classes.proposed(chances, EXACT)[0])] == ("a", "x")
    assert classes.routings[int(classes.proposed(chances, COMMON)[0])] == ("b", "c")
    assert classes.routings[int(classes.proposed(chances, BOTH)[0])][:2] == ("b", "c")


def scores(name: str, exact: list[float], simple: bool = False) -> MemberScores:
    return MemberScores(name, simple, np.array(exact, float), np.array(exact, float))


def test_the_better_member_wins_and_of_equals_the_simpler_one() -> None:
    simple, better = scores("group", [1, 1, 0, 0, 1, 1, 1, 0]), scores("forest", [1, 1, 1, 0, 1, 1, 1, 0])
    assert chosen_of([simple, better]).name == "forest"
    assert chosen_of([simple, scores("forest", [0, 1, 1, 0, 1, 1, 1, 0])]).name == "group"


def test_what_everybody_is_made_like_is_chosen_only_where_all_else_is_clearly_worse() -> None:
    everybody, group = scores(EVERYBODY, [1, 0, 1, 0], True), scores("group", [1, 0, 1, 0.1], True)
    assert chosen_of([everybody, group]).name == "group"
    assert chosen_of([scores(EVERYBODY, [1, 0, 1, 1], True), scores("group", [1, 0, 1, 0], True)]).name == "group"
    assert chosen_of([scores(EVERYBODY, [1, 0, 1, 1]), scores("group", [1, 0, 0, 0])]).name == EVERYBODY
    assert chosen_of([everybody]).name == EVERYBODY


@pytest.mark.parametrize(("items", "draws"), [(2, 5), (25, 5), (119, 2), (200, 1), (800, 1)])
def test_folds_are_drawn_until_a_figure_rests_on_enough_predictions(items: int, draws: int) -> None:
    assert draws_of(items) == draws


def test_few_items_are_drawn_again_while_the_draws_decide_and_what_stays_undecided_predicts_together() -> None:
    table, routings = plant(30)
    classes = RoutingClasses.of(routings)
    clear = hold_out(table, classes, 1, [BY_NAME[EVERYBODY], BY_NAME["group"], BY_NAME["group medoid"]])
    assert (clear.draws, list(clear.undecided)) == (draws_of(30), [])
    random = np.random.default_rng(7)
    chance = RoutingClasses.of([(TURNED, MILLED)[one] for one in random.integers(0, 2, 30).tolist()])
    rivals = [BY_NAME["nearest"], BY_NAME["vote"]]
    unclear = hold_out(table, chance, 1, rivals)
    assert (unclear.draws, list(unclear.undecided)) == (most_draws_of(30), rivals)
    assert unclear.draws > draws_of(30)
    assert most_draws_of(800) == 1


def test_members_that_predict_together_give_the_mean_of_their_chances_each_part_once() -> None:
    joined = together([BY_NAME["committee"], BY_NAME["nearest"], BY_NAME["vote"]])
    assert (joined.name, set(joined.parts)) == ("nearest + vote + committee", {"nearest", "vote", "group", "forest"})
    assert named(joined.name) == joined
    table, routings = plant(40)
    classes = RoutingClasses.of(routings)
    learner = Learner.of(table, classes.of_item, len(classes))
    asked = Asked(table, learner.described)
    two = together([BY_NAME["nearest"], BY_NAME["group"]])
    said = [BY_NAME[name].fit(learner).predict(asked) for name in ("group", "nearest")]
    stored = {key: np.array(part) for key, part in two.fit(learner).to_parts().items()}
    np.testing.assert_allclose(Fitted.from_parts(stored).predict(asked), np.mean(said, axis=0), atol=1e-6)


@pytest.mark.parametrize("name", ["", "nobody", "nearest + group", "group + nobody", "group + group"])
def test_only_members_that_there_are_have_names(name: str) -> None:
    with pytest.raises(KeyError):
        named(name)


@pytest.mark.parametrize("told", [True, False])
def test_item_codes_are_read_where_they_tell_how_items_are_made(told: bool) -> None:
    random = np.random.default_rng(6)
    kinds = random.integers(0, 2, 40).tolist()
    codes = [f"{'TM'[kind] if told else 'X'}-{random.integers(1000, 9999)}" for kind in kinds]
    bare = FeatureTable(
        (FeatureColumn.of_texts("family", ColumnKind.CATEGORY, [f"{k if not told else 0}" for k in kinds]),), 40
    )
    coded = FeatureTable((*bare.columns, FeatureColumn.of_texts("code", ColumnKind.TEXT, codes)), 40)
    classes = RoutingClasses.of([(TURNED, MILLED)[kind] for kind in kinds])
    assert tells_more(coded, bare, classes) is told


def test_how_items_unlike_all_known_ones_come_out_is_told_apart() -> None:
    texts = ["same"] * 20 + [f"other {number}" for number in range(10)]
    table, routings = by_text(texts, [TURNED] * 20 + [MILLED, WELDED] * 5)
    found = hold_out(table, RoutingClasses.of(routings), 1, [BY_NAME["nearest"]]).scores[0].figures()
    assert found["items_without_twin"] == 10
    assert found["sequence_exact_without_twin"] < found["sequence_exact"]


def test_held_out_items_are_not_learned_from() -> None:
    """Every item its own routing and its own name: whoever had seen the item would be right."""
    table, routings = by_text([f"item {number}" for number in range(30)], [(f"op {number}",) for number in range(30)])
    found = hold_out(table, RoutingClasses.of(routings), 1, trees=5)
    assert all(one.exact.sum() == 0.0 for one in found.scores)


@pytest.mark.parametrize("items", [5, 20])
def test_equal_items_with_contradicting_routings_give_the_more_frequent_one(items: int) -> None:
    table, routings = by_text(["the same"] * items, [TURNED] * (items - 2) + [MILLED] * 2)
    asked, _none = by_text(["the same"], [])
    assert proposals(EVERYBODY, table, routings, asked) == [TURNED]
    assert proposals("vote", table, routings, asked) == [TURNED]
    assert proposals("forest", table, routings, asked) == [TURNED]


def test_one_operation_everywhere_is_proposed_everywhere() -> None:
    table, _routings = plant(20)
    for member in MEMBERS:
        assert proposals(member.name, table, [("paint",)] * 20, table) == [("paint",)] * 20


def test_numbers_beyond_all_bounds_break_nothing() -> None:
    numbers = [0.0, 1e9, 1e300, -1e300, float("nan"), float("inf")] * 4
    table = FeatureTable((FeatureColumn.of_numbers("size", numbers),), len(numbers))
    for member in MEMBERS:
        assert len(proposals(member.name, table, [TURNED, MILLED] * 12, table)) == 24
