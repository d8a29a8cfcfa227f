"""`routing-ml backup` and `restore` of the control plane's database; a backup is made here at once, a restore by auth_service."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from cli.care.auth_process import run_auth_service
from cli.installation import installation_settings
from cli.running.run_record import running_record
from common.database_copy import save
from common.errors import PreconditionFailed, Unavailable


def backup(
    target: Annotated[Path, typer.Argument(help="File to write; must not exist", show_default=False)],
) -> None:
    """Save accounts, versions, settings and documents to one file; also while the system runs."""
    try:
        saved = save(installation_settings().sqlalchemy_url, target.absolute())
    except OSError as error:
        raise Unavailable(f"{target} cannot be written ({error.strerror or error}): nothing was saved") from None
    typer.echo(f"{target} holds the database ({saved.bytes:,} bytes, migration {saved.migration}), checked.")


def restore(
    source: Annotated[Path, typer.Argument(help="File that backup wrote", show_default=False)],
) -> None:
    """Put a backup in the place of the present state; the system must be stopped."""
    settings = installation_settings()
    if running_record(settings.run_path) is not None:
        raise PreconditionFailed("Routing ML is running: stop it first (routing-ml down), then restore")
    from cli.running.as_services import run_as_services  # with gRPC, which a backup does without

    if run_as_services(settings) is not None:
        raise PreconditionFailed("Routing ML is running as services: stop those first, then restore")
    raise typer.Exit(run_auth_service("restore", str(source.absolute())))
