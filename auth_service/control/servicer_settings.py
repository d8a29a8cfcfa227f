"""SettingsService: translates between messages, the settings document and the Watch stream."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

from auth_service.control.control_plane import confirmed_by, unconfirmed
from auth_service.control.control_state import settings_document
from auth_service.control.settings import Saved, SettingsDocuments
from auth_service.control.watch import WatchHub
from common.request_context import add_log_fields, current_caller
from common.rpc.interceptor import Access
from common.rpc.server import Service
from protos.settings.v1 import settings_pb2 as pb
from protos.settings.v1 import settings_pb2_grpc

ACCESS = {
    "Get": Access.USER,
    "Revisions": Access.USER,
    "Patch": Access.ADMIN,
    "Revert": Access.ADMIN,
    "Subscribers": Access.USER,
    "Watch": Access.SERVICE,
}


class SettingsServicer(settings_pb2_grpc.SettingsServiceServicer):
    """Settings and their followers."""

    def __init__(self, documents: SettingsDocuments, hub: WatchHub) -> None:
        self._documents, self._hub = documents, hub

    def service(self) -> Service:
        """How to serve it."""
        descriptor = pb.DESCRIPTOR.services_by_name["SettingsService"]
        return Service(descriptor, settings_pb2_grpc.add_SettingsServiceServicer_to_server, self, ACCESS)

    async def Get(self, request: pb.GetSettingsRequest, context: Any) -> pb.SettingsDocument:
        return settings_document(await self._documents.get(request.revision))

    async def Patch(self, request: pb.PatchSettingsRequest, context: Any) -> pb.PatchSettingsResponse:
        saved = await self._documents.patch(
            request.patch_json,
            expected_revision=request.expected_revision,
            comment=request.comment,
            author=current_caller().username,
        )
        return _saved(saved)

    async def Revert(self, request: pb.RevertRequest, context: Any) -> pb.PatchSettingsResponse:
        saved = await self._documents.revert(
            request.revision, expected_revision=request.expected_revision, author=current_caller().username
        )
        return _saved(saved)

    async def Revisions(self, request: pb.RevisionsRequest, context: Any) -> pb.RevisionsResponse:
        rows = await self._documents.revisions(limit=min(request.limit or 50, 1000), before=request.before)
        return pb.RevisionsResponse(
            revisions=[
                pb.Revision(
                    revision=row.revision,
                    at=row.at,
                    author=row.author,
                    comment=row.comment,
                    difference_json=row.difference_json,
                )
                for row in rows
            ]
        )

    async def Watch(
        self, request_iterator: AsyncIterator[pb.WatchRequest], context: Any
    ) -> AsyncIterator[pb.WatchEvent]:
        async for event in self._hub.follow(request_iterator):
            yield event

    async def Subscribers(self, request: pb.SubscribersRequest, context: Any) -> pb.SubscribersResponse:
        found = sorted(self._hub.subscribers.values(), key=lambda s: (s.process, s.instance))
        return pb.SubscribersResponse(
            subscribers=[
                pb.Subscriber(
                    process=s.process,
                    instance=s.instance,
                    confirmed_revision=s.confirmed_revision,
                    lag_ms=s.lag_ms,
                    model_version=s.model_version,
                    since=s.since,
                    pid=s.pid,
                    last_problem=s.last_problem,
                )
                for s in found
            ],
            revision=self._hub.state.revision,
        )


def _saved(saved: Saved) -> pb.PatchSettingsResponse:
    missing = unconfirmed(saved.outcomes)
    add_log_fields(revision=saved.row.revision, unconfirmed=len(missing))
    return pb.PatchSettingsResponse(
        document=settings_document(saved.row), confirmed_by=confirmed_by(saved.outcomes), unconfirmed=missing
    )
