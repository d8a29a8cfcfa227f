"""Stored mapping profiles: names, revisions, the active one, transfer, effects of an activation."""

from __future__ import annotations

from typing import Any

import orjson
import pytest
from sqlalchemy import delete, insert

from auth_service.mapping import profile_effects, profile_transfer, profiles
from auth_service.store.active_profiles import active_profiles
from auth_service.store.database import Database
from auth_service.store.document_records import ActiveProfileRecord, ProfileRecord
from common.errors import AlreadyExists, Conflict, InvalidInput, NotFound, PreconditionFailed
from plant.input_profile import InputProfile
from plant.output_profile import OutputColumn, OutputProfile

BUILT_IN, DEFAULT = "Access views", "Access 7.1 기본"


def input_json(name: str = "New plant", **source: str) -> str:
    content = orjson.loads(InputProfile.built_in().to_json())
    content["name"] = name
    for column in content["columns"]:
        column["source"] = source.get(column["internal"], column["source"])
    return orjson.dumps(content).decode()


def output_json(name: str = "ERP", *columns: OutputColumn) -> str:
    return OutputProfile(name=name, columns=columns or (OutputColumn.of("ITEM_CD"),)).to_json()


def save(database: Database, kind: str, text: str, **options: Any) -> profiles.Profile:
    with database.writing() as session:
        return profiles.save(session, kind, text, author="admin@plant.example", now=5.0, **options)


def activate(database: Database, kind: str, name: str) -> profiles.Profile:
    with database.writing() as session:
        return profiles.activate(session, kind, name, author="admin@plant.example", now=6.0)[0]


def test_a_new_plant_reads_and_writes_through_the_profiles_that_come_with_the_product(database: Database) -> None:
    with database.reading() as session:
        assert active_profiles(session) == ("", "")
        (read,) = profiles.list_profiles(session, "input")
        (written,) = profiles.list_profiles(session, "output")
    assert (read.name, read.active, read.valid, read.built_in) == (BUILT_IN, True, True, True)
    assert InputProfile.read(read.inspected.json) == InputProfile.built_in()
    assert (written.name, written.active, written.valid, written.built_in) == (DEFAULT, True, True, False)
    assert OutputProfile.read(written.inspected.json) == OutputProfile.default()


def test_exactly_one_profile_of_a_kind_is_active_by_the_database(database: Database) -> None:
    first = save(database, "input", input_json())
    with pytest.raises(Conflict), database.writing() as session:
        session.execute(
            insert(ActiveProfileRecord).values(kind="input", profile_id=1, activated_at=1.0, activated_by="")
        )
    activate(database, "input", first.name)
    with database.reading() as session:
        assert [p.name for p in profiles.list_profiles(session, "input") if p.active] == [first.name]
        assert active_profiles(session)[0] == first.inspected.json
    with pytest.raises(PreconditionFailed), database.writing() as session:
        profiles.delete(session, "input", first.name)
    with pytest.raises(Conflict), database.writing() as session:
        session.execute(delete(ProfileRecord).where(ProfileRecord.name == first.name))


def test_the_built_in_profile_cannot_be_changed_or_deleted(database: Database) -> None:
    with pytest.raises(PreconditionFailed, match="save a copy"):
        save(database, "input", input_json(BUILT_IN), name=BUILT_IN)
    with pytest.raises(PreconditionFailed), database.writing() as session:
        profiles.delete(session, "input", BUILT_IN)


def test_each_change_is_a_revision_with_author_and_reason(database: Database) -> None:
    save(database, "input", input_json(), comment="first")
    changed = save(database, "input", input_json("Renamed", ITEM_NM="품명"), name="new PLANT", expected_revision=1)
    assert (changed.name, changed.revision, changed.author) == ("Renamed", 2, "admin@plant.example")
    assert save(database, "input", input_json("Renamed", ITEM_NM="품명"), name="Renamed").revision == 2
    with pytest.raises(Conflict, match="changed by admin"):
        save(database, "input", input_json("Renamed"), name="Renamed", expected_revision=1)
    with database.writing() as session:
        reverted = profiles.revert(session, "input", "Renamed", 1, author="kim@plant.example", now=9.0)
    assert (reverted.name, reverted.revision, reverted.author) == ("New plant", 3, "kim@plant.example")
    with database.reading() as session:
        history = profiles.revisions(session, "input", "New plant", 10)
        old = profiles.get(session, "input", "New plant", 2)
    assert [(r.revision, r.comment) for r in history] == [(3, "back to revision 1"), (2, ""), (1, "first")]
    assert InputProfile.read(old.inspected.json).source_column("features", "ITEM_NM") == "품명"
    with database.reading() as session, pytest.raises(NotFound):
        profiles.get(session, "input", "New plant", 9)


def test_names_are_unique_ignoring_case(database: Database) -> None:
    save(database, "output", output_json())
    with pytest.raises(AlreadyExists):
        save(database, "output", output_json("erp"))
    save(database, "output", output_json("Other"))
    with pytest.raises(AlreadyExists):
        save(database, "output", output_json("ERP"), name="other")
    save(database, "input", input_json("ERP"))
    for name in ("ghost", "a\x00b"):
        with database.reading() as session, pytest.raises(NotFound):
            profiles.get(session, "output", name)


