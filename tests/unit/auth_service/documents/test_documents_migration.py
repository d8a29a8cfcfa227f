"""The tables of documents come and go with their data, and a new schema has the profiles that come with the product."""

from __future__ import annotations

from sqlalchemy import inspect

from auth_service.mapping import profiles
from auth_service.planning import routing_groups, workspaces
from auth_service.planning.routing_group_content import Content, Step
from auth_service.rsl import rsl_groups
from auth_service.rsl.rsl_groups import GroupFields
from auth_service.store import schema
from auth_service.store.database import Database
from common.identity import Caller

PARK = Caller("park@plant.example", "user")


def test_the_documents_migration_goes_down_and_up_on_data(database: Database) -> None:
    with database.writing() as session:
        workspaces.put(session, PARK.username, "{}", 1.0)
        routing_groups.create(session, PARK, Content("group", ("A-1",), (Step(1, "CNC"),)), 1.0)
        rsl_groups.create(session, PARK.username, GroupFields("Seal", tags=["a"]), 1.0)
    assert schema.downgrade(database, "0001") == "0001"
    with database.engine.connect() as connection:
        assert "routing_groups" not in inspect(connection).get_table_names()
    schema.upgrade(database)
    with database.reading() as session:
        assert rsl_groups.list_page(session).total == 0
        assert [profiles.get(session, kind).name for kind in ("input", "output")] == ["Access views", "Access 7.1 기본"]
