"""Saved routing groups: acceptable content, owner rights, the optimistic lock, soft deletion, lists."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy.orm import Session

from auth_service.planning import routing_groups
from auth_service.planning.routing_group_content import Connection, Content, Step, accepted
from auth_service.store.database import Database
from auth_service.store.document_records import RoutingGroupRecord
from common.errors import AlreadyExists, Conflict, InvalidInput, NotFound, PermissionDenied
from common.identity import Caller

PARK = Caller("park@plant.example", "user")
KIM = Caller("kim@plant.example", "user")
ADMIN = Caller("admin@plant.example", "admin")

CONTENT = Content(
    group_name="씰 슬리브",
    item_codes=("A-1", "B-2"),
    steps=(
        Step(1, "CNC", 12.5, variant_code="V1", sql_values={"JOB_CD": "CNC"}, metadata={"k": [1]}),
        Step(3, "INSP", None, branch_path="a/b"),
    ),
    connections=(Connection("e1", "n1", "n2", "2026-01-01T00:00:00Z"),),
    erp_required=True,
    metadata={"note": "x"},
)


def violations(content: Content) -> list[str]:
    with pytest.raises(InvalidInput) as caught:
        accepted(content)
    return [violation.field for violation in caught.value.violations]


def test_blanks_in_the_name_collapse_and_duplicate_codes_are_dropped_ignoring_case() -> None:
    content = accepted(replace(CONTENT, group_name="  a \t  b ", item_codes=(" A-1", "a-1", "", "B-2", "A-1 ")))
    assert content.group_name == "a b"
    assert content.item_codes == ("A-1", "B-2")


def test_every_wrong_field_is_named() -> None:
    content = Content(
        group_name="x",
        item_codes=(" ",),
        steps=(Step(0, "a", -1.0), Step(2, "b", float("nan")), Step(2, "c\x00")),
        connections=(Connection("", "a", "b"), Connection("1", "a", "b"), Connection("1", "a", "b")),
    )
    assert violations(content) == [
        "group_name",
        "item_codes",
        "steps.0.seq",
        "steps.0.duration_min",
        "steps.1.duration_min",
        "steps.2.seq",
        "steps.2.process_code",
        "connections.0.id",
        "connections.2.id",
    ]


def test_a_name_of_65_characters_is_refused_and_of_64_taken() -> None:
    assert violations(replace(CONTENT, group_name="가" * 65)) == ["group_name"]
    assert accepted(replace(CONTENT, group_name="가" * 64)).group_name == "가" * 64


@given(st.lists(st.text(max_size=12), max_size=20))
def test_accepted_codes_are_different_ignoring_case_and_trimmed(codes: list[str]) -> None:
    try:
        kept = accepted(replace(CONTENT, item_codes=tuple(codes))).item_codes
    except InvalidInput:
        return
    assert len({code.casefold() for code in kept}) == len(kept) > 0
    assert all(code == code.strip() for code in kept)


def test_a_group_comes_back_as_it_was_saved(database: Database) -> None:
    with database.writing() as session:
        made = routing_groups.create(session, PARK, accepted(CONTENT), 10.0)
    assert uuid.UUID(made.group_id)
    with database.reading() as session:
        found = routing_groups.get(session, PARK, made.group_id.upper())
    assert found == made
    assert found.content == CONTENT
    assert (found.owner, found.version, found.created_at, found.updated_at) == (PARK.username, 1, 10.0, 10.0)


def test_one_owner_cannot_have_the_same_name_twice_but_two_owners_can(database: Database) -> None:
    with database.writing() as session:
        routing_groups.create(session, PARK, CONTENT, 1.0)
        routing_groups.create(session, KIM, CONTENT, 1.0)
    with database.writing() as session, pytest.raises(AlreadyExists):
        routing_groups.create(session, PARK, CONTENT, 2.0)


def test_an_update_from_an_old_version_is_refused_and_changes_nothing(database: Database) -> None:
    with database.writing() as session:
        made = routing_groups.create(session, PARK, CONTENT, 1.0)
    changed = replace(CONTENT, group_name="other", item_codes=("C-3",), steps=())
    with database.writing() as session:
        second = routing_groups.update(session, PARK, made.group_id, 1, changed, 2.0)
    assert second.version == 2
    assert second.updated_at == 2.0
    with pytest.raises(Conflict) as caught, database.writing() as session:
        routing_groups.update(session, PARK, made.group_id, 1, CONTENT, 3.0)
    assert caught.value.details["stored_version"] == "2"
    with database.reading() as session:
        assert routing_groups.get(session, PARK, made.group_id) == second


def test_renaming_to_a_taken_name_is_refused_and_keeping_the_own_name_is_not(database: Database) -> None:
    with database.writing() as session:
        first = routing_groups.create(session, PARK, CONTENT, 1.0)
        routing_groups.create(session, PARK, replace(CONTENT, group_name="taken"), 1.0)
    with pytest.raises(AlreadyExists), database.writing() as session:
        routing_groups.update(session, PARK, first.group_id, 1, replace(CONTENT, group_name="TAKEN"), 2.0)
    with database.writing() as session:
        assert routing_groups.update(session, PARK, first.group_id, 1, CONTENT, 2.0).version == 2


def test_only_the_owner_and_administrators_may_see_change_and_delete_a_group(database: Database) -> None:
    with database.writing() as session:
        made = routing_groups.create(session, PARK, CONTENT, 1.0)
    attempts: list[Callable[[Session], object]] = [
        lambda s: routing_groups.get(s, KIM, made.group_id),
        lambda s: routing_groups.update(s, KIM, made.group_id, 1, CONTENT, 2.0),
        lambda s: routing_groups.delete(s, KIM, made.group_id, 2.0),
    ]
    for attempt in attempts:
        with database.reading() as session, pytest.raises(PermissionDenied):
            attempt(session)
    with database.writing() as session:
        assert routing_groups.update(session, ADMIN, made.group_id, 1, CONTENT, 2.0).owner == PARK.username


def test_a_deleted_group_is_gone_for_everybody_its_name_is_free_and_its_row_stays(database: Database) -> None:
    with database.writing() as session:
        made = routing_groups.create(session, PARK, CONTENT, 1.0)
        routing_groups.delete(session, PARK, made.group_id, 2.0)
    for who in (PARK, ADMIN):
        with database.reading() as session, pytest.raises(NotFound):
            routing_groups.get(session, who, made.group_id)
    with database.writing() as session:
        again = routing_groups.create(session, PARK, CONTENT, 3.0)
        routing_groups.delete(session, PARK, again.group_id, 4.0)
        routing_groups.create(session, PARK, CONTENT, 5.0)
    with database.reading() as session:
        record = session.get(RoutingGroupRecord, made.group_id)
        assert record is not None
        assert (record.deleted_at, record.deleted_by) == (2.0, PARK.username)


@pytest.mark.parametrize("group_id", ["", "x", "a\x00b", "056b1e73-08a9-4398-88cd-b60a8d5b871d"])
def test_an_unknown_id_is_not_found(database: Database, group_id: str) -> None:
    with database.reading() as session, pytest.raises(NotFound):
        routing_groups.get(session, PARK, group_id)


def test_a_list_shows_own_groups_and_all_to_administrators_last_changed_first(database: Database) -> None:
    with database.writing() as session:
        for number in range(3):
            content = replace(CONTENT, group_name=f"group {number}", item_codes=(f"item-{number}", "X"))
            routing_groups.create(session, PARK, content, float(number))
        routing_groups.create(session, KIM, replace(CONTENT, group_name="100%_\\ done"), 9.0)

    def names(who: Caller, **filters: object) -> list[str]:
        with database.reading() as session:
            page = routing_groups.list_page(session, who, **filters)  # type: ignore[arg-type]
        return [item.group_name for item in page.items]

    assert names(PARK) == ["group 2", "group 1", "group 0"]
    assert names(ADMIN) == ["100%_\\ done", "group 2", "group 1", "group 0"]
    assert names(PARK, owner=KIM.username) == []
    assert names(ADMIN, owner="KIM@plant.example") == ["100%_\\ done"]
    assert names(PARK, item_code=" ITEM-1 ") == ["group 1"]
    assert names(PARK, search="ITEM-0") == ["group 0"]
    assert names(PARK, search="GROUP") == ["group 2", "group 1", "group 0"]
    assert names(ADMIN, search="%_\\") == ["100%_\\ done"]
    assert names(PARK, limit=1, offset=1) == ["group 1"]
    with database.reading() as session:
        page = routing_groups.list_page(session, PARK, limit=1, offset=1)
    assert (page.total, page.limit, page.offset) == (3, 1, 1)
    assert page.items[0].step_count == 2
    assert page.items[0].item_codes == ["item-1", "X"]


@pytest.mark.parametrize("filters", [{"limit": 201}, {"offset": -1}, {"search": "a\x00"}])
def test_a_list_out_of_bounds_is_refused(sqlite: Database, filters: dict[str, object]) -> None:
    with sqlite.reading() as session, pytest.raises(InvalidInput):
        routing_groups.list_page(session, PARK, **filters)  # type: ignore[arg-type]
