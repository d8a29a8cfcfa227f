"""One workspace document a person."""

from __future__ import annotations

import orjson
import pytest

from auth_service.planning import workspaces
from auth_service.store.database import Database
from common.errors import InvalidInput


def test_a_workspace_that_was_never_stored_is_empty(database: Database) -> None:
    with database.reading() as session:
        assert workspaces.get(session, "park@plant.example", 12.0) == workspaces.Workspace(
            "park@plant.example", "{}", 12.0
        )


def test_a_stored_workspace_replaces_the_one_before_and_belongs_to_its_user_in_any_case(database: Database) -> None:
    first = '{"version":1,"layout":{"left":320},"options":{"표준":["a\\u0000"]}}'
    with database.writing() as session:
        workspaces.put(session, "park@plant.example", first, 1.0)
    with database.writing() as session:
        workspaces.put(session, "kim@plant.example", "{}", 2.0)
    with database.reading() as session:
        found = workspaces.get(session, "Park@Plant.example", 9.0)
    assert orjson.loads(found.document_json) == orjson.loads(first)
    assert found.updated_at == 1.0
    with database.writing() as session:
        workspaces.put(session, "park@plant.example", '{"layout":{}}', 3.0)
    with database.reading() as session:
        assert workspaces.get(session, "park@plant.example", 9.0).document_json == '{"layout":{}}'


@pytest.mark.parametrize("text", ["[1]", "{", '"x"', '{"a":"' + "x" * 1_100_000 + '"}'])
def test_what_is_no_json_object_of_bounded_size_is_refused(sqlite: Database, text: str) -> None:
    with sqlite.writing() as session, pytest.raises(InvalidInput) as caught:
        workspaces.put(session, "park@plant.example", text, 1.0)
    assert [violation.field for violation in caught.value.violations] == ["document"]
