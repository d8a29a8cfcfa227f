"""PlanningService: workspaces, routing groups, snapshots. Translates between messages and the pure modules."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from auth_service.planning import proposal_reviews, routing_groups, routing_snapshots, workspaces
from auth_service.planning.proposal_messages import read_proposals, review_message
from auth_service.planning.proposal_reviews import Review
from auth_service.planning.routing_group_content import CODES, Connection, Content, Step, accepted
from auth_service.store.document_fields import Violations, json_object, json_value, to_json
from auth_service.store.surroundings import Surroundings
from common.request_context import add_log_fields, current_caller
from protos.documents.v1 import documents_pb2 as pb


class RoutingGroupMethods:
    """The methods about workspaces and routing groups."""

    _here: Surroundings

    async def GetWorkspace(self, request: pb.GetWorkspaceRequest, context: Any) -> pb.Workspace:
        caller, now = current_caller(), self._here.now()
        return _workspace(await self._here.database.read(lambda s: workspaces.get(s, caller.username, now)))

    async def PutWorkspace(self, request: pb.PutWorkspaceRequest, context: Any) -> pb.Workspace:
        caller, now = current_caller(), self._here.now()
        text = request.document_json
        return _workspace(await self._here.database.write(lambda s: workspaces.put(s, caller.username, text, now)))

    async def CreateRoutingGroup(self, request: pb.CreateRoutingGroupRequest, context: Any) -> pb.RoutingGroup:
        caller, now = current_caller(), self._here.now()
        content = read_content(request.content)
        proposals = read_proposals(content, request.proposals)

        def work(session: Any) -> pb.RoutingGroup:
            group = routing_groups.create(session, caller, content, now)
            self._here.audit(session, caller, "routing_group.create", group.group_id, {"name": content.group_name})
            reviews = proposal_reviews.record(session, caller, group.group_id, content, proposals, now)
            return group_message(group, reviews)

        return await self._here.database.write(work)

    async def ListRoutingGroups(
        self, request: pb.ListRoutingGroupsRequest, context: Any
    ) -> pb.ListRoutingGroupsResponse:
        caller = current_caller()
        page = await self._here.database.read(
            lambda session: routing_groups.list_page(
                session,
                caller,
                limit=request.limit,
                offset=request.offset,
                owner=request.owner,
                item_code=request.item_code,
                search=request.search,
            )
        )
        add_log_fields(groups=len(page.items))
        return pb.ListRoutingGroupsResponse(
            items=[
                pb.RoutingGroupSummary(
                    group_id=group.group_id,
                    group_name=group.group_name,
                    item_codes=group.item_codes,
                    step_count=group.step_count,
                    version=group.version,
                    updated_at=group.updated_at,
                    owner=group.owner,
                )
                for group in page.items
            ],
            total=page.total,
            limit=page.limit,
            offset=page.offset,
        )

    async def GetRoutingGroup(self, request: pb.RoutingGroupRequest, context: Any) -> pb.RoutingGroup:
        caller = current_caller()
        return group_message(
            await self._here.database.read(lambda session: routing_groups.get(session, caller, request.group_id))
        )

    async def UpdateRoutingGroup(self, request: pb.UpdateRoutingGroupRequest, context: Any) -> pb.RoutingGroup:
        caller, now = current_caller(), self._here.now()
        content = read_content(request.content)
        proposals = read_proposals(content, request.proposals)

        def work(session: Any) -> pb.RoutingGroup:
            group = routing_groups.update(session, caller, request.group_id, request.version, content, now)
            facts = {"name": content.group_name, "version": group.version}
            self._here.audit(session, caller, "routing_group.update", group.group_id, facts)
            reviews = proposal_reviews.record(session, caller, group.group_id, content, proposals, now)
            return group_message(group, reviews)

        return await self._here.database.write(work)

    async def DeleteRoutingGroup(self, request: pb.RoutingGroupRequest, context: Any) -> pb.DeleteResponse:
        caller, now = current_caller(), self._here.now()

        def work(session: Any) -> None:
            group = routing_groups.delete(session, caller, request.group_id, now)
            facts = {"name": group.content.group_name, "owner": group.owner}
            self._here.audit(session, caller, "routing_group.delete", group.group_id, facts)

        await self._here.database.write(work)
        return pb.DeleteResponse()

    async def SaveRoutingSnapshots(
        self, request: pb.SaveRoutingSnapshotsRequest, context: Any
    ) -> pb.SaveRoutingSnapshotsResponse:
        caller, now = current_caller(), self._here.now()
        found = Violations()
        snapshots = [_snapshot(found, position, sent) for position, sent in enumerate(request.snapshots)]
        audits = [_audit(found, position, sent) for position, sent in enumerate(request.audits)]
        found.check("The snapshots cannot be stored")

        def work(session: Any) -> routing_snapshots.Accepted:
            accepted = routing_snapshots.save(session, caller, snapshots, audits, request.source, now)
            for entry in accepted.new_audits:
                facts = {
                    "level": entry.level,
                    "message": entry.message,
                    "context": entry.context,
                    "created_at": entry.created_at,
                    "source": request.source,
                }
                self._here.audit(session, caller, f"ui.{entry.action}"[:128], entry.id, facts)
            return accepted

        kept = await self._here.database.write(work)
        return pb.SaveRoutingSnapshotsResponse(
            accepted_snapshot_ids=kept.snapshot_ids,
            accepted_audit_ids=kept.audit_ids,
            updated_groups=[
                pb.RoutingGroupState(
                    group_id=state.group_id,
                    version=state.version,
                    dirty=state.dirty,
                    updated_at=state.updated_at,
                    snapshot_id=state.snapshot_id,
                )
                for state in kept.groups
            ],
        )


def _workspace(workspace: workspaces.Workspace) -> pb.Workspace:
    return pb.Workspace(document_json=workspace.document_json, updated_at=workspace.updated_at, user=workspace.user)


def _snapshot(found: Violations, position: int, sent: pb.RoutingSnapshot) -> routing_snapshots.Snapshot:
    version = sent.version if sent.HasField("version") else None
    return routing_snapshots.read_snapshot(
        found, position, sent.id, sent.created_at, sent.reason, version, sent.state_json
    )


def _audit(found: Violations, position: int, sent: pb.RoutingAudit) -> routing_snapshots.AuditEntry:
    return routing_snapshots.read_audit(
        found, position, sent.id, sent.action, sent.level, sent.message, sent.context_json, sent.created_at
    )


def read_content(message: pb.RoutingGroupContent) -> Content:
    """The content a message holds.

    Raises:
        InvalidInput: names every field that is wrong.
    """
    found = Violations()
    steps = []
    for position, sent in enumerate(message.steps):
        texts: dict[str, Any] = {name: getattr(sent, name) if sent.HasField(name) else None for name in CODES}  # type: ignore[arg-type]
        metadata = sent.metadata_json
        steps.append(
            Step(
                seq=sent.seq,
                process_code=sent.process_code,
                duration_min=sent.duration_min if sent.HasField("duration_min") else None,
                sql_values=json_value(found, f"steps.{position}.sql_values", sent.sql_values_json),
                metadata=json_object(found, f"steps.{position}.metadata", metadata) if metadata else None,
                **texts,
            )
        )
    content = Content(
        group_name=message.group_name,
        item_codes=tuple(message.item_codes),
        steps=steps,
        connections=[
            Connection(
                id=sent.id,
                source_node_id=sent.source_node_id,
                target_node_id=sent.target_node_id,
                created_at=sent.created_at,
                created_by=sent.created_by,
            )
            for sent in message.connections
        ],
        erp_required=message.erp_required,
        metadata=json_object(found, "metadata", message.metadata_json),
    )
    return accepted(content, found)


def group_message(group: routing_groups.RoutingGroup, reviews: Sequence[Review] = ()) -> pb.RoutingGroup:
    """A routing group as a message, with what became of the proposals that were sent with it."""
    content = group.content
    return pb.RoutingGroup(
        group_id=group.group_id,
        owner=group.owner,
        version=group.version,
        created_at=group.created_at,
        updated_at=group.updated_at,
        reviews=[review_message(review) for review in reviews],
        content=pb.RoutingGroupContent(
            group_name=content.group_name,
            item_codes=content.item_codes,
            steps=[
                pb.RoutingGroupStep(
                    seq=step.seq,
                    process_code=step.process_code,
                    duration_min=step.duration_min,
                    sql_values_json="" if step.sql_values is None else to_json(step.sql_values),
                    metadata_json="" if step.metadata is None else to_json(step.metadata),
                    **{name: getattr(step, name) for name in CODES},
                )
                for step in content.steps
            ],
            connections=[
                pb.RoutingGroupConnection(
                    id=connection.id,
                    source_node_id=connection.source_node_id,
                    target_node_id=connection.target_node_id,
                    created_at=connection.created_at,
                    created_by=connection.created_by,
                )
                for connection in content.connections
            ],
            erp_required=content.erp_required,
            metadata_json=to_json(content.metadata),
        ),
    )