def test_an_invalid_profile_can_be_kept_but_never_become_active(database: Database) -> None:
    wrong = save(database, "output", output_json("ERP", OutputColumn(name="a", source="NO_SUCH")))
    assert not wrong.valid
    with pytest.raises(PreconditionFailed, match="NO_SUCH"):
        activate(database, "output", "ERP")
    save(database, "output", output_json(), name="ERP")
    assert activate(database, "output", "ERP").valid
    with pytest.raises(InvalidInput, match="would become invalid"):
        save(database, "output", output_json("ERP", OutputColumn(name="a", source="NO_SUCH")), name="ERP")
    with database.reading() as session:
        assert active_profiles(session)[1] == output_json()
    save(database, "input", input_json("Bad", ITEM_CD=""))
    with pytest.raises(PreconditionFailed, match="ITEM_CD"):
        activate(database, "input", "Bad")


def test_a_name_holds_printable_characters_only(database: Database) -> None:
    for name in ("a\x00b", " a", "a\nb"):
        for kind, text in (("input", input_json(name)), ("output", output_json(name))):
            with pytest.raises(InvalidInput) as caught:
                save(database, kind, text)
            assert [violation.field for violation in caught.value.violations] == ["name"]
    assert save(database, "output", output_json(), comment="a\x00b").revision == 1
    with database.reading() as session, pytest.raises(NotFound):
        profiles.get(session, "output", "ERP", 2**32 - 1)


@pytest.mark.parametrize(
    "name",
    [
        "export",
        "Import",
        "CHECK",
        "preview",
        "a/revisions",
        "a/b/Activate",
        "x/revert",
        "a//b",
        "/a",
        "a/",
        "..",
        "a/../b",
    ],
)
def test_a_name_that_its_address_would_not_lead_to_is_refused(sqlite: Database, name: str) -> None:
    save(sqlite, "output", output_json())
    for options in ({}, {"name": "ERP"}):
        with pytest.raises(InvalidInput) as caught:
            save(sqlite, "output", output_json(name), **options)
        assert [violation.field for violation in caught.value.violations] == ["name"]
    for usable in ("revisions", "exports", "plant/2026", "a/revisions of ERP", "김/라우팅"):
        assert save(sqlite, "output", output_json(usable)).name == usable


@pytest.mark.parametrize("text", ["{", "[]", '{"name": "x"}', '{"name": "' + "x" * 1_100_000 + '"}'])
def test_what_is_no_profile_is_refused(sqlite: Database, text: str) -> None:
    for kind in ("input", "output"):
        with pytest.raises(InvalidInput):
            save(sqlite, kind, text)


def test_profiles_go_out_and_come_back_all_or_none(database: Database) -> None:
    save(database, "input", input_json("A", ITEM_NM="품명"))
    with database.reading() as session:
        text = profile_transfer.export(session, "input")
        assert [p["name"] for p in orjson.loads(text)["profiles"]] == ["A"]
        assert orjson.loads(profile_transfer.export(session, "input", [BUILT_IN]))["profiles"][0]["name"] == BUILT_IN

    def take_over(content: str) -> profile_transfer.Imported:
        with database.writing() as session:
            return profile_transfer.take_over(session, "input", content, author="", now=7.0)

    assert take_over(text).unchanged == ["A"]
    assert take_over(input_json("A")).updated == ["A"]
    document = orjson.loads(text)
    document["profiles"].append(orjson.loads(input_json("B")))
    result = take_over("﻿" + orjson.dumps(document).decode())
    assert (result.created, result.updated) == (["B"], ["A"])
    document["profiles"] = [orjson.loads(input_json("C")), {"name": "broken"}]
    for wrong in (orjson.dumps(document).decode(), "{", "[]", '{"profiles": 3}', '{"kind": "output", "profiles": []}'):
        with pytest.raises(InvalidInput):
            take_over(wrong)
    with database.reading() as session:
        assert [p.name for p in profiles.list_profiles(session, "input")] == [BUILT_IN, "A", "B"]


def test_an_activation_says_what_must_be_read_and_trained_again() -> None:
    built_in = InputProfile.built_in()
    same = profile_effects.of_input(built_in, InputProfile.read(input_json("copy")))
    assert same == profile_effects.Effects()
    feature = profile_effects.of_input(built_in, InputProfile.read(input_json("f", OUTDIAMETER="OD")))
    assert feature.changed_columns == ["features.OUTDIAMETER"]
    assert "refresh" in feature.refresh_needed
    assert "train" in feature.training_needed
    routing = profile_effects.of_input(built_in, InputProfile.read(input_json("r", RES_DIS="설비")))
    assert routing.changed_columns == ["routing.RES_DIS"]
    assert routing.training_needed == ""
    content = orjson.loads(input_json("t"))
    content["tables"]["routing"] = "다른뷰"
    table = profile_effects.of_input(built_in, InputProfile.read(orjson.dumps(content).decode()))
    assert {name.split(".")[0] for name in table.changed_columns} == {"routing"}
    other = OutputProfile(name="x", columns=(OutputColumn(name="ITEM_CD", source="ITEM_CD", format="upper"),))
    changed = profile_effects.of_output(OutputProfile.default(), other).changed_columns
    assert changed[:2] == ["ITEM_CD", "CANDIDATE_ID"]
