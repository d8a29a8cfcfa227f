"""PlanningService: the candidate store. Translates between messages and the pure modules."""

from __future__ import annotations

import asyncio
from typing import Any

from auth_service.planning import candidate_store
from auth_service.store.active_profiles import active_schema
from auth_service.store.surroundings import Surroundings
from common.notice_messages import notice_messages
from common.request_context import current_caller
from protos.documents.v1 import documents_pb2 as pb


class CandidateMethods:
    """The method about candidates."""

    _here: Surroundings

    async def SaveCandidate(self, request: pb.SaveCandidateRequest, context: Any) -> pb.SaveCandidateResponse:
        caller, now = current_caller(), self._here.now()
        schema = await self._here.database.read(active_schema)
        saved = await asyncio.to_thread(
            candidate_store.save,
            self._here.settings.state_dir,
            request.item_code,
            request.candidate_id,
            request.payload_json,
            caller.username,
            now,
            schema,
        )
        facts = {"item_code": saved.item_code, "path": str(saved.path)}
        await self._here.database.write(
            lambda session: self._here.audit(session, caller, "candidate.save", saved.candidate_id, facts)
        )
        return pb.SaveCandidateResponse(
            item_code=saved.item_code,
            candidate_id=saved.candidate_id,
            saved_path=str(saved.path),
            saved_at=saved.saved_at,
            sql_preview=saved.sql_preview,
            warnings=saved.warnings,
            warning_notices=notice_messages(saved.warnings),
        )
