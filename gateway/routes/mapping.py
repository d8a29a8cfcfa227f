"""`/api/mapping`: input and output profiles, both served alike but for check and preview.

A profile's name may hold a slash, so the routes with more behind the name stand before the one that ends with it.
"""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from fastapi import Query
from starlette.responses import Response

from common.errors import InvalidInput
from common.patience import LONGEST_CALL_SECONDS
from common.request_context import allow_more_time
from gateway.answers import json_answer, no_content, now_iso
from gateway.bodies import document_text
from gateway.guarded_routes import AreaRouter
from gateway.schemas import mapping as bodies
from gateway.state import Gateway, TheGateway
from gateway.translate import profiles as translate
from gateway.translate.notices import all_said
from gateway.translate.rows import mixed_table, rows_of
from gateway.translate.suggestions import suggested
from predicting.neighbours import SearchOptions, find_neighbours
from protos.aggregate.v1 import aggregate_pb2
from protos.documents.v1 import documents_pb2 as pb

Kind = Literal["input", "output"]
KINDS: Mapping[str, pb.ProfileKind.ValueType] = {"input": pb.PROFILE_KIND_INPUT, "output": pb.PROFILE_KIND_OUTPUT}

area = AreaRouter("/api/mapping", "mapping")


@area.user.get("/{kind}-profiles", response_model=bodies.ProfileListResponse)
async def list_profiles(kind: Kind, gateway: TheGateway) -> Response:
    """The profiles of a kind, the built-in one first."""
    mapping = gateway.clients.mapping
    found = await mapping.call(mapping.stub.ListProfiles, pb.ListProfilesRequest(kind=KINDS[kind]))
    return json_answer({"items": [translate.profile(one, with_content=False) for one in found.profiles]})


@area.admin.post("/{kind}-profiles", status_code=201, response_model=bodies.ProfileModel)
async def create_profile(kind: Kind, body: bodies.ProfileSaveRequest, gateway: TheGateway) -> Response:
    """Stores a new profile."""
    return json_answer(translate.profile(await _save(gateway, kind, "", body)), 201)


@area.admin.post("/input-profiles/check", response_model=bodies.ProfileCheckResponse)
async def check_input_profile(body: bodies.ProfileCheckRequest, gateway: TheGateway) -> Response:
    """Checks an input profile against a real source."""
    allow_more_time(LONGEST_CALL_SECONDS)
    mapping = gateway.clients.mapping
    request = pb.CheckInputProfileRequest(
        profile_json=_profile_text(body.profile), name=body.name, path=body.path, rows=body.rows
    )
    found = await mapping.call(mapping.stub.CheckInputProfile, request, timeout=LONGEST_CALL_SECONDS)
    return json_answer(translate.checked(found))


@area.admin.post("/input-profiles/suggest", response_model=bodies.ProfileSuggestResponse)
async def suggest_input_profile(body: bodies.ProfileSuggestRequest, gateway: TheGateway) -> Response:
    """Looks into a source that nobody has described: drafts its input profile, asks what the data do not decide, and shows items of it."""
    allow_more_time(LONGEST_CALL_SECONDS)
    aggregate = gateway.clients.aggregate
    request = aggregate_pb2.SuggestProfileRequest(path=body.path, name=body.name, answers=body.answers)
    found = await aggregate.call(aggregate.stub.SuggestProfile, request, timeout=LONGEST_CALL_SECONDS)
    return json_answer(suggested(found))


@area.admin.post("/input-profiles/effects", response_model=bodies.ProfileEffectsResponse)
async def input_profile_effects(body: bodies.ProfileEffectsRequest, gateway: TheGateway) -> Response:
    """What it would mean that an edited input profile takes the place of the active one."""
    mapping = gateway.clients.mapping
    request = pb.InputProfileEffectsRequest(profile_json=_profile_text(body.profile))
    found = await mapping.call(mapping.stub.InputProfileEffects, request)
    return json_answer(
        {
            "refresh": found.refresh,
            "training": found.training,
            "changed_columns": list(found.changed_columns),
            "problems": list(found.problems),
            "problem_notices": all_said(found.problem_notices),
        }
    )


@area.user.post("/output-profiles/preview", response_model=bodies.ProfilePreviewResponse)
async def preview_output_profile(body: bodies.ProfilePreviewRequest, gateway: TheGateway) -> Response:
    """Shows what an output profile makes of given rows, or of the prediction of given items."""
    rows: list[dict[str, Any]] = [dict(row) for row in body.rows or []]
    if body.rows is None and body.item_codes:
        rows = await _predicted_rows(gateway, body.item_codes)
    mapping = gateway.clients.mapping
    request = pb.PreviewOutputProfileRequest(
        profile_json=_profile_text(body.profile), name=body.name, rows=mixed_table(rows), max_findings=body.max_findings
    )
    return json_answer(translate.preview(await mapping.call(mapping.stub.PreviewOutputProfile, request)))


@area.user.get("/{kind}-profiles/export", response_class=Response)
async def export_profiles(
    kind: Kind, gateway: TheGateway, name: Annotated[list[str] | None, Query()] = None
) -> Response:
    """Profiles as one JSON text: the named ones, else all but the built-in ones."""
    mapping = gateway.clients.mapping
    made = await mapping.call(mapping.stub.ExportProfiles, pb.ExportProfilesRequest(kind=KINDS[kind], names=name or []))
    return Response(
        made.content.encode("utf-8"),
        media_type="application/json",
        headers={"content-disposition": f'attachment; filename="{kind}-profiles.json"'},
    )


