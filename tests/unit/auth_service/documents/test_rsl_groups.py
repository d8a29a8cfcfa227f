"""RSL groups: slugs, steps, rules, validation, release, retraction, lists."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.rsl import rsl_groups, rsl_release, rsl_steps
from auth_service.rsl.rsl_groups import GroupFields, Rule, Step
from auth_service.store.database import Database
from common.errors import InvalidInput, NotFound, PreconditionFailed

PARK = "park@plant.example"


def create(database: Database, name: str = "Seal sleeves", **fields: Any) -> rsl_groups.Group:
    with database.writing() as session:
        return rsl_groups.create(session, PARK, GroupFields(name, **fields), 1.0)


def change(database: Database, action: Callable[..., Any], *arguments: Any) -> Any:
    with database.writing() as session:
        return action(session, *arguments)


def ready_group(database: Database) -> int:
    group = create(database)
    change(database, rsl_steps.add_step, group.id, Step("Turn", rules=[Rule("max-time")]), 2.0)
    assert change(database, rsl_release.validate, group.id, 3.0).is_valid
    return group.id


@pytest.mark.parametrize(
    ("name", "slug"),
    [
        ("Seal sleeves", "seal-sleeves"),
        ("  Shaft_A / B  ", "shaft-a-b"),
        ("씰 슬리브", "씰-슬리브"),
        ("ＡＢＣ１", "abc1"),
        ("***", "group"),
        ("a" * 80, "a" * 64),
    ],
)
def test_a_slug_is_made_of_the_letters_and_digits_of_the_name(name: str, slug: str) -> None:
    assert rsl_groups.slug_of(name) == slug


@given(st.text(max_size=90), st.integers(0, 12))
def test_a_free_slug_is_never_taken_nor_longer_than_64(name: str, clashes: int) -> None:
    taken: set[str] = set()
    for _ in range(clashes + 1):
        slug = rsl_groups.free_slug(rsl_groups.slug_of(name), taken)
        assert slug not in taken
        assert 1 <= len(slug) <= 64
        taken.add(slug)


def test_the_same_name_or_slug_again_gets_a_number(database: Database) -> None:
    slugs = [create(database).slug for _ in range(3)]
    slugs += [create(database, "Other", slug="Seal sleeves").slug]
    slugs += [create(database, "x" * 100).slug, create(database, "x" * 100).slug]
    assert slugs == [
        "seal-sleeves",
        "seal-sleeves-2",
        "seal-sleeves-3",
        "seal-sleeves-4",
        "x" * 64,
        "x" * 62 + "-2",
    ]


def test_a_deleted_group_leaves_its_number_unused_and_its_slug_free(database: Database) -> None:
    first = create(database)
    change(database, rsl_groups.delete, first.id)
    second = create(database)
    assert (second.id, second.slug) == (first.id + 1, "seal-sleeves")
    with database.reading() as session, pytest.raises(NotFound):
        rsl_groups.get(session, first.id)


def test_only_the_named_fields_of_a_group_change(database: Database) -> None:
    made = create(database, description="d", tags=["seal", "Seal", " sleeve "])
    assert made.tags == ["seal", "sleeve"]
    changed = change(
        database, rsl_groups.update, made.id, GroupFields("", "new", ["x", "seal"]), ["description", "tags"], 5.0
    )
    assert (changed.name, changed.slug, changed.description, changed.tags, changed.updated_at) == (
        "Seal sleeves",
        "seal-sleeves",
        "new",
        ["x", "seal"],
        5.0,
    )
    assert change(database, rsl_groups.update, made.id, GroupFields(""), ["description"], 6.0).description is None
    renamed = change(database, rsl_groups.update, made.id, GroupFields("N", slug="Seal sleeves"), ["name", "slug"], 7.0)
    assert (renamed.name, renamed.slug) == ("N", "seal-sleeves")
    with pytest.raises(InvalidInput):
        change(database, rsl_groups.update, made.id, GroupFields(""), ["name"], 8.0)


def test_steps_follow_each_other_and_no_sequence_comes_twice(database: Database) -> None:
    group = create(database)
    first = change(database, rsl_steps.add_step, group.id, Step("Turn", 1, status="ready", config={"m": 1}), 2.0)
    second = change(database, rsl_steps.add_step, group.id, Step("Grind"), 3.0)
    with pytest.raises(InvalidInput) as caught:
        change(database, rsl_steps.add_step, group.id, Step("Again", 1), 4.0)
    assert [v.field for v in caught.value.violations] == ["sequence"]
    with pytest.raises(InvalidInput):
        change(database, rsl_steps.update_step, group.id, second.id, Step("", 1), ["sequence"], 4.0)
    moved = change(database, rsl_steps.update_step, group.id, first.id, Step("Turning", 9), ["sequence", "name"], 5.0)
    assert (moved.sequence, moved.name, moved.status, moved.config) == (9, "Turning", "ready", {"m": 1})
    with database.reading() as session:
        found = rsl_groups.get(session, group.id)
    assert [step.name for step in found.steps] == ["Grind", "Turning"]
    assert found.updated_at == 5.0
    assert found.steps[0].sequence == 2


def test_wrong_fields_of_a_step_and_a_rule_are_named(database: Database) -> None:
    group = create(database)
    with pytest.raises(InvalidInput) as caught:
        change(database, rsl_steps.add_step, group.id, Step(" ", 2_000_000, status="x", tags=["t" * 65]), 2.0)
    assert [v.field for v in caught.value.violations] == ["sequence", "name", "status", "tags"]
    with pytest.raises(InvalidInput) as caught:
        change(database, rsl_steps.add_step, group.id, Step("G", rules=[Rule(""), Rule("a", "v" * 65)]), 2.0)
    assert [v.field for v in caught.value.violations] == ["rules.0.rule_name"]
    with database.reading() as session:
        assert rsl_groups.get(session, group.id).steps == []


def test_rules_are_added_to_and_deleted_from_their_own_step_only(database: Database) -> None:
    group = create(database)
    first = change(database, rsl_steps.add_step, group.id, Step("Turn", rules=[Rule("a", "1")]), 2.0)
    second = change(database, rsl_steps.add_step, group.id, Step("Grind"), 2.0)
    added = change(database, rsl_steps.add_rule, group.id, second.id, Rule("b", None, {"v": 1}, True), 3.0)
    assert (added.rule_name, added.rule_version, added.metadata, added.is_optional) == ("b", None, {"v": 1}, True)
    for step, rule in ((first.id, added.id), (second.id, 999), (999, added.id)):
        with pytest.raises(NotFound):
            change(database, rsl_steps.delete_rule, group.id, step, rule, 4.0)
    change(database, rsl_steps.delete_rule, group.id, second.id, added.id, 4.0)
    change(database, rsl_steps.delete_step, group.id, first.id, 5.0)
    with pytest.raises(NotFound):
        change(database, rsl_steps.delete_step, group.id, first.id, 5.0)
    with database.reading() as session:
        (left,) = rsl_groups.get(session, group.id).steps
    assert (left.name, left.rules) == ("Grind", [])


def test_a_validation_names_what_is_missing_and_a_clean_one_makes_the_group_ready(database: Database) -> None:
    group = create(database)
    result = change(database, rsl_release.validate, group.id, 2.0)
    assert not result.is_valid
    assert "no steps" in result.errors[0]
    step = change(database, rsl_steps.add_step, group.id, Step("Turn"), 3.0)
    (error,) = change(database, rsl_release.validate, group.id, 4.0).errors
    assert "Step 1 (Turn) refers to no rule" in error
    for version in ("1", "2"):
        change(database, rsl_steps.add_rule, group.id, step.id, Rule("R", version), 5.0)
    (error,) = change(database, rsl_release.validate, group.id, 6.0).errors
    assert "different versions (1, 2)" in error
    with database.reading() as session:
        found = rsl_groups.get(session, group.id)
    assert (found.status, found.validation_errors, found.last_validated_at) == ("draft", [error], 6.0)


def test_a_release_needs_a_validation_without_errors_since_the_last_change(database: Database) -> None:
    group_id = ready_group(database)
    step = change(database, rsl_steps.add_step, group_id, Step("Grind", rules=[Rule("r")]), 4.0)
    with pytest.raises(PreconditionFailed, match="not validated since"):
        change(database, rsl_release.release, group_id, PARK, 5.0)
    change(database, rsl_steps.delete_step, group_id, step.id, 6.0)
    change(database, rsl_release.validate, group_id, 7.0)
    group = change(database, rsl_release.release, group_id, PARK, 8.0)
    assert (group.status, group.released_at, group.released_by) == ("released", 8.0, PARK)
    assert change(database, rsl_release.release, group_id, "kim@plant.example", 9.0) == group


def test_a_released_group_stays_as_it_is_until_it_is_retracted(database: Database) -> None:
    group_id = ready_group(database)
    group = change(database, rsl_release.release, group_id, PARK, 8.0)
    step_id, rule_id = group.steps[0].id, group.steps[0].rules[0].id
    for action, *arguments in (
        (rsl_groups.update, group_id, GroupFields("other"), ["name"], 9.0),
        (rsl_groups.update, group_id, GroupFields("", slug="other"), ["slug"], 9.0),
        (rsl_groups.delete, group_id),
        (rsl_steps.add_step, group_id, Step("x"), 9.0),
        (rsl_steps.update_step, group_id, step_id, Step("x"), ["name"], 9.0),
        (rsl_steps.delete_step, group_id, step_id, 9.0),
        (rsl_steps.add_rule, group_id, step_id, Rule("x"), 9.0),
        (rsl_steps.delete_rule, group_id, step_id, rule_id, 9.0),
    ):
        with pytest.raises(PreconditionFailed, match="retract it first"):
            change(database, action, *arguments)
    described = change(
        database, rsl_groups.update, group_id, GroupFields("", "why", ["t"]), ["description", "tags"], 9.0
    )
    assert (described.status, described.description) == ("released", "why")
    retracted = change(database, rsl_release.retract, group_id, 10.0)
    assert (retracted.status, retracted.released_at, retracted.released_by) == ("draft", None, None)
    change(database, rsl_groups.delete, group_id)


def test_a_list_is_paged_newest_first_and_filtered(database: Database) -> None:
    create(database, description="For 100% Steel", tags=["seal", "sleeve"])
    create(database, "Shafts")
    create(database, "샤프트 B", tags=["shaft"])

    def names(**filters: Any) -> list[str]:
        with database.reading() as session:
            return [group.name for group in rsl_groups.list_page(session, **filters).items]

    assert names() == ["샤프트 B", "Shafts", "Seal sleeves"]
    assert names(page=2, page_size=2) == ["Seal sleeves"]
    assert names(search="SHAFT") == ["Shafts"]
    assert names(search="100% s") == ["Seal sleeves"]
    assert names(search="샤프") == ["샤프트 B"]
    assert names(tags=["seal"]) == ["Seal sleeves"]
    assert names(tags=["seal", "shaft"]) == ["샤프트 B", "Seal sleeves"]
    assert names(status="draft", search="s") == ["Shafts", "Seal sleeves"]
    assert names(status="released") == []
    for wrong in ({"page_size": 201}, {"page": -1}, {"status": "x"}, {"search": "\x00"}, {"tags": ["\x00"]}):
        with pytest.raises(InvalidInput):
            names(**wrong)
