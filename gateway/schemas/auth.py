"""Bodies of `/api/auth`."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field

from gateway.schemas.wire import AnswerModel, RequestModel

AccountStatus = Literal["pending", "approved", "rejected"]
Name = Annotated[str, Field(min_length=1)]


class RegisterRequest(RequestModel):
    """A new account."""

    username: Name
    password: Name
    display_name: str | None = None


class RegisterResponse(AnswerModel):
    """The account that waits for approval."""

    username: str
    status: AccountStatus
    is_admin: bool = False
    message: str


class LoginRequest(RequestModel):
    """A log-in."""

    username: Name
    password: Name


class LoginResponse(AnswerModel):
    """The session that has begun."""

    username: str
    display_name: str | None = None
    status: AccountStatus
    is_admin: bool = False
    token: str
    issued_at: datetime
    expires_at: datetime


class AuthenticatedUser(AnswerModel):
    """Who is logged in."""

    username: str
    display_name: str | None = None
    status: AccountStatus
    is_admin: bool = False
    issued_at: datetime
    expires_at: datetime
    session_id: str | None = None
    client_host: str | None = None


class AdminApproveRequest(RequestModel):
    """An account to approve."""

    username: Name
    make_admin: bool = False


class AdminRejectRequest(RequestModel):
    """An account to reject."""

    username: Name
    reason: str | None = None


class UserStatusResponse(AnswerModel):
    """How an account stands."""

    username: str
    display_name: str | None = None
    status: AccountStatus
    is_admin: bool = False


class RoleRequest(RequestModel):
    """A role to give or take."""

    username: Name
    is_admin: bool


class DisableRequest(RequestModel):
    """An account to disable or enable."""

    username: Name
    disabled: bool


class ResetPasswordRequest(RequestModel):
    """A password that an administrator sets."""

    username: Name
    password: Name


class ChangePasswordRequest(RequestModel):
    """A password that its owner changes."""

    current_password: Name
    new_password: Name


class AccountModel(AnswerModel):
    """An account as administrators see it."""

    username: str
    display_name: str | None = None
    status: AccountStatus
    is_admin: bool
    disabled: bool
    created_at: datetime | None = None
    last_login_at: datetime | None = None
    reason: str | None = None


class AccountListResponse(AnswerModel):
    """A page of accounts, newest first."""

    total: int
    items: list[AccountModel]


class KeyRotationResponse(AnswerModel):
    """The signing keys after a rotation."""

    active_key_id: str
    verifying_key_ids: list[str]
