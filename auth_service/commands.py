"""The commands of auth_service. Those that change something say what; every failure is one sentence and an exit code of its own.

Exit codes: 0 done, 1 refused, 2 wrong usage, 3 the service or the database cannot be used.
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import getpass
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Annotated, ParamSpec

import typer
from sqlalchemy.orm import Session

from auth_service import offline
from auth_service.accounts import accounts
from auth_service.accounts.passwords import Passwords, check_password
from auth_service.control.control_state import advance
from auth_service.control.signing_keys import KeyCipher, add_key
from auth_service.planning import proposal_reviews
from auth_service.store import backup, schema
from auth_service.store.audit_archive import LEAST_YEARS, archive
from auth_service.store.database import Database
from common.database_copy import save
from common.errors import DataProblem, InvalidInput, ServiceError, Unavailable
from common.exit_codes import ExitCode
from common.identity import ServiceCredential
from common.logs import configure_logging
from common.settings import Settings
from common.settings import settings as read_settings
from common.standard_output import json_text

Arguments = ParamSpec("Arguments")

app = typer.Typer(
    help="The control plane of Routing ML.", add_completion=False, pretty_exceptions_enable=False, no_args_is_help=False
)

Email = Annotated[str, typer.Argument(help="E-mail of the account", show_default=False)]
PasswordStdin = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input instead of asking for it")
]


def telling(command: Callable[Arguments, None]) -> Callable[Arguments, None]:
    """Turn errors into one sentence and an exit code."""

    @functools.wraps(command)
    def run(*args: Arguments.args, **kwargs: Arguments.kwargs) -> None:
        try:
            command(*args, **kwargs)
        except ServiceError as error:
            typer.echo(error.message, err=True)
            raise typer.Exit(
                ExitCode.NOT_RUNNING if isinstance(error, Unavailable | DataProblem) else ExitCode.FAILED
            ) from None
        except OSError as error:
            typer.echo(str(error), err=True)
            raise typer.Exit(ExitCode.NOT_RUNNING) from None

    return run


@contextlib.contextmanager
def opened(settings: Settings, registry_path: Path | None = None) -> Iterator[Database]:
    """The database, checked and migrated. What is done to it goes to the log as well."""
    configure_logging(settings, "auth", "auth-command")
    database = Database(f"sqlite:///{registry_path.absolute().as_posix()}") if registry_path else Database.of(settings)
    with contextlib.closing(database):
        database.check()
        schema.upgrade(database)
        yield database


@app.callback(invoke_without_command=True)
def default(
    context: typer.Context,
    port: Annotated[
        int | None, typer.Option(help="Port to serve on; default: that of ROUTING_ML_AUTH_ADDRESS", min=1, max=65535)
    ] = None,
) -> None:
    """Serve when no command is given."""
    if context.invoked_subcommand is None:
        serve(port)


@app.command()
def serve(
    port: Annotated[
        int | None, typer.Option(help="Port to serve on; default: that of ROUTING_ML_AUTH_ADDRESS", min=1, max=65535)
    ] = None,
) -> None:
    """Serve accounts, versions, settings and documents until told to stop."""
    from auth_service.program import AuthProgram
    from common.rpc.addresses import own_address
    from common.service import run_service

    settings = read_settings()
    address = f"{settings.bind_host}:{port}" if port else own_address(settings.auth_addresses)
    raise typer.Exit(run_service("auth", address, AuthProgram))


@app.command()
@telling
def migrate(
    to: Annotated[
        str, typer.Option("--to", help="Migration to go to; older than the present one goes back, `base` empties")
    ] = "head",
) -> None:
    """Bring the database schema to the newest migration, or to a given one."""
    with contextlib.closing(Database.of(read_settings())) as database:
        database.check()
        before = schema.current(database)
        after = schema.move(database, to)
    typer.echo(f"{database.name}: {before or 'empty'} -> {after or 'empty'}")


@app.command("make-secrets")
@telling
def make_secrets() -> None:
    """Make the secrets of the installation where they are missing, before any process needs them."""
    settings = read_settings()
    folder = settings.secrets_path
    ServiceCredential.of(settings)
    KeyCipher.of(settings)
    named = ServiceCredential.named(settings)
    typer.echo("the settings name the secret" if named else f"{folder}: service.secret, signing.secret")


@app.command("replace-signing-key")
@telling
def replace_signing_key() -> None:
    """Make a new signing key where the secret of the old one is lost; everybody has to log in again. Stop auth_service first."""
    settings = read_settings()
    with contextlib.closing(Database.of(settings)) as database, database.writing() as session:
        key = add_key(session, KeyCipher.of(settings), token_seconds=settings.session_minutes * 60.0)
        advance(session)
    typer.echo(f"{key.key_id} signs from now on")


@app.command("create-admin")
@telling
def create_admin(email: Email, password_stdin: PasswordStdin = False) -> None:
    """Make an administrator: a new account, or an existing one, which also gets the given password."""
    settings = read_settings()
    password = _password(password_stdin)
    check_password(password, email)
    password_hash = Passwords(settings, threads=1).hash_now(password)

    def work(session: Session) -> str:
        found = accounts.find(session, email)
        if found is None:
            return accounts.create(
                session, email, password_hash, status="approved", is_admin=True, by="command line"
            ).username
        accounts.set_password(session, email, password_hash, by="command line")
        accounts.set_disabled(session, email, disabled=False, by="command line")
        accounts.approve(session, email, make_admin=True, by="command line")
        advance(session)
        return found.username

    with opened(settings) as database, database.writing() as session:
        username = work(session)
    typer.echo(f"{username} is an administrator.")


@app.command("reset-password")
@telling
def reset_password(email: Email, password_stdin: PasswordStdin = False) -> None:
    """Set another password for an account; its sessions end."""
    settings = read_settings()
    password = _password(password_stdin)
    check_password(password, email)
    password_hash = Passwords(settings, threads=1).hash_now(password)
    with opened(settings) as database, database.writing() as session:
        accounts.set_password(session, email, password_hash, by="command line")
        advance(session)
    typer.echo(f"{email} has a new password.")


@app.command("register-version")
@telling
def register_version(
    name: Annotated[str, typer.Option("--name", help="Name of the version")],
    artifact_dir: Annotated[Path, typer.Option("--artifact-dir", help="Folder with its artifacts")],
    manifest: Annotated[
        Path | None, typer.Option("--manifest", help="Its manifest; default: manifest.json in the folder")
    ] = None,
    requested_by: Annotated[str, typer.Option("--requested-by", help="Who asked for the training")] = "",
    trained_at: Annotated[
        float, typer.Option("--trained-at", help="When it was trained, seconds since 1970 UTC")
    ] = 0.0,
    registry_path: Annotated[
        Path | None, typer.Option("--registry-path", help="SQLite file of another registry")
    ] = None,
) -> None:
    """Register a trained version, whether auth_service runs or not."""
    settings = read_settings()
    paths = (artifact_dir, manifest or artifact_dir / "manifest.json")
    with opened(settings, registry_path) as database:
        offline.register(database, name, *paths, requested_by=requested_by, trained_at=trained_at)
    typer.echo(f"{name} is registered.")


@app.command()
@telling
def activate(
    name: Annotated[str, typer.Argument(help="Name of the version", show_default=False)],
    reason: Annotated[str, typer.Option("--reason", help="Why, for the history")] = "",
    registry_path: Annotated[
        Path | None, typer.Option("--registry-path", help="SQLite file of another registry")
    ] = None,
) -> None:
    """Make a version active: by the running auth_service, else directly, after loading and searching it in a process of its own."""
    settings = read_settings()
    if registry_path is None:
        confirmed = asyncio.run(offline.ask_to_activate(settings, name, reason))
        if confirmed is not None:
            typer.echo(f"{name} is active; confirmed by {', '.join(confirmed) or 'nobody, as no process runs'}.")
            return
    with opened(settings, registry_path) as database:
        offline.activate(database, settings.derived_path, name, reason)
    typer.echo(f"{name} is active; processes take it over when they start.")


@app.command("archive-audit")
@telling
def archive_audit(
    years: Annotated[
        int | None,
        typer.Option("--years", help="Move events older than this; default: ROUTING_ML_AUDIT_YEARS", min=LEAST_YEARS),
    ] = None,
    folder: Annotated[
        Path | None, typer.Option("--to", help="Folder of the files; default: audit/ of the state")
    ] = None,
) -> None:
    """Move old audit events to files of JSON lines, also while auth_service runs."""
    settings = read_settings()
    age = years or settings.audit_years
    if not age:
        raise InvalidInput(
            "Audit events stay for ever unless you say how old may go: give --years, or set ROUTING_ML_AUDIT_YEARS"
        )
    with opened(settings) as database:
        moved = archive(database, (folder or settings.audit_archive_path).absolute(), years=age, by="command line")
    for path in moved.files:
        typer.echo(str(path))
    typer.echo(f"{moved.events:,} events older than {age} year{'s' if age != 1 else ''} were moved.")


@app.command("planner-examples")
@telling
def planner_examples(
    registry_path: Annotated[
        Path | None, typer.Option("--registry-path", help="SQLite file of another registry")
    ] = None,
) -> None:
    """Print the routings that planners kept of proposals, the last of each item, as JSON."""
    with opened(read_settings(), registry_path) as database, database.reading() as session:
        found = proposal_reviews.examples(session)
    facts = [
        {
            "item_code": one.item_code,
            "outcome": one.outcome,
            "reviewed_at": one.reviewed_at,
            "operations": [{"job": each.job, "setup": each.setup, "run": each.run} for each in one.kept],
        }
        for one in found
    ]
    typer.echo(json_text(facts, indent=None))


@app.command("backup")
@telling
def backup_command(
    file: Annotated[Path, typer.Argument(help="File to write; must not exist", show_default=False)],
) -> None:
    """Save the database to one file, also while auth_service runs."""
    saved = save(read_settings().sqlalchemy_url, file)
    typer.echo(f"{file} holds the database ({saved.bytes:,} bytes, migration {saved.migration}), checked.")


@app.command("restore")
@telling
def restore_command(
    file: Annotated[Path, typer.Argument(help="File that backup wrote", show_default=False)],
) -> None:
    """Put a backup in the place of the database; auth_service must be stopped. What was there is kept beside it."""
    settings = read_settings()
    kept = backup.restore(settings, file)
    typer.echo(f"{file} is in place." + (f" The former database is kept as {kept}." if kept else ""))


def _password(from_standard_input: bool) -> str:
    if from_standard_input:
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass("New password: ")
    if getpass.getpass("Once more: ") != password:
        typer.echo("The two differ.", err=True)
        raise typer.Exit(1)
    return password
