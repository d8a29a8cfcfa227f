"""The database of an older program, whose profiles carry no schema: the screens show them as what they are, and the plant is served."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from playwright.sync_api import Browser, expect

from auth_service.store import schema
from auth_service.store.database import Database
from plant.input_profile import InputProfile
from tests.e2e.browser_steps import page_of, speak
from tests.support.running_system import RunningSystem, port_variables, running_system

OLD = "Views of 2024"


def older_profile() -> str:
    """A profile of the first format: no schema, no format, units as they were."""
    document = InputProfile.built_in().document()
    del document["schema"], document["format"]
    return json.dumps({**document, "name": OLD, "description": "kept by an older program"})


def older_database(path: Path) -> None:
    """A database as the first release left it, with a profile of its own that is active."""
    path.parent.mkdir(parents=True)
    database = Database(f"sqlite:///{path.as_posix()}")
    schema.upgrade(database, "0002")
    with database.engine.begin() as connection:
        values = {"kind": "input", "name": OLD, "key": OLD.casefold(), "text": older_profile(), "at": 1.0}
        connection.execute(
            sa.text(
                "INSERT INTO profiles (kind, name, name_key, profile_json, built_in, revision, author, created_at, updated_at) "
                "VALUES (:kind, :name, :key, :text, 0, 1, 'somebody', :at, :at)"
            ),
            values,
        )
        number = connection.execute(sa.text("SELECT id FROM profiles WHERE name = :name"), values).scalar_one()
        connection.execute(
            sa.text(
                "INSERT INTO profile_revisions (profile_id, revision, at, author, comment, profile_json) "
                "VALUES (:id, 1, :at, 'somebody', '', :text)"
            ),
            {**values, "id": number},
        )
        connection.execute(sa.text("UPDATE active_profiles SET profile_id = :id WHERE kind = 'input'"), {"id": number})
    database.engine.dispose()


@pytest.fixture(scope="module")
def upgraded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """A system that was started over the older database."""
    state = tmp_path_factory.mktemp("older") / "state"
    older_database(state / "routing.db")
    with running_system(state, variables=port_variables()) as system:
        yield system


def test_an_older_profile_is_shown_with_its_plant_in_both_languages_and_serves(
    browser: Browser, upgraded: RunningSystem
) -> None:
    with page_of(browser, upgraded) as page, upgraded.admin() as client:
        assert client.get("/api/plant").json()["profile"] == OLD
        page.goto("/options")
        tile = page.get_by_role("button", name=re.compile(f"^{OLD}"))
        expect(tile).to_contain_text("활성")
        expect(tile).not_to_contain_text("오류 있음")
        page.get_by_text("공장 스키마 (피처)").click()
        expect(page.get_by_label("ITEM_MATERIAL 한국어 이름")).to_have_value("재질")
        expect(page.get_by_label("ITEM_MATERIAL 영어 이름")).to_have_value("Material")
        speak(page, "en")
        page.goto("/training-status")
        expect(page.locator("main")).to_contain_text("Outer diameter")
        page.goto("/routing")
        page.get_by_label("Item codes").fill("SLS-0000718")
        page.get_by_role("button", name="Recommend", exact=True).click()
        expect(page.locator("li[data-operation]")).not_to_have_count(0)
