"""`/api/candidates/save`."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.responses import Response

from gateway.answers import iso_time_or_now, json_answer
from gateway.bodies import document_text
from gateway.failures import contract_says_400
from gateway.guarded_routes import AreaRouter
from gateway.schemas.candidates import CandidateSaveRequest, CandidateSaveResponse
from gateway.state import TheGateway
from gateway.translate.notices import all_said
from protos.documents.v1 import documents_pb2 as pb

Details = Annotated[bool, Query(description="true: also warning_notices, which older clients do not know")]

area = AreaRouter("/api/candidates", "routing-ml")


@area.user.post("/save", response_model=CandidateSaveResponse)
async def save_candidate(body: CandidateSaveRequest, gateway: TheGateway, details: Details = False) -> Response:
    """Keeps a candidate as a JSON file and answers with the SQL that would insert it."""
    planning = gateway.clients.planning
    with contract_says_400():
        saved = await planning.call(
            planning.stub.SaveCandidate,
            pb.SaveCandidateRequest(
                item_code=body.item_code,
                candidate_id=body.candidate_id,
                payload_json=document_text(body.payload, "payload"),
            ),
        )
    return json_answer(
        {
            "item_code": saved.item_code,
            "candidate_id": saved.candidate_id,
            "saved_path": saved.saved_path,
            "saved_at": iso_time_or_now(saved.saved_at),
            "sql_preview": list(saved.sql_preview),
            "warnings": list(saved.warnings),
            **({"warning_notices": all_said(saved.warning_notices)} if details else {}),
        }
    )
