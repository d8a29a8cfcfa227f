"""AuthService: translates between messages and accounts, log-ins, keys and the audit log."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Any

import orjson
from sqlalchemy.orm import Session

from auth_service.accounts import accounts
from auth_service.accounts.accounts import Decision
from auth_service.accounts.key_rotation import KeyRotation
from auth_service.accounts.logins import LoggedIn, Logins
from auth_service.accounts.throttle import Allowance
from auth_service.control import sessions
from auth_service.control.control_plane import ControlPlane
from auth_service.control.sessions import Ended
from auth_service.store import audit
from auth_service.store.records import AccountRecord, AuditRecord, SessionRecord
from common.errors import FieldViolation, InvalidInput, PermissionDenied, Unauthenticated
from common.identity import Caller
from common.request_context import add_log_fields, current_caller
from common.rpc.interceptor import Access
from common.rpc.server import Service
from protos.auth.v1 import auth_pb2 as pb
from protos.auth.v1 import auth_pb2_grpc

UI_EVENTS_AT_ONCE, UI_EVENTS_PER_SECOND = 60, 5.0
ALL_UI_EVENTS_AT_ONCE, ALL_UI_EVENTS_PER_SECOND = 600, 50.0

ACCESS = {
    **dict.fromkeys(("Register", "Login", "RecordAudit"), Access.OPEN),
    **dict.fromkeys(("Me", "Logout", "ChangePassword"), Access.USER),
    **dict.fromkeys(
        ("Approve", "Reject", "ListAccounts", "SetRole", "SetDisabled", "ResetPassword", "ListAudit", "RotateKeys"),
        Access.ADMIN,
    ),
}


class AccountsServicer(auth_pb2_grpc.AuthServiceServicer):
    """Accounts and sessions.

    Args:
        rotation: makes new signing keys.
        sites: log-ins of the sites that have accounts of their own.
    """

    def __init__(
        self,
        plane: ControlPlane,
        logins: Logins,
        rotation: KeyRotation,
        sites: Callable[[], Sequence[Logins]] = tuple,
    ) -> None:
        self._sites = sites
        self._plane, self._logins, self._rotation = plane, logins, rotation
        self._ui_events = Allowance(UI_EVENTS_AT_ONCE, UI_EVENTS_PER_SECOND)
        self._all_ui_events = Allowance(ALL_UI_EVENTS_AT_ONCE, ALL_UI_EVENTS_PER_SECOND)

    def service(self) -> Service:
        """How to serve it."""
        return Service(
            pb.DESCRIPTOR.services_by_name["AuthService"], auth_pb2_grpc.add_AuthServiceServicer_to_server, self, ACCESS
        )

    async def Register(self, request: pb.RegisterRequest, context: Any) -> pb.Account:
        name = request.display_name if request.HasField("display_name") else None
        return account_message(
            await self._logins.register(request.username, request.password, name, request.client_host)
        )

    async def Login(self, request: pb.LoginRequest, context: Any) -> pb.Session:
        *others, last = await self._whose(request.username)
        for logins in others:
            with contextlib.suppress(Unauthenticated):
                return _begun(await logins.login(request.username, request.password, request.client_host))
        return _begun(await last.login(request.username, request.password, request.client_host))

    async def _whose(self, username: str) -> list[Logins]:
        """Where somebody can log in: where there is such an account; where none is, at the installation's own plant, in vain."""
        sites = self._sites()
        if not sites:
            return [self._logins]
        return [one for one in (self._logins, *sites) if await one.knows(username)] or [self._logins]

    async def Me(self, request: pb.MeRequest, context: Any) -> pb.Session:
        caller = _person()

        def work(session: Session) -> tuple[AccountRecord, SessionRecord] | None:
            row = session.get(SessionRecord, caller.session_id)
            account = accounts.find(session, caller.username)
            return (account, row) if account and row and not row.ended_at else None

        found = await self._plane.database.read(work)
        if found is None:
            raise Unauthenticated("The session has ended: log in again", reason="SESSION_ENDED")
        return session_message(*found, "")

    async def Logout(self, request: pb.LogoutRequest, context: Any) -> pb.LogoutResponse:
        caller = _person()

        def work(session: Session) -> tuple[None, Ended]:
            ended = sessions.end(session, caller.session_id, "logout")
            audit.record(session, "auth.logout", username=caller.username, facts={"session": caller.session_id})
            # A session that the database does not know (restored from a backup) ends all the same.
            return None, ended if ended.sessions else Ended({caller.session_id: caller.expires_at})

        await self._plane.end_sessions(work)
        return pb.LogoutResponse()

    async def Approve(self, request: pb.ApproveRequest, context: Any) -> pb.Account:
        by = current_caller().username
        return await self._decide(lambda s: accounts.approve(s, request.username, make_admin=request.make_admin, by=by))

    async def Reject(self, request: pb.RejectRequest, context: Any) -> pb.Account:
        by = current_caller().username
        return await self._decide(lambda s: accounts.reject(s, request.username, reason=request.reason, by=by))

    async def SetRole(self, request: pb.SetRoleRequest, context: Any) -> pb.Account:
        by = current_caller().username
        return await self._decide(lambda s: accounts.set_role(s, request.username, is_admin=request.is_admin, by=by))

    async def SetDisabled(self, request: pb.SetDisabledRequest, context: Any) -> pb.Account:
        by = current_caller().username
        return await self._decide(
            lambda s: accounts.set_disabled(s, request.username, disabled=request.disabled, by=by)
        )

    async def ResetPassword(self, request: pb.ResetPasswordRequest, context: Any) -> pb.Account:
        by = current_caller().username
        await self._plane.database.read(lambda session: accounts.get(session, request.username))
        password_hash = await self._logins.hash(request.username, request.password, by)
        return await self._decide(lambda s: accounts.set_password(s, request.username, password_hash, by=by))

    async def ChangePassword(self, request: pb.ChangePasswordRequest, context: Any) -> pb.Account:
        caller = _person()
        password_hash = await self._logins.new_hash(caller, request.current_password, request.new_password)
        return await self._decide(
            lambda s: accounts.set_password(
                s, caller.username, password_hash, by=caller.username, but_session=caller.session_id
            )
        )

    async def _decide(self, action: Any) -> pb.Account:
        def work(session: Session) -> tuple[AccountRecord, Ended]:
            decision: Decision = action(session)
            return decision.account, decision.ended

        return account_message(await self._plane.end_sessions(work))

    async def ListAccounts(self, request: pb.ListAccountsRequest, context: Any) -> pb.ListAccountsResponse:
        limit = _limit(request.limit, 100)
        rows, total = await self._plane.database.read(
            lambda session: accounts.page(
                session, status=request.status, search=request.search, limit=limit, offset=request.offset
            )
        )
        return pb.ListAccountsResponse(accounts=[account_message(row) for row in rows], total=total)

    async def RecordAudit(self, request: pb.RecordAuditRequest, context: Any) -> pb.RecordAuditResponse:
        if not request.action.strip():
            text = "names what happened, such as ui.menu"
            raise InvalidInput(f"The action is missing: it {text}", violations=[FieldViolation("action", text)])
        facts = _json_object(request.payload_json)
        caller = current_caller()
        person = caller.username if caller.role in ("admin", "user") else ""
        if not (self._ui_events.take(person or request.client_host) and self._all_ui_events.take("")):
            add_log_fields(dropped=True)
            return pb.RecordAuditResponse(stored=False)
        if request.username and not person:
            facts = {**facts, "says_username": request.username[:254]}

        def work(session: Session) -> None:
            audit.record(session, request.action, username=person, client_host=request.client_host, facts=facts)

        await self._plane.database.write(work)
        return pb.RecordAuditResponse(stored=True)

    async def ListAudit(self, request: pb.ListAuditRequest, context: Any) -> pb.ListAuditResponse:
        limit = _limit(request.limit, 50)
        wanted = audit.AuditFilter(request.action, request.username, request.since, request.until)
        rows, total = await self._plane.database.read(
            lambda session: audit.page(session, wanted, limit=limit, offset=request.offset)
        )
        return pb.ListAuditResponse(events=[event_message(row) for row in rows], total=total)

    async def RotateKeys(self, request: pb.RotateKeysRequest, context: Any) -> pb.RotateKeysResponse:
        rotated = await self._rotation.rotate(by=current_caller().username)
        return pb.RotateKeysResponse(active_key_id=rotated.active, verifying_key_ids=rotated.verifying)


