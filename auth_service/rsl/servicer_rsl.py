"""The RslService: groups of standard routings. Translates between messages and the pure modules."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session

from auth_service.rsl import rsl_groups, rsl_import, rsl_release, rsl_steps, rsl_transfer
from auth_service.rsl.rsl_access import check_may_change, check_owns
from auth_service.store.document_fields import Violations, json_object, to_json
from auth_service.store.surroundings import Surroundings
from common.errors import InvalidInput
from common.request_context import add_log_fields, current_caller
from common.rpc.interceptor import Access
from common.rpc.server import Service
from protos.documents.v1 import documents_pb2, documents_pb2_grpc
from protos.documents.v1 import documents_pb2 as pb


class RslServicer(documents_pb2_grpc.RslServiceServicer):
    """Whoever is logged in may call it.

    Args:
        here: database, audit log and the like.
    """

    def __init__(self, here: Surroundings) -> None:
        self._here = here

    def service(self) -> Service:
        """The service to register in the server of auth_service."""
        descriptor = documents_pb2.DESCRIPTOR.services_by_name["RslService"]
        return Service(
            descriptor=descriptor,
            add=documents_pb2_grpc.add_RslServiceServicer_to_server,
            servicer=self,
            access=dict.fromkeys((method.name for method in descriptor.methods), Access.USER),
        )

    async def CreateRslGroup(self, request: pb.CreateRslGroupRequest, context: Any) -> pb.RslGroup:
        caller, now = current_caller(), self._here.now()
        fields = rsl_groups.GroupFields(
            name=request.name,
            description=request.description if request.HasField("description") else None,
            tags=list(request.tags),
            slug=request.slug,
            shared=request.shared,
        )
        return await self._change_group(
            "create", None, lambda session: rsl_groups.create(session, caller.username, fields, now)
        )

    async def ListRslGroups(self, request: pb.ListRslGroupsRequest, context: Any) -> pb.ListRslGroupsResponse:
        page = await self._here.database.read(
            lambda session: rsl_groups.list_page(
                session,
                page=request.page,
                page_size=request.page_size,
                tags=list(request.tags),
                status=request.status,
                search=request.search,
            )
        )
        add_log_fields(groups=len(page.items))
        return pb.ListRslGroupsResponse(
            total=page.total,
            page=page.page,
            page_size=page.page_size,
            items=[group_message(group) for group in page.items],
        )

    async def GetRslGroup(self, request: pb.RslGroupRequest, context: Any) -> pb.RslGroup:
        return group_message(await self._here.database.read(lambda session: rsl_groups.get(session, request.group_id)))

    async def UpdateRslGroup(self, request: pb.UpdateRslGroupRequest, context: Any) -> pb.RslGroup:
        now, sent = self._here.now(), request.changes
        fields = rsl_groups.GroupFields(
            name=sent.name,
            description=sent.description if sent.HasField("description") else None,
            tags=list(sent.tags),
            slug=sent.slug,
            shared=sent.shared,
        )
        changed, caller = list(request.fields), current_caller()

        def work(session: Session) -> rsl_groups.Group:
            if "shared" in changed:
                check_owns(session, caller, request.group_id)
            return rsl_groups.update(session, request.group_id, fields, changed, now)

        return await self._change_group("update", request.group_id, work)

    async def DeleteRslGroup(self, request: pb.RslGroupRequest, context: Any) -> pb.DeleteResponse:
        caller = current_caller()

        def work(session: Session) -> rsl_groups.Group:
            check_owns(session, caller, request.group_id)
            return rsl_groups.delete(session, request.group_id)

        await self._change_group("delete", request.group_id, work)
        return pb.DeleteResponse()

    async def AddRslStep(self, request: pb.AddRslStepRequest, context: Any) -> pb.RslStep:
        now, step = self._here.now(), _read_step(request.step)
        return step_message(
            await self._change_content(
                "step.add",
                request.group_id,
                lambda session: rsl_steps.add_step(session, request.group_id, step, now),
            )
        )

    async def UpdateRslStep(self, request: pb.UpdateRslStepRequest, context: Any) -> pb.RslStep:
        now, step, changed = self._here.now(), _read_step(request.changes), list(request.fields)
        return step_message(
            await self._change_content(
                "step.update",
                request.group_id,
                lambda session: rsl_steps.update_step(session, request.group_id, request.step_id, step, changed, now),
            )
        )

    async def DeleteRslStep(self, request: pb.RslStepRequest, context: Any) -> pb.DeleteResponse:
        now = self._here.now()
        await self._change_content(
            "step.delete",
            request.group_id,
            lambda session: rsl_steps.delete_step(session, request.group_id, request.step_id, now),
        )
        return pb.DeleteResponse()

    async def AddRslRule(self, request: pb.AddRslRuleRequest, context: Any) -> pb.RslRule:
        now = self._here.now()
        found = Violations()
        rule = _read_rule(found, "", request.rule)
        found.check("The rule cannot be stored")
        return rule_message(
            await self._change_content(
                "rule.add",
                request.group_id,
                lambda session: rsl_steps.add_rule(session, request.group_id, request.step_id, rule, now),
            )
        )

    async def DeleteRslRule(self, request: pb.RslRuleRequest, context: Any) -> pb.DeleteResponse:
        now = self._here.now()
        await self._change_content(
            "rule.delete",
            request.group_id,
            lambda session: rsl_steps.delete_rule(session, request.group_id, request.step_id, request.rule_id, now),
        )
        return pb.DeleteResponse()

    async def ValidateRslGroup(self, request: pb.RslGroupRequest, context: Any) -> pb.RslValidation:
        now = self._here.now()
        result = await self._change_content(
            "validate", request.group_id, lambda session: rsl_release.validate(session, request.group_id, now)
        )
        return pb.RslValidation(
            group_id=result.group_id,
            is_valid=result.is_valid,
            errors=result.errors,
            validated_at=result.validated_at,
        )

    async def ReleaseRslGroup(self, request: pb.RslGroupRequest, context: Any) -> pb.RslGroup:
        caller, now = current_caller(), self._here.now()
        return await self._change_group(
            "release",
            request.group_id,
            lambda session: rsl_release.release(session, request.group_id, caller.username, now),
        )

    async def RetractRslGroup(self, request: pb.RslGroupRequest, context: Any) -> pb.RslGroup:
        now = self._here.now()
        return await self._change_group(
            "retract", request.group_id, lambda session: rsl_release.retract(session, request.group_id, now)
        )

    async def ExportRslGroups(self, request: pb.ExportRslGroupsRequest, context: Any) -> pb.ExportRslGroupsResponse:
        wanted = request.format or "json"
        if wanted not in rsl_transfer.FORMATS:
            raise InvalidInput(f"format must be json or csv, is {wanted!r}")
        now = self._here.now()

        def work(session: Session) -> str:
            groups = rsl_groups.all_groups(session, include_archived=request.include_archived)
            return rsl_transfer.to_json_text(groups, now) if wanted == "json" else rsl_transfer.to_csv_text(groups)

        return pb.ExportRslGroupsResponse(
            content=await self._here.database.read(work),
            content_type="application/json" if wanted == "json" else "text/csv; charset=utf-8",
            file_name=f"rsl-groups.{wanted}",
        )

    async def ImportRslGroups(self, request: pb.ImportRslGroupsRequest, context: Any) -> pb.ImportRslGroupsResponse:
        caller, now = current_caller(), self._here.now()
        groups = rsl_transfer.read_text(request.format, request.payload)

        def work(session: Session) -> rsl_import.Imported:
            result = rsl_import.take_over(session, caller, groups, now)
            facts = {"created": result.created, "updated": result.updated, "skipped": result.skipped}
            self._here.audit(session, caller, "rsl_group.import", "", facts)
            return result

        result = await self._here.database.write(work)
        return pb.ImportRslGroupsResponse(
            created=result.created, updated=result.updated, skipped=result.skipped, errors=result.errors
        )

    async def _change_group(
        self, action: str, group_id: int | None, work: Callable[[Session], rsl_groups.Group]
    ) -> pb.RslGroup:
        """Make and audit a change of a group that the caller may change; None: a new one."""
        caller = current_caller()

        def audited(session: Session) -> rsl_groups.Group:
            if group_id is not None:
                check_may_change(session, caller, group_id)
            group = work(session)
            facts = {"name": group.name, "status": group.status}
            self._here.audit(session, caller, f"rsl_group.{action}", str(group.id), facts)
            return group

        return group_message(await self._here.database.write(audited))

    async def _change_content(self, action: str, group_id: int, work: Callable[[Session], Any]) -> Any:
        """Make and audit a change of what is in a group that the caller may change."""
        caller = current_caller()

        def audited(session: Session) -> Any:
            check_may_change(session, caller, group_id)
            result = work(session)
            self._here.audit(session, caller, f"rsl_group.{action}", str(group_id), {})
            return result

        return await self._here.database.write(audited)


def _read_step(sent: pb.RslStep) -> rsl_groups.Step:
    found = Violations()
    step = rsl_groups.Step(
        sequence=sent.sequence,
        name=sent.name,
        description=sent.description if sent.HasField("description") else None,
        status=sent.status,
        tags=list(sent.tags),
        config=json_object(found, "config", sent.config_json),
        rules=[_read_rule(found, f"rules.{position}.", rule) for position, rule in enumerate(sent.rules)],
    )
    found.check("The step cannot be stored")
    return step


def _read_rule(found: Violations, where: str, sent: pb.RslRule) -> rsl_groups.Rule:
    return rsl_groups.Rule(
        rule_name=sent.rule_name,
        rule_version=sent.rule_version if sent.HasField("rule_version") else None,
        metadata=json_object(found, f"{where}metadata", sent.metadata_json),
        is_optional=sent.is_optional,
    )


def group_message(group: rsl_groups.Group) -> pb.RslGroup:
    """An RSL group as a message."""
    return pb.RslGroup(
        id=group.id,
        slug=group.slug,
        name=group.name,
        description=group.description,
        owner=group.owner,
        shared=group.shared,
        tags=group.tags,
        status=group.status,
        validation_errors=group.validation_errors,
        last_validated_at=group.last_validated_at,
        released_at=group.released_at,
        released_by=group.released_by,
        created_at=group.created_at,
        updated_at=group.updated_at,
        steps=[step_message(step) for step in group.steps],
    )


def step_message(step: rsl_groups.Step) -> pb.RslStep:
    """A step as a message."""
    return pb.RslStep(
        id=step.id,
        sequence=step.sequence,
        name=step.name,
        description=step.description,
        status=step.status,
        tags=step.tags,
        config_json=to_json(dict(step.config)),
        created_at=step.created_at,
        updated_at=step.updated_at,
        rules=[rule_message(rule) for rule in step.rules],
    )


def rule_message(rule: rsl_groups.Rule) -> pb.RslRule:
    """A rule reference as a message."""
    return pb.RslRule(
        id=rule.id,
        rule_name=rule.rule_name,
        rule_version=rule.rule_version,
        metadata_json=to_json(dict(rule.metadata)),
        is_optional=rule.is_optional,
        created_at=rule.created_at,
    )
