"""RSL groups as text: round trips, spreadsheets, broken texts, what an import creates, replaces and skips."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.rsl import rsl_groups, rsl_import, rsl_release, rsl_steps, rsl_transfer
from auth_service.rsl.rsl_groups import Group, GroupFields, Rule, Step
from auth_service.store.database import Database
from common.errors import InvalidInput
from common.identity import Caller

PARK = "park@plant.example"

words = st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=12)
labels = st.lists(words.map(str.strip).filter(bool), max_size=3)
facts = st.dictionaries(words, st.one_of(st.integers(-9, 9), words, st.none()), max_size=2)
rules = st.builds(Rule, words, st.one_of(st.none(), st.just(""), words), facts, st.booleans())
steps = st.builds(
    Step,
    words,
    st.just(0),
    st.one_of(st.none(), words),
    st.sampled_from(["draft", "ready"]),
    labels,
    facts,
    st.lists(rules, max_size=2),
)


def group(number: int, name: str, steps: list[Step], tags: list[str], description: str | None) -> Group:
    numbered = [Step(s.name, n, s.description, s.status, s.tags, s.config, s.rules) for n, s in enumerate(steps, 1)]
    slug = f"g{number}"
    return Group(number, slug, name, description, PARK, tags, "draft", [], None, None, None, 1.0, 1.0, numbered)


groups = st.lists(st.tuples(words, st.lists(steps, max_size=3), labels, st.one_of(st.none(), words)), max_size=3).map(
    lambda listed: [group(number, *fields) for number, fields in enumerate(listed, 1)]
)


def content(of: Any) -> Any:
    return [(g.slug, g.name, g.description, list(g.tags), [_step(s) for s in g.steps]) for g in of]


def _step(step: Step) -> Any:
    listed = [(r.rule_name, r.rule_version, dict(r.metadata), r.is_optional) for r in step.rules]
    return (step.sequence, step.name, step.description, step.status, list(step.tags), dict(step.config), listed)


@given(groups)
def test_json_comes_back_as_it_went_out(made: list[Group]) -> None:
    assert content(rsl_transfer.read_text("json", rsl_transfer.to_json_text(made, 1.0))) == content(made)


@given(groups)
def test_csv_comes_back_as_it_went_out(made: list[Group]) -> None:
    text = "﻿" + rsl_transfer.to_csv_text(made)
    assert content(rsl_transfer.read_text("csv", text)) == content(made)


def test_no_cell_of_the_csv_is_a_formula() -> None:
    text = rsl_transfer.to_csv_text([group(1, "=1+1", [Step("@x", rules=[Rule("-2")])], [], "+3")])
    assert not any(cell.startswith(("=", "+", "-", "@")) for line in text.splitlines() for cell in line.split(","))


@pytest.mark.parametrize(
    ("format_", "text"),
    [
        ("json", "{"),
        ("json", ""),
        ("json", "3"),
        ("json", '{"a": 1}'),
        ("json", "[1]"),
        ("json", '[{"name": 5}]'),
        ("json", '[{"name": "a", "steps": {}}]'),
        ("json", '[{"name": "a", "steps": [{"name": "b", "sequence": "x"}]}]'),
        ("json", '[{"name": "a", "steps": [{"name": "b", "rules": [1]}]}]'),
        ("csv", ""),
        ("csv", "a,b\n1,2\n"),
        ("csv", "group_name,step_name,step_sequence\na,b,x\n"),
        ("csv", "group_name,step_name,step_config\na,b,{broken\n"),
        ("xml", ""),
    ],
)
def test_a_text_that_cannot_be_read_is_refused_as_a_whole(format_: str, text: str) -> None:
    with pytest.raises(InvalidInput):
        rsl_transfer.read_text(format_, text)


@given(st.text(max_size=60), st.sampled_from(["json", "csv"]))
def test_any_text_is_read_or_refused(text: str, format_: str) -> None:
    try:
        rsl_transfer.read_text(format_, text)
    except InvalidInput:
        pass


def take_over(database: Database, text: str, format_: str = "json") -> rsl_import.Imported:
    with database.writing() as session:
        return rsl_import.take_over(session, Caller(PARK, "user"), rsl_transfer.read_text(format_, text), 9.0)


def test_an_export_of_one_plant_is_imported_by_another_and_once_more_changes_nothing(database: Database) -> None:
    with database.writing() as session:
        made = rsl_groups.create(session, "kim@plant.example", GroupFields("Seal sleeves", "d", ["b", "a"]), 1.0)
        step = Step("Turn", 3, None, "ready", ["t"], {"m": 1}, [Rule("r", "1", {"v": 2}, True)])
        rsl_steps.add_step(session, made.id, step, 2.0)
        rsl_steps.add_step(session, made.id, Step("Grind", 1), 2.0)
        before = rsl_groups.get(session, made.id)
        texts = {
            "json": rsl_transfer.to_json_text([before], 3.0),
            "csv": rsl_transfer.to_csv_text([before]),
        }
        rsl_groups.delete(session, made.id)
    assert take_over(database, texts["json"]) == rsl_import.Imported(1, 0, 0, [])
    for format_, text in texts.items():
        assert take_over(database, text, format_) == rsl_import.Imported(0, 0, 1, [])
    with database.reading() as session:
        (after,) = rsl_groups.all_groups(session, include_archived=True)
    assert content([after]) == content([before])
    assert (after.owner, after.status) == (PARK, "draft")


def test_an_import_replaces_skips_and_names_group_by_group(database: Database) -> None:
    take_over(database, '[{"name": "Old", "steps": [{"name": "a"}]}, {"name": "Released"}]')
    with database.writing() as session:
        by_slug = {g.slug: g for g in rsl_groups.all_groups(session, include_archived=True)}
        released = by_slug["released"].id
        rsl_steps.add_step(session, released, Step("x", rules=[Rule("r")]), 1.0)
        rsl_release.validate(session, released, 2.0)
        rsl_release.release(session, released, PARK, 3.0)
    result = take_over(
        database,
        orjson.dumps(
            {
                "groups": [
                    {"name": "Old", "steps": [{"name": "b", "sequence": 4}, {"name": "c"}]},
                    {"name": "Released"},
                    {"name": "Twice", "steps": [{"name": "a", "sequence": 1}, {"name": "b", "sequence": 1}]},
                    {"name": ""},
                    {"name": "New", "status": "archived"},
                ]
            }
        ).decode(),
    )
    assert (result.created, result.updated, result.skipped) == (1, 1, 3)
    assert [error.split(":")[0] for error in result.errors] == ["Group 2 (Released)", "Group 3 (Twice)", "Group 4"]
    with database.reading() as session:
        everything = rsl_groups.all_groups(session, include_archived=True)
        living = rsl_groups.all_groups(session, include_archived=False)
    assert [g.name for g in everything] == ["Old", "Released", "New"]
    assert [g.name for g in living] == ["Old", "Released"]
    assert [(step.sequence, step.name) for step in living[0].steps] == [(4, "b"), (5, "c")]
    assert living[1].status == "released"