def _person() -> Caller:
    caller = current_caller()
    if caller.role not in ("admin", "user"):
        raise PermissionDenied("Only a person who is logged in has a session; a process has none")
    return caller


def _limit(wanted: int, default: int) -> int:
    if wanted > 500:
        raise InvalidInput("At most 500 are given at a time", violations=[FieldViolation("limit", "must be 1 to 500")])
    return wanted or default


def _json_object(text: str) -> dict[str, object]:
    try:
        found = orjson.loads(text) if text else {}
    except orjson.JSONDecodeError:
        found = None
    if not isinstance(found, dict):
        raise InvalidInput(
            "The payload is not a JSON object", violations=[FieldViolation("payload", "must be a JSON object")]
        )
    return found


def account_message(account: AccountRecord) -> pb.Account:
    """An account as a message."""
    return pb.Account(
        username=account.username,
        display_name=account.display_name,
        status=account.status,
        is_admin=account.is_admin,
        disabled=account.disabled,
        created_at=account.created_at,
        last_login_at=account.last_login_at,
        reason=account.reason,
    )


def session_message(account: AccountRecord, session: SessionRecord, token: str) -> pb.Session:
    """A session as a message."""
    return pb.Session(
        account=account_message(account),
        token=token,
        issued_at=session.issued_at,
        expires_at=session.expires_at,
        session_id=session.session_id,
        client_host=session.client_host,
    )


def event_message(event: AuditRecord) -> pb.AuditEvent:
    """An audit event as a message."""
    return pb.AuditEvent(
        id=event.id,
        at=event.at,
        username=event.username,
        client_host=event.client_host,
        action=event.action,
        target=event.target,
        request_id=event.request_id,
        payload_json=event.payload_json,
    )


def _begun(begun: LoggedIn) -> pb.Session:
    return session_message(begun.account, begun.session, begun.token)
