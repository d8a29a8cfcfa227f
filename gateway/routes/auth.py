"""`/api/auth`: registration, log-in, session, and what administrators do with accounts."""

from __future__ import annotations

from typing import Annotated

from fastapi import Query
from starlette.requests import Request
from starlette.responses import Response

from common.request_context import allow_more_time
from gateway.answers import json_answer, no_content
from gateway.guarded_routes import AreaRouter
from gateway.schemas import auth as bodies
from gateway.security import clear_session_cookie, set_session_cookie
from gateway.state import Gateway, TheGateway
from gateway.translate import accounts
from protos.auth.v1 import auth_pb2 as pb

PASSWORD_SECONDS = 300.0
"""Longest wait for a password to be hashed: a burst of log-ins takes its turn instead of being turned away."""

area = AreaRouter("/api/auth", "auth")


def client_host(request: Request) -> str:
    """Address of the client; "" when unknown."""
    return request.client.host if request.client else ""


@area.anybody.post("/register", status_code=201, response_model=bodies.RegisterResponse)
async def register(request: Request, body: bodies.RegisterRequest, gateway: TheGateway) -> Response:
    """Creates an account that an administrator has to approve."""
    auth = gateway.clients.auth
    allow_more_time(PASSWORD_SECONDS)
    account = await auth.call(
        auth.stub.Register,
        pb.RegisterRequest(
            username=body.username,
            password=body.password,
            display_name=body.display_name,
            client_host=client_host(request),
        ),
        timeout=PASSWORD_SECONDS,
    )
    return json_answer(accounts.registered(account), 201)


@area.anybody.post("/login", response_model=bodies.LoginResponse)
async def login(request: Request, body: bodies.LoginRequest, gateway: TheGateway) -> Response:
    """Starts a session; its token comes in the cookie and in the body."""
    auth = gateway.clients.auth
    allow_more_time(PASSWORD_SECONDS)
    session = await auth.call(
        auth.stub.Login,
        pb.LoginRequest(username=body.username, password=body.password, client_host=client_host(request)),
        timeout=PASSWORD_SECONDS,
    )
    answer = json_answer(accounts.logged_in(session))
    set_session_cookie(
        answer,
        session.token,
        session_minutes=gateway.settings.session_minutes,
        secure=gateway.settings.cookie_secure,
    )
    return answer


@area.user.get("/me", response_model=bodies.AuthenticatedUser)
async def read_current_user(gateway: TheGateway) -> Response:
    """Tells who is logged in."""
    auth = gateway.clients.auth
    return json_answer(accounts.current(await auth.call(auth.stub.Me, pb.MeRequest())))


@area.user.post("/logout", status_code=204, response_class=Response)
async def logout(gateway: TheGateway) -> Response:
    """Ends the session everywhere."""
    auth = gateway.clients.auth
    await auth.call(auth.stub.Logout, pb.LogoutRequest())
    answer = no_content()
    clear_session_cookie(answer, secure=gateway.settings.cookie_secure)
    return answer


@area.user.post("/password", response_model=bodies.UserStatusResponse)
async def change_password(body: bodies.ChangePasswordRequest, gateway: TheGateway) -> Response:
    """Changes the caller's own password; the caller's other sessions end."""
    allow_more_time(PASSWORD_SECONDS)
    auth = gateway.clients.auth
    request = pb.ChangePasswordRequest(current_password=body.current_password, new_password=body.new_password)
    return _status(await auth.call(auth.stub.ChangePassword, request, timeout=PASSWORD_SECONDS))


@area.admin.post("/admin/approve", response_model=bodies.UserStatusResponse)
async def approve_user(body: bodies.AdminApproveRequest, gateway: TheGateway) -> Response:
    """Approves an account."""
    request = pb.ApproveRequest(username=body.username, make_admin=body.make_admin)
    return _status(await gateway.clients.auth.call(gateway.clients.auth.stub.Approve, request))


@area.admin.post("/admin/reject", response_model=bodies.UserStatusResponse)
async def reject_user(body: bodies.AdminRejectRequest, gateway: TheGateway) -> Response:
    """Rejects an account."""
    request = pb.RejectRequest(username=body.username, reason=body.reason or "")
    return _status(await gateway.clients.auth.call(gateway.clients.auth.stub.Reject, request))


@area.admin.get("/admin/accounts", response_model=bodies.AccountListResponse)
async def list_accounts(
    gateway: TheGateway,
    status: str = "",
    search: str = "",
    limit: Annotated[int, Query(ge=1, le=500)] = 100,
    offset: Annotated[int, Query(ge=0, le=1_000_000)] = 0,
) -> Response:
    """Lists accounts, newest first, by status (pending, approved, rejected, disabled) and part of the name."""
    request = pb.ListAccountsRequest(status=status, search=search, limit=limit, offset=offset)
    page = await gateway.clients.auth.call(gateway.clients.auth.stub.ListAccounts, request)
    return json_answer({"total": page.total, "items": [accounts.listed(account) for account in page.accounts]})


@area.admin.post("/admin/role", response_model=bodies.AccountModel)
async def set_role(body: bodies.RoleRequest, gateway: TheGateway) -> Response:
    """Gives or takes the administrator role; the last administrator keeps it."""
    request = pb.SetRoleRequest(username=body.username, is_admin=body.is_admin)
    return await _account(gateway, request)


@area.admin.post("/admin/disable", response_model=bodies.AccountModel)
async def set_disabled(body: bodies.DisableRequest, gateway: TheGateway) -> Response:
    """Disables or enables an account; disabling ends its sessions."""
    request = pb.SetDisabledRequest(username=body.username, disabled=body.disabled)
    return await _account(gateway, request)


@area.admin.post("/admin/reset-password", response_model=bodies.AccountModel)
async def reset_password(body: bodies.ResetPasswordRequest, gateway: TheGateway) -> Response:
    """Sets another person's password; that person's sessions end."""
    request = pb.ResetPasswordRequest(username=body.username, password=body.password)
    return await _account(gateway, request)


@area.admin.post("/admin/rotate-keys", response_model=bodies.KeyRotationResponse)
async def rotate_keys(gateway: TheGateway) -> Response:
    """Makes a new signing key; sessions that have begun stay valid."""
    keys = await gateway.clients.auth.call(gateway.clients.auth.stub.RotateKeys, pb.RotateKeysRequest())
    return json_answer({"active_key_id": keys.active_key_id, "verifying_key_ids": list(keys.verifying_key_ids)})


def _status(account: pb.Account) -> Response:
    return json_answer(accounts.status(account))


async def _account(
    gateway: Gateway, request: pb.SetRoleRequest | pb.SetDisabledRequest | pb.ResetPasswordRequest
) -> Response:
    auth = gateway.clients.auth
    if isinstance(request, pb.SetRoleRequest):
        account = await auth.call(auth.stub.SetRole, request)
    elif isinstance(request, pb.SetDisabledRequest):
        account = await auth.call(auth.stub.SetDisabled, request)
    else:
        allow_more_time(PASSWORD_SECONDS)
        account = await auth.call(auth.stub.ResetPassword, request, timeout=PASSWORD_SECONDS)
    return json_answer(accounts.listed(account))
