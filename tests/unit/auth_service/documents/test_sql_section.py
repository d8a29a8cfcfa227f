"""The `sql` section of the settings and the output profiles say the same, whichever is changed."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import orjson
import pytest
from sqlalchemy.orm import Session

from auth_service.control.settings import ensure_first_revision, find, parse, store
from auth_service.mapping import profiles, settings_hooks, sql_section
from auth_service.store.active_profiles import active_profiles
from auth_service.store.database import Database
from common.errors import Conflict, InvalidInput, Unavailable
from plant.blueprint import wrapper
from plant.blueprint.pipeline import default_graph
from plant.output_profile import OutputColumn, OutputProfile
from plant.settings import PlantSettings, merge
from plant.settings.defaults import COLUMN_ALIASES, OUTPUT_COLUMNS

DEFAULT = "Access 7.1 기본"


def changed(database: Database, **sections: dict[str, Any]) -> PlantSettings:
    """The document after a patch, as the settings service would store it."""
    with database.writing() as session:
        ensure_first_revision(session)
        newest = find(session, 0)
        before = parse(newest)
        after = merge(before, orjson.dumps(sections), now="2026-01-01T00:00:00Z")
        agreed = settings_hooks.adapt(session, before, after, "admin@plant.example")
        newest.document_json = agreed.to_json()
        return agreed


def active(database: Database) -> OutputProfile:
    with database.reading() as session:
        return OutputProfile.read(active_profiles(session)[1])


def test_the_defaults_of_both_agree(database: Database) -> None:
    with database.reading() as session:
        assert sql_section.sql_view(session, PlantSettings().sql) == PlantSettings().sql


def test_output_columns_of_the_section_become_the_columns_of_the_active_profile(database: Database) -> None:
    after = changed(database, sql={"output_columns": ["ITEM_CD", "PROC_SEQ", "JOB_NM"]})
    assert after.sql.output_columns == ["ITEM_CD", "PROC_SEQ", "JOB_NM"]
    assert after.sql.active_profile == DEFAULT
    assert after.sql.column_aliases == COLUMN_ALIASES
    assert [column.name for column in active(database).columns] == ["ITEM_CD", "PROC_SEQ", "JOB_NM"]
    with database.reading() as session:
        history = profiles.revisions(session, "output", DEFAULT, 5)
    assert [(r.revision, r.author) for r in history] == [(2, "admin@plant.example"), (1, "")]


def test_columns_that_stay_keep_their_names_and_checks_and_constants_stay(database: Database) -> None:
    columns = (
        OutputColumn(name="품목", source="ITEM_CD", required=True),
        OutputColumn(name="plant", constant="P1"),
        OutputColumn(name="job", source="JOB_CD"),
        OutputColumn(name="rank", source="RANK", type="integer"),
    )
    profile = OutputProfile(name="ERP", columns=columns, aliases=dict(COLUMN_ALIASES))
    with database.writing() as session:
        ensure_first_revision(session)
        profiles.save(session, "output", profile.to_json(), author="", now=1.0)
        sql_section.refresh_settings(session, author="", comment="", now=1.0)
    after = changed(database, sql={"active_profile": "ERP"})
    assert after.sql.output_columns == ["ITEM_CD", "dbo_BI_ROUTING_VIEW_JOB_CD"]
    assert active(database) == profile
    changed(database, sql={"output_columns": ["dbo_BI_ROUTING_VIEW_JOB_CD", "JOB_NM", "ITEM_CD"]})
    assert [column.name for column in active(database).columns] == ["job", "JOB_NM", "품목", "plant", "rank"]
    assert active(database).columns[2].required


def test_profiles_of_the_section_are_created_changed_activated_and_removed(database: Database) -> None:
    default = {"name": DEFAULT, "mapping": {}}
    erp = {"name": "ERP", "description": "d", "mapping": {"작업": "JOB_NM"}}
    after = changed(database, sql={"profiles": [default, erp], "active_profile": "ERP"})
    assert after.sql.active_profile == "ERP"
    assert after.sql.column_aliases == {"작업": "JOB_NM"}
    assert active(database).aliases == {"작업": "JOB_NM"}
    assert after.sql.output_columns == list(OUTPUT_COLUMNS)
    after = changed(database, sql={"column_aliases": {"J": "JOB_NM"}})
    assert [dict(profile.mapping) for profile in after.sql.profiles] == [{}, {"J": "JOB_NM"}]
    after = changed(database, sql={"profiles": [{"name": "ERP", "mapping": {}}]})
    assert [profile.name for profile in after.sql.profiles] == ["ERP"]
    with database.reading() as session:
        assert profiles.list_names(session, "output") == ["ERP"]


def test_a_change_of_a_profile_becomes_a_revision_of_the_settings(database: Database) -> None:
    with database.writing() as session:
        ensure_first_revision(session)
        profile = OutputProfile(name=DEFAULT, columns=(OutputColumn.of("ITEM_CD"),))
        profiles.save(session, "output", profile.to_json(), name=DEFAULT, author="", now=1.0)
        for _ in range(2):
            sql_section.refresh_settings(session, author="kim@plant.example", comment="why", now=2.0)
        row = find(session, 0)
    assert (row.revision, row.author, row.comment) == (2, "kim@plant.example", "why")
    assert parse(row).sql.output_columns == ["ITEM_CD"]
    assert "sql.output_columns" in [change["path"] for change in orjson.loads(row.difference_json)]


def test_an_invalid_draft_is_not_shown_in_the_section_and_survives_its_changes(database: Database) -> None:
    with database.writing() as session:
        ensure_first_revision(session)
        draft = OutputProfile(
            name="Draft", columns=(OutputColumn(name="x", source="NO_SUCH"),), aliases={"A": "NO_SUCH"}
        )
        profiles.save(session, "output", draft.to_json(), author="", now=1.0)
    after = changed(database, sql={"output_columns": ["ITEM_CD"]})
    assert [profile.name for profile in after.sql.profiles] == [DEFAULT]
    with database.reading() as session:
        assert profiles.list_names(session, "output") == [DEFAULT, "Draft"]


def test_the_sql_node_of_a_blueprint_sets_section_and_profile_and_follows_them(database: Database) -> None:
    graph = default_graph()
    node = next(node for node in graph["nodes"] if node["id"] == "sql")
    node["settings"] = {"output_columns": ["ITEM_CD", "JOB_NM"]}
    after = changed(database, graph=graph)
    assert after.sql.output_columns == ["ITEM_CD", "JOB_NM"]
    assert active(database).sources == ["ITEM_CD", "JOB_NM"]
    after = changed(database, sql={"output_columns": ["JOB_NM"]})
    assert next(n for n in after.graph.nodes if n.id == "sql").settings == {"output_columns": ["JOB_NM"]}


def test_a_name_that_no_profile_can_have_is_refused_and_nothing_changes(database: Database) -> None:
    default = {"name": DEFAULT, "mapping": {}}
    with pytest.raises(InvalidInput):
        changed(database, sql={"profiles": [default, {"name": "x" * 200, "mapping": {}}]})
    assert active(database) == OutputProfile.default()


BY_NOBODY: dict[str, Any] = {"author": "", "comment": "", "now": 1.0}


def store_revision(
    database: Database,
    state_dir: Path,
    revision: int,
    document: PlantSettings,
    then: Callable[[Session], object] = lambda _session: None,
) -> None:
    with database.writing() as session:
        store(session, document, [], revision=revision, **BY_NOBODY)
        settings_hooks.wrapper_saver(state_dir)(session, revision, document)
        then(session)


def test_the_wrapper_is_written_when_graph_or_pipeline_change_and_current_once_committed(
    sqlite: Database, tmp_path: Path
) -> None:
    with sqlite.writing() as session:
        ensure_first_revision(session)
        settings_hooks.ensure_wrapper(session, tmp_path)
    assert wrapper.wrapper_path(tmp_path).name == "pipeline_r1.py"
    document = PlantSettings.of({"search": {"ef_search": 99}})
    store_revision(sqlite, tmp_path, 2, document)
    assert wrapper.revisions(tmp_path) == [1]
    document = PlantSettings.of({"graph": default_graph()})
    store_revision(sqlite, tmp_path, 3, document)
    assert wrapper.wrapper_path(tmp_path).name == "pipeline_r3.py"
    document = PlantSettings.of({"graph": default_graph(), "trainer": {"time_profiles_enabled": True}})
    with pytest.raises(Conflict):
        store_revision(
            sqlite, tmp_path, 4, document, then=lambda session: store(session, document, [], revision=3, **BY_NOBODY)
        )
    assert wrapper.wrapper_path(tmp_path).name == "pipeline_r3.py"
    store_revision(sqlite, tmp_path, 4, document)
    assert wrapper.current_pipeline(tmp_path).options.times.enabled
    wrapper.wrapper_path(tmp_path).write_text("broken(", "utf-8")
    with sqlite.writing() as session:
        settings_hooks.ensure_wrapper(session, tmp_path)
    assert wrapper.current_pipeline(tmp_path).options.times.enabled


def test_a_wrapper_that_cannot_be_written_refuses_the_change(sqlite: Database, tmp_path: Path) -> None:
    (tmp_path / wrapper.FOLDER).write_text("in the way", "utf-8")
    with sqlite.writing() as session:
        ensure_first_revision(session)
        settings_hooks.ensure_wrapper(session, tmp_path)
    with pytest.raises(Unavailable, match="nothing was changed"):
        store_revision(sqlite, tmp_path, 2, PlantSettings.of({"graph": default_graph()}))
    with sqlite.reading() as session:
        assert find(session, 0).revision == 1
