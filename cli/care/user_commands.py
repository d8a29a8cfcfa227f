"""`routing-ml users`: who may log in."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from cli.calls import ask
from cli.care.auth_process import run_auth_service
from cli.care.model_commands import when
from cli.control_plane import ControlPlane
from cli.installation import installation_settings
from cli.running.run_record import running_record
from cli.terminal import open_console
from common.errors import InvalidInput
from protos.auth.v1 import auth_pb2 as pb

app = typer.Typer(help="Accounts: list, approve, reject, new passwords.", no_args_is_help=True)

Email = Annotated[str, typer.Argument(help="E-mail of the account", show_default=False)]
PasswordFromStandardInput = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking for it")
]


@app.command("list")
def list_accounts(
    status: Annotated[str, typer.Option("--status", help="pending, approved, rejected or disabled; default: all")] = "",
    search: Annotated[str, typer.Option("--search", help="Part of the e-mail or name")] = "",
) -> None:
    """List accounts, newest first."""
    request = pb.ListAccountsRequest(status=status, search=search, limit=500)
    answer = ask(lambda control: control.call(control.auth.ListAccounts, request))
    table = Table(box=None, header_style="dim")
    for heading in ("account", "name", "status", "role", "created", "last log-in"):
        table.add_column(heading, no_wrap=True)
    for account in answer.accounts:
        state = "disabled" if account.disabled else account.status
        role = "admin" if account.is_admin else "user"
        table.add_row(
            account.username, account.display_name, state, role, when(account.created_at), when(account.last_login_at)
        )
    open_console().print(table)
    if answer.total > len(answer.accounts):
        typer.echo(f"{answer.total} accounts match; narrow them with --search")


@app.command()
def approve(
    email: Email, admin: Annotated[bool, typer.Option("--admin", help="Also make it an administrator")] = False
) -> None:
    """Let a registered account log in."""
    request = pb.ApproveRequest(username=email, make_admin=admin)
    account = ask(lambda control: control.call(control.auth.Approve, request))
    typer.echo(f"{account.username} may log in{' as administrator' if account.is_admin else ''}.")


@app.command()
def reject(email: Email, reason: Annotated[str, typer.Option("--reason", help="Why, for the audit log")] = "") -> None:
    """Refuse a registered account."""
    account = ask(lambda control: control.call(control.auth.Reject, pb.RejectRequest(username=email, reason=reason)))
    typer.echo(f"{account.username} is rejected.")


@app.command("reset-password")
def reset_password(email: Email, password_stdin: PasswordFromStandardInput = False) -> None:
    """Set another password for an account; ends its sessions."""
    request = pb.ResetPasswordRequest(username=email, password=_new_password(password_stdin))
    account = ask(lambda control: control.call(control.auth.ResetPassword, request))
    typer.echo(f"{account.username} has a new password.")


@app.command("create-admin")
def create_admin(email: Email, password_stdin: PasswordFromStandardInput = False) -> None:
    """Make an administrator; works while the system is down too."""
    password = _new_password(password_stdin)
    settings = installation_settings()
    if running_record(settings.run_path) is None:
        _create_while_down(email, password)
        return

    async def work(control: ControlPlane) -> pb.Account:
        request = pb.RegisterRequest(username=email, password=password, client_host="cli")
        await control.call(control.auth.Register, request)
        return await control.call(control.auth.Approve, pb.ApproveRequest(username=email, make_admin=True))

    typer.echo(f"{ask(work).username} is an administrator.")


def _create_while_down(email: str, password: str) -> None:
    raise typer.Exit(run_auth_service("create-admin", email, "--password-stdin", standard_input=f"{password}\n"))


def _new_password(from_standard_input: bool) -> str:
    if from_standard_input:
        password = sys.stdin.readline().rstrip("\r\n")
    else:
        password = typer.prompt("New password", hide_input=True, confirmation_prompt=True)
    if not 8 <= len(password) <= 128:
        raise InvalidInput("A password has 8 to 128 characters")
    return str(password)
