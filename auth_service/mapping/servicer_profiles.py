"""MappingService: mapping profiles. Translates between messages and the pure modules."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import orjson
from sqlalchemy.orm import Session

from auth_service.control.settings import find, parse
from auth_service.mapping import plant_section, profile_effects, profile_transfer, profiles, sql_section
from auth_service.mapping.profile_kinds import INPUT, OUTPUT, inspect
from auth_service.mapping.settings_hooks import wrapper_saver
from auth_service.store.active_profiles import active_schema
from auth_service.store.surroundings import Published, Surroundings
from common import tables
from common.errors import FieldViolation, InvalidInput, PreconditionFailed
from common.identity import Caller
from common.notice_messages import notice_message, notice_messages
from common.notices import notice_json
from common.request_context import add_log_fields, current_caller
from plant.input_profile import InputProfile
from plant.output_profile import OutputProfile
from plant.settings import PlantSettings
from protos.documents.v1 import documents_pb2 as pb
from source.allowed_paths import allowed_path
from source.serving_source import serving_source

if TYPE_CHECKING:
    from auth_service.mapping.input_check import Checked

Result = TypeVar("Result")

MAX_PREVIEW_ROWS = 20_000
MOST_TOLD = 10
"""Most problems of a profile that a refusal lists."""


class ProfileMethods:
    """The methods about mapping profiles."""

    _here: Surroundings

    async def ListProfiles(self, request: pb.ListProfilesRequest, context: Any) -> pb.ListProfilesResponse:
        kind = _kind(request.kind)
        found = await self._here.database.read(
            lambda session: profiles.list_profiles(session, kind, _available(session))
        )
        return pb.ListProfilesResponse(profiles=[profile_message(profile) for profile in found])

    async def GetProfile(self, request: pb.GetProfileRequest, context: Any) -> pb.Profile:
        kind = _kind(request.kind)
        return profile_message(
            await self._here.database.read(
                lambda session: profiles.get(session, kind, request.name, request.revision, _available(session))
            )
        )

    async def SaveProfile(self, request: pb.SaveProfileRequest, context: Any) -> pb.Profile:
        kind, caller, now = _kind(request.kind), current_caller(), self._here.now()

        def work(session: Session) -> profiles.Profile:
            return profiles.save(
                session,
                kind,
                request.profile_json,
                name=request.name,
                expected_revision=request.expected_revision,
                comment=request.comment,
                author=caller.username,
                now=now,
                available=_available(session),
            )

        profile, _published = await self._change_profiles(kind, caller, "save", request.name, work)
        return profile_message(profile)

    async def DeleteProfile(self, request: pb.DeleteProfileRequest, context: Any) -> pb.DeleteResponse:
        kind = _kind(request.kind)
        await self._change_profiles(
            kind,
            current_caller(),
            "delete",
            request.name,
            lambda session: profiles.delete(session, kind, request.name),
        )
        return pb.DeleteResponse()

    async def ActivateProfile(self, request: pb.ActivateProfileRequest, context: Any) -> pb.ActivateProfileResponse:
        kind, caller, now = _kind(request.kind), current_caller(), self._here.now()
        if kind == INPUT:
            await self._refuse_what_the_source_lacks(request.name)

        def work(session: Session) -> tuple[profiles.Profile, profiles.Profile]:
            return profiles.activate(
                session, kind, request.name, author=caller.username, now=now, available=_available(session)
            )

        (after, before), published = await self._change_profiles(kind, caller, "activate", request.name, work)
        effects = (
            profile_effects.of_input(InputProfile.read(before.stored_json), InputProfile.read(after.stored_json))
            if kind == INPUT
            else profile_effects.of_output(
                OutputProfile.read(before.inspected.json), OutputProfile.read(after.inspected.json)
            )
        )
        return pb.ActivateProfileResponse(
            profile=profile_message(after),
            refresh_needed=effects.refresh_needed,
            training_needed=effects.training_needed,
            changed_columns=effects.changed_columns,
            confirmed_by=published.confirmed_by,
            unconfirmed=published.unconfirmed,
        )

    async def ProfileRevisions(self, request: pb.ProfileRevisionsRequest, context: Any) -> pb.ProfileRevisionsResponse:
        kind = _kind(request.kind)
        found = await self._here.database.read(
            lambda session: profiles.revisions(session, kind, request.name, min(request.limit or 50, 1000))
        )
        return pb.ProfileRevisionsResponse(
            revisions=[
                pb.ProfileRevision(
                    revision=revision.revision,
                    at=revision.at,
                    author=revision.author,
                    comment=revision.comment,
                    profile_json=revision.profile_json,
                )
                for revision in found
            ]
        )

    async def RevertProfile(self, request: pb.RevertProfileRequest, context: Any) -> pb.Profile:
        kind, caller, now = _kind(request.kind), current_caller(), self._here.now()

        def work(session: Session) -> profiles.Profile:
            return profiles.revert(
                session,
                kind,
                request.name,
                request.revision,
                author=caller.username,
                now=now,
                available=_available(session),
            )

        profile, _published = await self._change_profiles(kind, caller, "revert", request.name, work)
        return profile_message(profile)

    async def ExportProfiles(self, request: pb.ExportProfilesRequest, context: Any) -> pb.ExportProfilesResponse:
        kind, names = _kind(request.kind), list(request.names)
        content = await self._here.database.read(lambda session: profile_transfer.export(session, kind, names))
        return pb.ExportProfilesResponse(content=content)

    async def ImportProfiles(self, request: pb.ImportProfilesRequest, context: Any) -> pb.ImportProfilesResponse:
        kind, caller, now = _kind(request.kind), current_caller(), self._here.now()

        def work(session: Session) -> profile_transfer.Imported:
            return profile_transfer.take_over(
                session, kind, request.content, author=caller.username, now=now, available=_available(session)
            )

        done, _published = await self._change_profiles(kind, caller, "import", "", work)
        return pb.ImportProfilesResponse(created=done.created, updated=done.updated, unchanged=done.unchanged)

    async def CheckInputProfile(
        self, request: pb.CheckInputProfileRequest, context: Any
    ) -> pb.CheckInputProfileResponse:
        text, document = await self._here.database.read(
            lambda session: (
                request.profile_json or profiles.get(session, INPUT, request.name).stored_json,
                _document(session),
            )
        )
        path = allowed_path(
            request.path,
            self._configured(document),
            document.access.allowed_folders,
            document.access.allowed_servers,
        )
        profile = InputProfile.read(text)
        checked = await _checked(profile, path, request.rows or None)
        add_log_fields(ok=checked.ok, problems=len(checked.problems))
        return checked_message(checked)

    async def InputProfileEffects(
        self, request: pb.InputProfileEffectsRequest, context: Any
    ) -> pb.InputProfileEffectsResponse:
        edited = inspect(INPUT, request.profile_json)
        before = await self._here.database.read(plant_section.active_input)
        effects = profile_effects.of_input(before, InputProfile.read(edited.json))
        return pb.InputProfileEffectsResponse(
            refresh=bool(effects.refresh_needed),
            training=bool(effects.training_needed),
            changed_columns=effects.changed_columns,
            problems=edited.problems,
            problem_notices=notice_messages(edited.problems),
        )

    async def PreviewOutputProfile(
        self, request: pb.PreviewOutputProfileRequest, context: Any
    ) -> pb.PreviewOutputProfileResponse:
        if request.rows.rows > MAX_PREVIEW_ROWS:
            raise InvalidInput(f"A preview takes {MAX_PREVIEW_ROWS} rows or fewer, these are {request.rows.rows}")
        text, document, known = await self._here.database.read(
            lambda session: (
                request.profile_json or profiles.get(session, OUTPUT, request.name).inspected.json,
                _document(session),
                _available(session),
            )
        )
        profile = OutputProfile.read(text)
        violations = list(profile.violations(known))
        if violations:
            problems = [violation.sentence for violation in violations]
            return pb.PreviewOutputProfileResponse(
                valid=False, problems=problems, problem_notices=notice_messages(problems)
            )
        from plant.output_profile.application import apply_profile  # with frames, which this process seldom makes

        rows = tables.to_frame(request.rows)
        applied = await asyncio.to_thread(
            apply_profile,
            profile,
            rows,
            default_encoding=document.export.default_encoding,
            max_findings=request.max_findings or 200,
        )
        return pb.PreviewOutputProfileResponse(
            table=tables.from_frame(applied.texts),
            findings=[
                pb.OutputFinding(
                    row=finding.row,
                    column=finding.column,
                    check=finding.check,
                    value=finding.value,
                    message=finding.message,
                    notice=notice_message(finding.message),
                )
                for finding in applied.findings
            ],
            total_findings=applied.total_findings,
            valid=True,
        )

    async def _change_profiles(
        self, kind: str, caller: Caller, action: str, name: str, work: Callable[[Session], Result]
    ) -> tuple[Result, Published]:
        """Change profiles as one unit of work that every process follows, with the settings' view of them and the audit log."""
        now = self._here.now()

        def whole(session: Session) -> Result:
            before = plant_section.active_input(session)
            result = work(session)
            if kind == INPUT:
                plant_section.follow(
                    session, before, wrapper_saver(self._here.settings.state_dir), author=caller.username, now=now
                )
            if kind == OUTPUT:
                comment = f"output profile {name}: {action}" if name else f"output profiles: {action}"
                sql_section.refresh_settings(session, author=caller.username, comment=comment, now=now)
            self._here.audit(session, caller, f"profile.{action}", name, {"kind": kind})
            return result

        return await self._here.change(whole)

    async def _refuse_what_the_source_lacks(self, name: str) -> None:
        """Refuse an input profile that the configured source does not have the tables and columns for.

        A source that cannot be opened now refuses nothing.

        Raises:
            PreconditionFailed: says what is missing.
        """
        profile, document = await self._here.database.read(
            lambda session: (profiles.get(session, INPUT, name), _document(session))
        )
        path = self._configured(document)
        if not profile.valid or not path.exists():
            return
        checked = await _checked(InputProfile.read(profile.stored_json), path, 0)
        if checked.opened and checked.problems:
            more = f" (and {len(checked.problems) - 1} more problems)" if len(checked.problems) > 1 else ""
            raise PreconditionFailed(
                f"The input profile {profile.name} cannot become active: {checked.problems[0]}{more}",
                reason="PROFILE_DOES_NOT_FIT",
                details={"path": path},
                violations=[FieldViolation("", problem) for problem in checked.problems[:MOST_TOLD]],
            )

    def _configured(self, document: PlantSettings) -> Any:
        return serving_source(self._here.settings, document).path


