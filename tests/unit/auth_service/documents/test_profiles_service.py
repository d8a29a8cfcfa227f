"""Mapping profiles and the blueprint over a real channel."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from auth_service.control.settings import find, parse
from auth_service.mapping import settings_hooks
from auth_service.store.database import Database
from common.errors import Conflict, InvalidInput, NotFound, PermissionDenied, PreconditionFailed
from common.tables import columns_of, integer_column, number_column, table, text_column
from plant.blueprint.pipeline import default_graph
from plant.input_profile import InputProfile
from plant.output_profile import OutputColumn, OutputProfile
from plant.settings import PlantSettings
from protos.documents.v1 import documents_pb2 as pb

INPUT, OUTPUT = pb.PROFILE_KIND_INPUT, pb.PROFILE_KIND_OUTPUT
DATA = Path(__file__).parents[3] / "data"


class Administrator:
    """Calls the service as an administrator."""

    def __init__(self, documents: Any) -> None:
        self._documents = documents

    async def __call__(self, method: str, request: Any) -> Any:
        return await self._documents(method, request, "admin@plant.example", "admin")


@pytest.fixture
def admin(documents: Any) -> Administrator:
    """Calls the service as an administrator."""
    return Administrator(documents)


def input_json(name: str, **changes: dict[str, Any]) -> str:
    content = json.loads(InputProfile.built_in().to_json())
    content["name"] = name
    for column in content["columns"]:
        if column["role"] == "features":
            column.update(changes.get(column["internal"], {}))
    return json.dumps(content)


def use_source(database: Database, path: Path) -> None:
    with database.writing() as session:
        row = find(session, 0)
        content = parse(row).to_dict()
        content["data_source"]["access_path"] = str(path)
        row.document_json = PlantSettings.of(content).to_json()


async def test_only_administrators_change_profiles_and_everybody_reads_them(documents: Any) -> None:
    assert (await documents("GetProfile", pb.GetProfileRequest(kind=INPUT))).built_in
    for method, request in (
        ("SaveProfile", pb.SaveProfileRequest(kind=INPUT, profile_json=input_json("x"))),
        ("ActivateProfile", pb.ActivateProfileRequest(kind=INPUT, name="Access views")),
        ("DeleteProfile", pb.DeleteProfileRequest(kind=INPUT, name="x")),
        ("RevertProfile", pb.RevertProfileRequest(kind=INPUT, name="x", revision=1)),
        ("ImportProfiles", pb.ImportProfilesRequest(kind=INPUT, content="{}")),
        ("CheckInputProfile", pb.CheckInputProfileRequest()),
    ):
        with pytest.raises(PermissionDenied):
            await documents(method, request)
    with pytest.raises(InvalidInput, match="which kind"):
        await documents("ListProfiles", pb.ListProfilesRequest())


async def test_an_input_profile_is_checked_saved_and_activated(admin: Any, documents: Any, database: Database) -> None:
    use_source(database, DATA / "small.accdb")
    profile = input_json("New", ITEM_GRP2={"source": "PART_TYPE"}, OUTDIAMETER={"default": 1.0})
    checked = await admin("CheckInputProfile", pb.CheckInputProfileRequest(profile_json=profile, rows=50))
    assert checked.ok
    columns = columns_of(checked.columns)
    position = list(map(str, columns["internal"])).index("ITEM_GRP2")
    assert (columns["source"][position], columns["found"][position]) == ("PART_TYPE", 1)
    assert json.loads(str(columns["examples"][0]))
    assert columns_of(checked.tables)["rows"] == [50, 50, 50]
    await admin("SaveProfile", pb.SaveProfileRequest(kind=INPUT, profile_json=profile, comment="new plant"))
    done = await admin("ActivateProfile", pb.ActivateProfileRequest(kind=INPUT, name="New"))
    assert done.profile.active
    assert list(done.changed_columns) == ["features.OUTDIAMETER", "features.ITEM_GRP2"]
    assert done.refresh_needed
    assert done.training_needed
    assert (list(done.confirmed_by), list(done.unconfirmed)) == (["ann-1"], ["trainer-1: busy"])
    assert documents.published == 2
    listed = await documents("ListProfiles", pb.ListProfilesRequest(kind=INPUT))
    assert [(p.name, p.active, p.built_in) for p in listed.profiles] == [
        ("Access views", False, True),
        ("New", True, False),
    ]
    with pytest.raises(PreconditionFailed):
        await admin("DeleteProfile", pb.DeleteProfileRequest(kind=INPUT, name="New"))


async def test_a_profile_that_the_configured_source_lacks_columns_for_cannot_become_active(
    admin: Any, database: Database
) -> None:
    use_source(database, DATA / "small.accdb")
    await admin(
        "SaveProfile", pb.SaveProfileRequest(kind=INPUT, profile_json=input_json("P", ITEM_NM={"source": "품명"}))
    )
    with pytest.raises(PreconditionFailed, match="lacks column 품명"):
        await admin("ActivateProfile", pb.ActivateProfileRequest(kind=INPUT, name="P"))
    use_source(database, DATA / "not there.accdb")
    assert (await admin("ActivateProfile", pb.ActivateProfileRequest(kind=INPUT, name="P"))).profile.active


async def test_a_source_outside_the_allowed_folders_is_not_opened(
    admin: Any, database: Database, tmp_path: Path
) -> None:
    use_source(database, DATA / "small.accdb")
    with pytest.raises(PermissionDenied):
        await admin("CheckInputProfile", pb.CheckInputProfileRequest(path=str(tmp_path)))
    beside = await admin(
        "CheckInputProfile", pb.CheckInputProfileRequest(path=str(DATA / "missing_column.accdb"), rows=1)
    )
    assert not beside.ok
    assert "OUTDIAMETER" in beside.problems[0]


async def test_profiles_are_changed_reverted_and_transferred(admin: Any, documents: Any) -> None:
    save = pb.SaveProfileRequest(
        kind=OUTPUT, profile_json=OutputProfile(name="ERP", columns=(OutputColumn.of("ITEM_CD"),)).to_json()
    )
    assert (await admin("SaveProfile", save)).revision == 1
    save.name, save.expected_revision = "ERP", 1
    save.profile_json = OutputProfile(name="ERP", columns=(OutputColumn.of("JOB_NM"),)).to_json()
    assert (await admin("SaveProfile", save)).revision == 2
    with pytest.raises(Conflict):
        await admin("SaveProfile", save)
    history = (await documents("ProfileRevisions", pb.ProfileRevisionsRequest(kind=OUTPUT, name="ERP"))).revisions
    assert [(entry.revision, entry.author) for entry in history] == [
        (2, "admin@plant.example"),
        (1, "admin@plant.example"),
    ]
    reverted = await admin("RevertProfile", pb.RevertProfileRequest(kind=OUTPUT, name="ERP", revision=1))
    assert OutputProfile.read(reverted.profile_json).sources == ["ITEM_CD"]
    text = (await documents("ExportProfiles", pb.ExportProfilesRequest(kind=OUTPUT))).content
    await admin("DeleteProfile", pb.DeleteProfileRequest(kind=OUTPUT, name="ERP"))
    with pytest.raises(NotFound):
        await documents("GetProfile", pb.GetProfileRequest(kind=OUTPUT, name="ERP"))
    done = await admin("ImportProfiles", pb.ImportProfilesRequest(kind=OUTPUT, content=text))
    assert (list(done.created), list(done.unchanged)) == (["ERP"], ["Access 7.1 기본"])


async def test_an_active_output_profile_is_what_the_settings_show(admin: Any, database: Database) -> None:
    profile = OutputProfile(name="ERP", columns=(OutputColumn(name="품목", source="ITEM_CD"),), aliases={"J": "JOB_NM"})
    await admin("SaveProfile", pb.SaveProfileRequest(kind=OUTPUT, profile_json=profile.to_json()))
    done = await admin("ActivateProfile", pb.ActivateProfileRequest(kind=OUTPUT, name="ERP"))
    assert "품목" in done.changed_columns
    assert (done.refresh_needed, done.training_needed) == ("", "")
    with database.reading() as session:
        newest = find(session, 0)
    sql = parse(newest).sql
    assert (newest.author, newest.comment) == ("admin@plant.example", "output profile ERP: activate")
    assert (sql.active_profile, sql.output_columns, sql.column_aliases) == ("ERP", ["ITEM_CD"], {"J": "JOB_NM"})


async def test_a_preview_shows_the_rows_and_lists_what_breaks_the_checks(documents: Any) -> None:
    profile = OutputProfile(
        name="ERP",
        columns=(
            OutputColumn(name="품목", source="ITEM_CD", required=True),
            OutputColumn(name="순번", source="PROC_SEQ", type="integer", format="0000"),
            OutputColumn(name="준비", source="SETUP_TIME", type="number", format="0.0", maximum=5),
        ),
    )
    rows = table(
        2,
        [
            text_column("ITEM_CD", ["A-1", None]),
            integer_column("PROC_SEQ", [10, 20]),
            number_column("SETUP_TIME", [1.25, 9.0]),
        ],
    )
    shown = await documents(
        "PreviewOutputProfile", pb.PreviewOutputProfileRequest(profile_json=profile.to_json(), rows=rows)
    )
    assert columns_of(shown.table) == {"품목": ["A-1", None], "순번": ["0010", "0020"], "준비": ["1.2", "9.0"]}
    assert [(f.row, f.column, f.check) for f in shown.findings] == [(1, "품목", "null"), (1, "준비", "range")]
    assert (shown.valid, shown.total_findings) == (True, 2)
    plain = await documents("PreviewOutputProfile", pb.PreviewOutputProfileRequest(rows=rows))
    assert len(plain.table.columns) == 52
    wrong = OutputProfile(name="x", columns=(OutputColumn(name="a", source="NO"),)).to_json()
    refused = await documents("PreviewOutputProfile", pb.PreviewOutputProfileRequest(profile_json=wrong, rows=rows))
    assert not refused.valid
    assert "NO" in refused.problems[0]


async def test_the_node_library_checks_graphs_and_shows_the_wrapper(
    documents: Any, database: Database, state_dir: Path
) -> None:
    library = await documents("NodeTypes", pb.NodeTypesRequest())
    assert {"loader", "encoder", "weights", "embedding", "index", "storage", "predictor", "sql"} <= {
        t.type for t in library.types
    }
    index = next(t for t in library.types if t.type == "index")
    assert json.loads(index.options_schema_json)["properties"]["m"]["maximum"] == 64
    assert [(p.name, p.type, p.required) for p in index.inputs] == [("vectors", "vectors", True)]
    good = await documents("CheckGraph", pb.CheckGraphRequest(graph_json=library.default_graph_json))
    assert good.ok
    assert json.loads(good.pipeline_json)["index"]["m"] == 16
    assert "OPTIONS" in good.wrapper_source
    graph = default_graph()
    next(node for node in graph["nodes"] if node["id"] == "index")["settings"]["m"] = 1
    bad = await documents("CheckGraph", pb.CheckGraphRequest(graph_json=json.dumps(graph)))
    assert [(p.node_id, p.reason) for p in bad.problems] == [("index", "OPTION_OUT_OF_RANGE")]
    with pytest.raises(NotFound):
        await documents("GetWrapper", pb.GetWrapperRequest())
    with database.writing() as session:
        settings_hooks.ensure_wrapper(session, state_dir)
    wrapper = await documents("GetWrapper", pb.GetWrapperRequest())
    assert (wrapper.revision, list(wrapper.revisions)) == (1, [1])
    assert Path(wrapper.path).read_text("utf-8") == wrapper.source


async def test_the_effect_of_an_edited_profile_is_said_before_it_is_saved(admin: Administrator) -> None:
    async def effects(document: dict[str, Any]) -> Any:
        request = pb.InputProfileEffectsRequest(profile_json=json.dumps(document))
        return await admin("InputProfileEffects", request)

    same = InputProfile.built_in().document() | {"name": "Copy"}
    found = await effects(same)
    assert (found.refresh, found.training, list(found.problems)) == (False, False, [])

    labelled = json.loads(json.dumps(same))
    labelled["schema"]["features"][1]["label"] = "Sort of part"
    found = await effects(labelled)
    assert (found.refresh, found.training) == (True, False)

    other_kind = json.loads(json.dumps(same))
    other_kind["schema"]["features"][1]["kind"] = "text"
    found = await effects(other_kind)
    assert (found.refresh, found.training) == (True, True)

    other_kind["schema"]["features"][2]["name"] = "part_type"
    assert any("differ in case only" in problem for problem in (await effects(other_kind)).problems)
    with pytest.raises(InvalidInput):
        await effects({"name": "x"})
