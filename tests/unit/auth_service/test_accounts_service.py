"""Accounts over gRPC: registration, approval, log-in, roles, passwords; the same on SQLite and PostgreSQL."""

from __future__ import annotations

import asyncio
import time
from typing import Any

import pytest

from auth_service.accounts.argon2id import Argon2id
from common.errors import (
    AlreadyExists,
    InvalidInput,
    NotFound,
    PermissionDenied,
    PreconditionFailed,
    ServiceError,
    TooManyRequests,
    Unauthenticated,
)
from protos.auth.v1 import auth_pb2 as pb
from protos.registry.v1 import registry_pb2
from protos.settings.v1 import settings_pb2

KIM, PASSWORD = "kim@plant.example", "Seal-Ring-42x"
ADMIN, ADMIN_PASSWORD = "admin@plant.example", "Start-Pass-99"


def registration(username: str = KIM, password: str = PASSWORD, name: str | None = None) -> pb.RegisterRequest:
    return pb.RegisterRequest(username=username, password=password, display_name=name, client_host="10.0.0.7")


async def login_error(plant: Any, username: str, password: str, host: str = "10.0.0.1") -> ServiceError:
    with pytest.raises(Unauthenticated) as caught:
        await plant.login(username, password, host)
    return caught.value


async def test_a_person_registers_is_approved_and_logs_in(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    account = await plant.ask(plant.auth.Register, registration(name=" Kim   Chul-su "))
    assert (account.username, account.display_name, account.status, account.is_admin) == (
        KIM,
        "Kim Chul-su",
        "pending",
        False,
    )
    await login_error(plant, KIM, PASSWORD)
    admin = await plant.admin()
    approved = await plant.ask(plant.auth.Approve, pb.ApproveRequest(username="KIM@plant.example"), token=admin)
    assert approved.status == "approved"
    session = await plant.login("Kim@Plant.Example", PASSWORD, "10.0.0.9")
    assert (session.account.username, session.client_host) == (KIM, "10.0.0.9")
    assert session.expires_at - session.issued_at == 3600
    me = await plant.ask(plant.auth.Me, pb.MeRequest(), token=session.token)
    assert (me.account.username, me.session_id, me.token, me.client_host) == (KIM, session.session_id, "", "10.0.0.9")
    assert me.account.last_login_at > 0


async def test_a_name_is_taken_in_any_spelling(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    await plant.ask(plant.auth.Register, registration())
    for spelling in (KIM, KIM.upper(), "ｋｉｍ@plant.example"):
        with pytest.raises(AlreadyExists):
            await plant.ask(plant.auth.Register, registration(spelling))


@pytest.mark.parametrize(
    ("username", "password", "name", "field"),
    [
        ("", PASSWORD, None, "username"),
        ("kim\x00@x", PASSWORD, None, "username"),
        ("аdmin@plant.example", PASSWORD, None, "username"),
        (KIM, "x", None, "password"),
        (KIM, "y" * 10_240, None, "password"),
        (KIM, "password1", None, "password"),
        (KIM, PASSWORD, "Kim\x07", "display_name"),
        (KIM, PASSWORD, "K" * 129, "display_name"),
    ],
)
async def test_a_registration_that_cannot_be_used_names_the_field(
    plant: Any, username: str, password: str, name: str | None, field: str
) -> None:
    with pytest.raises(InvalidInput) as caught:
        await plant.ask(plant.auth.Register, registration(username, password, name))
    assert [violation.field for violation in caught.value.violations] == [field]
    listed = await plant.ask(plant.auth.ListAccounts, pb.ListAccountsRequest(), process="cli")
    assert listed.total == 1


async def test_every_refused_log_in_has_the_same_answer(plant: Any) -> None:
    await plant.ask(plant.auth.Register, registration("pending@x.example"))
    await plant.ask(plant.auth.Register, registration("rejected@x.example"))
    await plant.ask(plant.auth.Reject, pb.RejectRequest(username="rejected@x.example", reason="?"), process="cli")
    await plant.user("disabled@x.example", PASSWORD)
    await plant.ask(
        plant.auth.SetDisabled, pb.SetDisabledRequest(username="disabled@x.example", disabled=True), process="cli"
    )
    tries = [
        ("nobody@x.example", PASSWORD),
        ("pending@x.example", PASSWORD),
        ("rejected@x.example", PASSWORD),
        ("disabled@x.example", PASSWORD),
        (ADMIN, "wrong-word-1"),
        (ADMIN, ""),
        (ADMIN, "z" * 10_240),
        ("nobody\x00@x.example", PASSWORD),
        ("n" * 10_000, PASSWORD),
    ]
    answers = {(error.message, error.reason) for error in [await login_error(plant, *each) for each in tries]}
    assert len(answers) == 1


async def test_a_nul_in_a_name_is_an_unknown_account_on_postgresql_too(plant_on_each_database: Any) -> None:
    await login_error(plant_on_each_database, "nobody\x00@x.example", PASSWORD)


async def test_approving_twice_changes_nothing_more(plant: Any) -> None:
    admin = await plant.admin()
    await plant.ask(plant.auth.Register, registration())
    first = await plant.ask(plant.auth.Approve, pb.ApproveRequest(username=KIM), token=admin)
    second = await plant.ask(plant.auth.Approve, pb.ApproveRequest(username=KIM), token=admin)
    assert first == second
    events = await plant.ask(plant.auth.ListAudit, pb.ListAuditRequest(action="auth.approve"), token=admin)
    assert events.total == 1


async def test_unknown_accounts_cannot_be_decided_about(plant: Any) -> None:
    admin = await plant.admin()
    for method, request in (
        (plant.auth.Approve, pb.ApproveRequest(username="ghost@x.example")),
        (plant.auth.Reject, pb.RejectRequest(username="ghost@x.example")),
        (plant.auth.SetRole, pb.SetRoleRequest(username="ghost@x.example")),
        (plant.auth.SetDisabled, pb.SetDisabledRequest(username="ghost@x.example")),
        (plant.auth.ResetPassword, pb.ResetPasswordRequest(username="ghost@x.example", password=PASSWORD)),
    ):
        with pytest.raises(NotFound):
            await plant.ask(method, request, token=admin)


async def test_the_last_administrator_stays(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    admin = await plant.admin()
    attempts = (
        (plant.auth.SetRole, pb.SetRoleRequest(username=ADMIN, is_admin=False)),
        (plant.auth.SetDisabled, pb.SetDisabledRequest(username=ADMIN, disabled=True)),
        (plant.auth.Reject, pb.RejectRequest(username=ADMIN)),
    )
    for method, request in attempts:
        with pytest.raises(PreconditionFailed) as caught:
            await plant.ask(method, request, token=admin)
        assert caught.value.reason == "LAST_ADMINISTRATOR"
    await plant.user()
    await plant.ask(plant.auth.Register, registration())
    with pytest.raises(PreconditionFailed, match="approve the account first"):
        await plant.ask(plant.auth.SetRole, pb.SetRoleRequest(username=KIM, is_admin=True), token=admin)
    await plant.ask(plant.auth.SetRole, pb.SetRoleRequest(username="park@plant.example", is_admin=True), token=admin)
    demoted = await plant.ask(plant.auth.SetRole, pb.SetRoleRequest(username=ADMIN, is_admin=False), token=admin)
    assert not demoted.is_admin
    with pytest.raises(Unauthenticated):  # the token still says admin, so the session has ended
        await plant.ask(plant.auth.Me, pb.MeRequest(), token=admin)


async def test_two_administrators_who_demote_each_other_leave_one(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    await plant.user()
    await plant.ask(plant.auth.SetRole, pb.SetRoleRequest(username="park@plant.example", is_admin=True), process="cli")
    demote = [pb.SetRoleRequest(username=name, is_admin=False) for name in (ADMIN, "park@plant.example")]
    results = await asyncio.gather(
        *(plant.ask(plant.auth.SetRole, request, process="cli") for request in demote), return_exceptions=True
    )
    assert sum(isinstance(result, PreconditionFailed) for result in results) == 1


async def test_accounts_are_listed_by_status_and_part_of_the_name(plant: Any) -> None:
    for number in range(5):
        await plant.ask(plant.auth.Register, registration(f"p{number}@x.example", name=f"Person {number}"))
    await plant.ask(plant.auth.Approve, pb.ApproveRequest(username="p1@x.example"), process="cli")

    async def found(**filters: Any) -> list[str]:
        answer = await plant.ask(plant.auth.ListAccounts, pb.ListAccountsRequest(**filters), process="cli")
        return [account.username[:2] for account in answer.accounts]

    assert await found(status="pending") == ["p4", "p3", "p2", "p0"]
    assert await found(status="approved", search="X.EXAMPLE") == ["p1"]
    assert await found(search="person 3") == ["p3"]
    assert await found(search="%") == []
    assert await found(status="pending", limit=2, offset=1) == ["p3", "p2"]
    with pytest.raises(InvalidInput):
        await found(status="lost")
    with pytest.raises(InvalidInput):
        await found(limit=501)


async def test_a_new_password_replaces_the_old_and_ends_the_other_sessions(plant_on_each_database: Any) -> None:
    plant = plant_on_each_database
    kept, other = await plant.user(), (await plant.login("park@plant.example", PASSWORD)).token
    change = pb.ChangePasswordRequest(current_password="wrong-word-1", new_password="New-Word-77z")
    with pytest.raises(InvalidInput) as caught:
        await plant.ask(plant.auth.ChangePassword, change, token=kept)
    assert caught.value.reason == "WRONG_PASSWORD"
    change.current_password = PASSWORD
    await plant.ask(plant.auth.ChangePassword, change, token=kept)
    await plant.ask(plant.auth.Me, pb.MeRequest(), token=kept)
    with pytest.raises(Unauthenticated):
        await plant.ask(plant.auth.Me, pb.MeRequest(), token=other)
    await login_error(plant, "park@plant.example", PASSWORD)
    await plant.login("park@plant.example", "New-Word-77z")


async def test_guessing_the_present_password_is_slowed(plant: Any) -> None:
    token = await plant.user()
    change = pb.ChangePasswordRequest(current_password="wrong-word-1", new_password="New-Word-77z")
    for _ in range(5):
        with pytest.raises(InvalidInput):
            await plant.ask(plant.auth.ChangePassword, change, token=token)
    with pytest.raises(TooManyRequests):
        await plant.ask(plant.auth.ChangePassword, change, token=token)


async def test_an_administrator_sets_a_password(plant: Any) -> None:
    token, admin = await plant.user(), await plant.admin()
    with pytest.raises(InvalidInput):
        await plant.ask(
            plant.auth.ResetPassword, pb.ResetPasswordRequest(username="park@plant.example", password="x"), token=admin
        )
    await plant.ask(plant.auth.Me, pb.MeRequest(), token=token)
    reset = pb.ResetPasswordRequest(username="PARK@plant.example", password="New-Word-77z")
    await plant.ask(plant.auth.ResetPassword, reset, token=admin)
    with pytest.raises(Unauthenticated):
        await plant.ask(plant.auth.Me, pb.MeRequest(), token=token)
    await plant.login("park@plant.example", "New-Word-77z")


async def test_failed_log_ins_are_slowed_for_the_guesser_only(plant: Any) -> None:
    for _ in range(5):
        await login_error(plant, ADMIN, "wrong-word-1", "6.6.6.6")
    with pytest.raises(TooManyRequests) as caught:
        await plant.login(ADMIN, "Start-Pass-99", "6.6.6.6")
    assert caught.value.retry_after
    await plant.login(ADMIN, "Start-Pass-99", "10.0.0.1")


async def test_every_attempt_is_in_the_audit_log(plant: Any) -> None:
    await login_error(plant, ADMIN, "wrong-word-1", "6.6.6.6")
    await login_error(plant, "ghost@x.example", "wrong-word-1", "6.6.6.6")
    admin = await plant.admin()
    events = (await plant.ask(plant.auth.ListAudit, pb.ListAuditRequest(action="auth.login"), token=admin)).events
    told = [(event.action, event.username, event.client_host) for event in events]
    assert told == [
        ("auth.login", ADMIN, "10.0.0.1"),
        ("auth.login.failed", "ghost@x.example", "6.6.6.6"),
        ("auth.login.failed", ADMIN, "6.6.6.6"),
    ]
    assert "wrong-word-1" not in str(events)


async def test_registrations_and_log_ins_in_a_burst_lose_none_and_lock_nobody_out(plant: Any) -> None:
    names = [f"p{number}@x.example" for number in range(200)]
    await asyncio.gather(*(plant.ask(plant.auth.Register, registration(name), timeout=120) for name in names))
    await asyncio.gather(
        *(plant.ask(plant.auth.Approve, pb.ApproveRequest(username=name), process="cli") for name in names)
    )
    burst = [
        asyncio.create_task(plant.login(names[number % 200], PASSWORD, f"10.1.{number % 7}.1"))
        for number in range(2000)
    ]
    other = await plant.admin()
    sessions = await asyncio.gather(*burst)
    assert other
    assert len({session.session_id for session in sessions}) == 2000


async def test_log_ins_of_one_account_from_many_addresses_at_once_share_a_hash(
    plant: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []
    verify = Argon2id.verify

    def noting(self: Argon2id, encoded: str, password: str, *, threads: int = 1) -> bool:
        hashed.append(password)
        time.sleep(0.05)
        return verify(self, encoded, password, threads=threads)

    monkeypatch.setattr(Argon2id, "verify", noting)
    addresses = [f"10.1.{number}.1" for number in range(20)]
    sessions = await asyncio.gather(*(plant.login(ADMIN, ADMIN_PASSWORD, address) for address in addresses))
    assert len({session.session_id for session in sessions}) == 20
    assert len(hashed) < 20
    guesses = await asyncio.gather(
        *(plant.login(ADMIN, "wrong-word-1", address) for address in addresses), return_exceptions=True
    )
    assert all(isinstance(outcome, Unauthenticated) for outcome in guesses)
    counts = plant.program.logins._throttle._pairs._failures
    assert [counts[ADMIN, address].count for address in addresses] == [1] * 20


ADMIN_CALLS = [
    ("auth", "Approve", pb.ApproveRequest(username=KIM)),
    ("auth", "Reject", pb.RejectRequest(username=KIM)),
    ("auth", "ListAccounts", pb.ListAccountsRequest()),
    ("auth", "SetRole", pb.SetRoleRequest(username="park@plant.example", is_admin=True)),
    ("auth", "SetDisabled", pb.SetDisabledRequest(username=ADMIN, disabled=True)),
    ("auth", "ResetPassword", pb.ResetPasswordRequest(username=ADMIN, password=PASSWORD)),
    ("auth", "ListAudit", pb.ListAuditRequest()),
    ("auth", "RotateKeys", pb.RotateKeysRequest()),
    ("registry", "Register", registry_pb2.RegisterVersionRequest(version_name="v")),
    ("registry", "Verify", registry_pb2.VerifyRequest(version_name="v")),
    ("registry", "Activate", registry_pb2.ActivateRequest(version_name="v")),
    ("registry", "RollBack", registry_pb2.RollBackRequest()),
    ("registry", "Retire", registry_pb2.RetireRequest(version_name="v")),
    ("registry", "Adopt", registry_pb2.AdoptRequest(artifact_dir="x")),
    ("control", "Patch", settings_pb2.PatchSettingsRequest(patch_json='{"search":{"ef_search":1}}')),
    ("control", "Revert", settings_pb2.RevertRequest(revision=1)),
]


async def test_what_administrators_do_is_refused_to_users_and_to_nobody(plant: Any) -> None:
    token = await plant.user()
    for area, method, request in ADMIN_CALLS:
        with pytest.raises(PermissionDenied):
            await plant.ask(getattr(getattr(plant, area), method), request, token=token)
        with pytest.raises(Unauthenticated):
            await plant.ask(getattr(getattr(plant, area), method), request)
    accounts = (await plant.ask(plant.auth.ListAccounts, pb.ListAccountsRequest(), process="cli")).accounts
    assert [(account.username, account.is_admin, account.disabled) for account in accounts] == [
        ("park@plant.example", False, False),
        (ADMIN, True, False),
    ]


async def test_only_processes_register_versions_and_follow(plant: Any) -> None:
    admin = await plant.admin()
    with pytest.raises(PermissionDenied):
        await plant.ask(plant.registry.Register, registry_pb2.RegisterVersionRequest(version_name="v"), token=admin)
    stream = plant.control.Watch(metadata=[("authorization", f"Bearer {admin}")])
    assert (await stream.code()).name == "PERMISSION_DENIED"


async def test_a_process_has_no_session(plant: Any) -> None:
    for method, request in ((plant.auth.Me, pb.MeRequest()), (plant.auth.Logout, pb.LogoutRequest())):
        with pytest.raises(PermissionDenied):
            await plant.ask(method, request, process="gateway-8000")
