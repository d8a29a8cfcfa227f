"""Databases of older programs: profiles of the first format and settings that are still the seal plant's."""

from __future__ import annotations

import json
from pathlib import Path

from auth_service.control.settings import ensure_first_revision, find, parse
from auth_service.mapping import plant_section, profiles
from auth_service.store.database import Database
from plant.input_profile import InputProfile
from plant.mechanical_seals import MECHANICAL_SEALS
from plant.output_profile import OutputProfile
from plant.profile_files import read_profile
from plant.settings import PlantSettings

PLANTS = Path(__file__).resolve().parents[4] / "demo" / "plants"


def test_a_stored_profile_of_the_first_format_is_read_as_the_seal_plants(database: Database) -> None:
    document = InputProfile.built_in().document() | {"name": "Older"}
    del document["format"], document["schema"]
    with database.writing() as session:
        stored = profiles.save(session, "input", json.dumps(document), author="park", now=1.0)
        profiles.activate(session, "input", "Older", author="park", now=2.0)
        assert stored.valid
        assert plant_section.active_input(session).plant == MECHANICAL_SEALS


def test_settings_from_before_follow_a_plant_that_was_active_already(database: Database) -> None:
    fabricad = read_profile(PLANTS / "fabricad" / "profile.json")
    saved: list[int] = []
    with database.writing() as session:
        ensure_first_revision(session)
        profiles.save(session, "input", fabricad.to_json(), author="park", now=1.0)
        profiles.activate(session, "input", fabricad.name, author="park", now=2.0)
        for _start in range(2):
            plant_section.catch_up(session, lambda _session, revision, _document: saved.append(revision), now=3.0)
        document = parse(find(session, 0))
        (output,) = profiles.list_profiles(session, "output")
    assert saved == [2]
    assert document.data_source.default_table == "artikel"
    assert document.sql.output_columns == list(fabricad.plant.output_columns)
    assert document.sql.active_profile == output.name == "FabriCAD"
    assert "Qualifikation" in OutputProfile.read(output.inspected.json).sources


def test_a_seal_plant_has_nothing_to_catch_up_with(database: Database) -> None:
    with database.writing() as session:
        ensure_first_revision(session)
        plant_section.catch_up(session, lambda *_facts: None, now=3.0)
        assert parse(find(session, 0)) == PlantSettings()
        assert find(session, 0).revision == 1