def _kind(kind: pb.ProfileKind.ValueType) -> str:
    if kind == pb.PROFILE_KIND_INPUT:
        return INPUT
    if kind == pb.PROFILE_KIND_OUTPUT:
        return OUTPUT
    raise InvalidInput("Say which kind of profile: input or output")


def _document(session: Session) -> PlantSettings:
    return parse(find(session, 0))


def _available(session: Session) -> tuple[str, ...]:
    return (*_document(session).sql.available_columns, *active_schema(session).output_columns)


def profile_message(profile: profiles.Profile) -> pb.Profile:
    """A profile as a message."""
    return pb.Profile(
        kind=pb.PROFILE_KIND_INPUT if profile.kind == INPUT else pb.PROFILE_KIND_OUTPUT,
        name=profile.name,
        description=profile.inspected.description,
        description_ko=profile.inspected.description_ko,
        profile_json=profile.inspected.json,
        active=profile.active,
        revision=profile.revision,
        created_at=profile.created_at,
        updated_at=profile.updated_at,
        author=profile.author,
        valid=profile.valid,
        problems=profile.inspected.problems,
        problem_notices=notice_messages(profile.inspected.problems),
        built_in=profile.built_in,
    )


async def _checked(profile: InputProfile, path: Path, rows: int | None) -> Checked:
    """A profile looked at against a source, up to `rows` rows of each table; None: as many as usual."""
    from auth_service.mapping import input_check  # with the readers of sources, which this process seldom needs

    return await asyncio.to_thread(input_check.check, profile, path, input_check.ROWS if rows is None else rows)


