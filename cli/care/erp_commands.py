"""`routing-ml erp`: the outbox of what is handed to the ERP."""

from __future__ import annotations

import sys
from typing import Annotated

import typer
from rich.table import Table

from cli.calls import ask
from cli.care.model_commands import when
from cli.installation import installation_settings
from cli.terminal import open_console
from common.files import write_text
from common.private_files import private_folder
from plant.settings.erp_interface import AUTHORIZATION_FILE
from protos.erp.v1 import erp_pb2 as pb

app = typer.Typer(help="ERP interface: status, messages, retry, cancel.", no_args_is_help=True)

MessageId = Annotated[str, typer.Argument(help="Id of the message", show_default=False)]


@app.command()
def status() -> None:
    """Show whether the interface is on, where it leads and how the queue stands."""
    state = ask(lambda control: control.call(control.erp.Status, pb.ErpStatusRequest()))
    typer.echo(
        f"The ERP interface is {'on' if state.enabled else 'off'}: {state.protocol or 'no protocol'} {state.target}"
    )
    if state.problem:
        typer.echo(state.problem)
    typer.echo(", ".join(f"{count} {name}" for name, count in sorted(state.counts.items())))
    if state.oldest_waiting_at:
        typer.echo(f"the oldest waiting since {when(state.oldest_waiting_at)}")
    if state.last_error:
        typer.echo(f"last error: {state.last_error}")


@app.command("list")
def list_messages(
    state: Annotated[
        str, typer.Option("--state", help="pending, sending, delivered, failed or cancelled; default: all")
    ] = "",
    limit: Annotated[int, typer.Option("--limit", min=1, max=500, help="Most messages shown")] = 50,
) -> None:
    """List messages, newest first."""
    request = pb.ListMessagesRequest(state=state, limit=limit)
    answer = ask(lambda control: control.call(control.erp.List, request))
    table = Table(box=None, header_style="dim")
    for heading in ("message", "what", "state", "attempts", "created", "next attempt", "last error"):
        table.add_column(heading, no_wrap=heading != "last error")
    for message in answer.messages:
        table.add_row(
            message.message_id,
            message.subject_name,
            message.state,
            str(message.attempts),
            when(message.created_at),
            when(message.next_attempt_at),
            message.last_error,
        )
    open_console().print(table)
    if answer.total > len(answer.messages):
        typer.echo(f"{answer.total} messages match")


@app.command()
def retry(message_id: MessageId) -> None:
    """Hand a message over again at once, with all its attempts before it."""
    request = pb.MessageRequest(message_id=message_id)
    message = ask(lambda control: control.call(control.erp.Retry, request))
    typer.echo(f"{message.message_id} is {message.state} again.")


@app.command()
def cancel(message_id: MessageId) -> None:
    """Take a message that has not been delivered out of the queue."""
    request = pb.MessageRequest(message_id=message_id)
    message = ask(lambda control: control.call(control.erp.Cancel, request))
    typer.echo(f"{message.message_id} is {message.state}.")


@app.command("set-authorization")
def set_authorization() -> None:
    """Read the value of the header Authorization for the ERP from standard input (empty: none) and keep it among the secrets."""
    path = installation_settings().plant_secrets_path / AUTHORIZATION_FILE
    value = sys.stdin.readline().strip()
    if not value:
        path.unlink(missing_ok=True)
        typer.echo("The ERP gets no Authorization header.")
        return
    private_folder(path.parent)
    path.touch(mode=0o600)
    write_text(path, value)
    path.chmod(0o600)
    typer.echo("The ERP gets the new Authorization header from the next attempt on.")