@area.admin.post("/{kind}-profiles/import", response_model=bodies.ProfileImportResponse)
async def import_profiles(kind: Kind, body: bodies.ProfileImportRequest, gateway: TheGateway) -> Response:
    """Creates or changes profiles from such a text, all or none."""
    mapping = gateway.clients.mapping
    text = body.content if isinstance(body.content, str) else document_text(body.content, "content")
    request = pb.ImportProfilesRequest(kind=KINDS[kind], content=text)
    result = await mapping.call(mapping.stub.ImportProfiles, request)
    return json_answer(
        {
            "created": list(result.created),
            "updated": list(result.updated),
            "unchanged": list(result.unchanged),
        }
    )


@area.user.get("/{kind}-profiles/{name:path}/revisions", response_model=bodies.ProfileRevisionListResponse)
async def list_profile_revisions(
    kind: Kind, name: str, gateway: TheGateway, limit: Annotated[int, Query(ge=1, le=500)] = 50
) -> Response:
    """Revisions of a profile, newest first."""
    mapping = gateway.clients.mapping
    request = pb.ProfileRevisionsRequest(kind=KINDS[kind], name=name, limit=limit)
    found = await mapping.call(mapping.stub.ProfileRevisions, request)
    return json_answer({"items": [translate.revision(one) for one in found.revisions]})


@area.user.get("/{kind}-profiles/{name:path}", response_model=bodies.ProfileModel)
async def get_profile(
    kind: Kind, name: str, gateway: TheGateway, revision: Annotated[int, Query(ge=0, lt=2**31)] = 0
) -> Response:
    """One profile, or one of its revisions."""
    mapping = gateway.clients.mapping
    request = pb.GetProfileRequest(kind=KINDS[kind], name=name, revision=revision)
    return json_answer(translate.profile(await mapping.call(mapping.stub.GetProfile, request)))


@area.admin.put("/{kind}-profiles/{name:path}", response_model=bodies.ProfileModel)
async def save_profile(kind: Kind, name: str, body: bodies.ProfileSaveRequest, gateway: TheGateway) -> Response:
    """Changes a profile (409 when somebody else changed it meanwhile)."""
    return json_answer(translate.profile(await _save(gateway, kind, name, body)))


@area.admin.delete("/{kind}-profiles/{name:path}", status_code=204, response_class=Response)
async def delete_profile(kind: Kind, name: str, gateway: TheGateway) -> Response:
    """Deletes a profile that is not active."""
    mapping = gateway.clients.mapping
    await mapping.call(mapping.stub.DeleteProfile, pb.DeleteProfileRequest(kind=KINDS[kind], name=name))
    return no_content()


@area.admin.post("/{kind}-profiles/{name:path}/activate", response_model=bodies.ProfileActivationResponse)
async def activate_profile(kind: Kind, name: str, gateway: TheGateway) -> Response:
    """Makes a profile the active one; says what must be read or trained again."""
    mapping = gateway.clients.mapping
    request = pb.ActivateProfileRequest(kind=KINDS[kind], name=name)
    return json_answer(translate.activation(await mapping.call(mapping.stub.ActivateProfile, request)))


@area.admin.post("/{kind}-profiles/{name:path}/revert", response_model=bodies.ProfileModel)
async def revert_profile(kind: Kind, name: str, body: bodies.ProfileRevertRequest, gateway: TheGateway) -> Response:
    """Makes an older revision of a profile the newest again."""
    mapping = gateway.clients.mapping
    request = pb.RevertProfileRequest(kind=KINDS[kind], name=name, revision=body.revision)
    return json_answer(translate.profile(await mapping.call(mapping.stub.RevertProfile, request)))


async def _save(gateway: Gateway, kind: Kind, name: str, body: bodies.ProfileSaveRequest) -> pb.Profile:
    mapping = gateway.clients.mapping
    request = pb.SaveProfileRequest(
        kind=KINDS[kind],
        name=name,
        profile_json=_profile_text(body.profile),
        expected_revision=body.expected_revision,
        comment=body.comment,
    )
    return await mapping.call(mapping.stub.SaveProfile, request)


async def _predicted_rows(gateway: Gateway, item_codes: list[str]) -> list[dict[str, Any]]:
    """Operations of the predicted routings, each with the columns of its routing."""
    clients = gateway.clients
    if any(not code.strip() for code in item_codes):
        raise InvalidInput("item_codes holds a blank code")
    found = await find_neighbours(clients, item_codes, SearchOptions(estimates=True))
    request = aggregate_pb2.PredictRequest(item_codes=item_codes, detailed=True)
    found.give_to(request)
    response = await clients.aggregate.call(clients.aggregate.stub.Predict, request)
    rows: list[dict[str, Any]] = []
    operations, generated_at = rows_of(response.operations), now_iso()
    for routing, (first, last) in zip(
        rows_of(response.routings), itertools.pairwise(response.operation_offsets), strict=True
    ):
        whole = {**routing, "generated_at": generated_at}
        rows.extend({**whole, **operation} for operation in operations[first:last])
    return rows


def _profile_text(profile: dict[str, Any] | None) -> str:
    return "" if profile is None else document_text(profile, "profile")