def checked_message(checked: Checked) -> pb.CheckInputProfileResponse:
    """The outcome of a check as a message."""
    columns = checked.columns
    return pb.CheckInputProfileResponse(
        ok=checked.ok,
        columns=tables.table(
            len(columns),
            [
                tables.text_column("role", [column.role for column in columns]),
                tables.text_column("table", [column.table for column in columns]),
                tables.text_column("internal", [column.internal for column in columns]),
                tables.text_column("source", [column.source for column in columns]),
                tables.text_column("type", [column.type for column in columns]),
                tables.text_column("found_type", [column.found_type for column in columns]),
                tables.integer_column("found", [int(bool(column.found_type)) for column in columns]),
                tables.integer_column("required", [int(column.required) for column in columns]),
                tables.number_column("null_share", [column.null_share for column in columns]),
                tables.text_column("examples", [orjson.dumps(column.examples).decode() for column in columns]),
                tables.text_column("problem", [column.problem for column in columns]),
                tables.text_column("notice", [notice_json(column.problem) for column in columns]),
            ],
        ),
        problems=checked.problems,
        problem_notices=notice_messages(checked.problems),
        tables=tables.table(
            len(checked.tables),
            [
                tables.text_column("role", [role for role, _table, _rows in checked.tables]),
                tables.text_column("table", [table for _role, table, _rows in checked.tables]),
                tables.integer_column("rows", [rows for _role, _table, rows in checked.tables]),
            ],
        ),
    )
