"""Saving another source: addresses of databases keep no password, and a source that no profile can read is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from sqlalchemy.orm import Session

from auth_service.mapping import chosen_source, profiles
from auth_service.mapping.profile_kinds import INPUT
from auth_service.store.database import Database
from common.errors import PermissionDenied
from common.settings import settings
from plant.input_profile import InputProfile
from plant.settings import PlantSettings
from source.allowed_paths import allowed_path

DATA = Path(__file__).resolve().parents[3] / "data"


def document(path: str, servers: list[str] | None = None) -> PlantSettings:
    return PlantSettings.of({"data_source": {"access_path": path}, "access": {"allowed_servers": servers or []}})


@pytest.fixture(autouse=True)
def own_state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(settings(), "state_dir", tmp_path / "state")
    return tmp_path / "state"


def problems(database: Database, path: Path) -> list[str]:
    with database.writing() as session:
        return [found.description for found in chosen_source.check(session, PlantSettings(), document(str(path)))]


def test_an_address_is_kept_without_its_password_where_its_server_is_allowed(own_state: Path) -> None:
    address = "postgresql://u:geheim@db.plant/erp"
    with pytest.raises(PermissionDenied, match=r"Databases on db\.plant are not allowed"):
        chosen_source.keep_addresses(Session(), PlantSettings(), document(address), "me")
    kept = chosen_source.keep_addresses(Session(), PlantSettings(), document(address, ["DB.plant"]), "me")
    path = Path(kept.data_source.access_path)
    assert path.parent == own_state / "sources"
    assert "geheim" not in json.dumps(kept.to_dict()) + path.read_text(encoding="utf-8")
    assert PlantSettings.of(kept.to_dict()) == kept
    assert allowed_path(str(path), DATA / "small.accdb", [], ["db.plant"]) == path.resolve()
    for asked in (str(path), address):
        with pytest.raises(PermissionDenied):
            allowed_path(asked, DATA / "small.accdb", [], [])


def test_a_source_without_the_tables_of_any_profile_is_not_saved(database: Database, tmp_path: Path) -> None:
    assert problems(database, DATA / "small.accdb") == []
    assert problems(database, tmp_path / "share that is away.accdb") == []
    [why] = problems(database, DATA / "korean_names.accdb")
    assert "lacks table dbo_BI_ITEM_INFO_VIEW" in why
    assert "it has 품목 마스터" in why
    assert "cut off" in problems(database, DATA / "truncated.accdb")[0]


def test_a_source_is_saved_when_a_profile_for_it_is_stored_already(database: Database) -> None:
    other = InputProfile.built_in().model_copy(
        update={"name": "P", "tables": {"features": "품목 마스터", "routing": "품목 마스터", "results": ""}}
    )
    with database.writing() as session:
        profiles.save(
            session, INPUT, other.to_json(), expected_revision=0, comment="", author="me", now=1.0, available=()
        )
    assert problems(database, DATA / "korean_names.accdb") == []
