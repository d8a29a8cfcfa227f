"""What `up` shows: each process with its state while it starts, then the address and, once, the first administrator."""

from __future__ import annotations

import time
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING

from rich.console import Console, Group
from rich.live import Live
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from cli.installation import command
from cli.running.as_services import AS_SERVICES
from cli.running.placement import placement_of
from cli.running.run_record import FAILED, READY, RESTARTING, STARTING, STOPPED, STOPPING, ProcessRecord, RunRecord
from common.settings import Settings

if TYPE_CHECKING:
    from cli.running.up import UpOptions

MARKS = {READY: ("✓", "green"), STARTING: ("…", "yellow"), RESTARTING: ("↻", "red"), STOPPED: ("·", "dim")}


class UpDisplay:
    """Shows a run, used as a context: live in a terminal, one line a change elsewhere, nothing when `quiet`."""

    def __init__(self, *, quiet: bool = False) -> None:
        self._quiet = quiet
        self._console = Console(stderr=False, highlight=False, soft_wrap=True)
        self._errors = Console(stderr=True, highlight=False, soft_wrap=True)
        self._live: Live | None = None
        self._began = time.monotonic()
        self._said: set[str] = set()
        self._shown_ready = False

    def __enter__(self) -> UpDisplay:
        if self._console.is_terminal and not self._quiet:
            self._live = Live(console=self._console, refresh_per_second=8, transient=True)
            self._live.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_live()

    def show(self, record: RunRecord) -> None:
        """Show the state of a run."""
        if self._quiet:
            return
        if record.phase == FAILED:
            self._end_live()
            self._errors.print(Text(f"Not started: {record.error}", style="red"))
        elif record.phase in (STOPPING, STOPPED):
            self._end_live()
            self._say_once("Stopping" if record.phase == STOPPING else "Stopped")
        elif self._live is not None:
            self._live.update(self._picture(record))
        elif not self._shown_ready or record.phase != READY:
            self._say_changes(record)
        elif record.phase == READY:
            self._say_restarts(record)

    def ready(self, record: RunRecord, settings: Settings, password_file: Path) -> None:
        """Print the address and, when auth_service has just made one, the first administrator; once."""
        if self._shown_ready:
            if self._live is None:
                self._say_restarts(record)
            return
        self._shown_ready = True
        if self._quiet:
            return
        self._end_live()
        seconds = time.monotonic() - self._began
        self._console.print(f"Routing ML is running at [bold]{record.url}[/bold] (started in {seconds:.1f} s)")
        if record.problem:
            self._console.print(Text(f"  cannot predict {record.problem}", style="yellow"))
        self._console.print(f"  data           {record.dataset}")
        if record.profile:
            self._console.print(f"  input profile  {record.profile}", markup=False)
        elsewhere = placement_of(settings).describe_elsewhere()
        if elsewhere:
            self._console.print(f"  elsewhere      {elsewhere}", markup=False)
        if password_file.exists():
            password = password_file.read_text(encoding="utf-8").strip()
            password_file.unlink()
            self._console.print(f"  administrator  {settings.admin_email}")
            self._console.print(
                f"  password       {password}   (shown this once; change it after logging in)", markup=False
            )
        elif settings.admin_password:
            self._console.print(
                f"  administrator  {settings.admin_email}, at first with the password of ROUTING_ML_ADMIN_PASSWORD"
            )
        self._console.print(f"  get started    {record.url}/start", markup=False)
        self._console.print(f"  stop           Ctrl-C, or `{command('down')}`", markup=False)

    def ended_orphans(self, count: int) -> None:
        """Say that processes of a killed start were ended; nothing when there were none."""
        if count and not self._quiet:
            self._say_once(f"{count} processes that a killed start had left were ended")

    def already_running(self, record: RunRecord, *, wanted: UpOptions) -> None:
        """Say that it runs, and where; name what was asked for differently."""
        if self._quiet:
            return
        self._console.print(
            f"Routing ML is already {'running' if record.phase == READY else record.phase} at {record.url}"
        )
        other_data = wanted.data is not None and str(wanted.data) != record.dataset
        other_port = wanted.port is not None and not record.url.endswith(f":{wanted.port}")
        if record.phase == AS_SERVICES:
            self._console.print("  Its settings are in .env; a restart of the services takes them over", markup=False)
        elif other_data or other_port:
            self._console.print(f"  To change data or port, stop it first: `{command('down')}`", markup=False)

    def _picture(self, record: RunRecord) -> Group:
        table = Table.grid(padding=(0, 2))
        for process in record.processes:
            mark, style = MARKS.get(process.state, ("?", "yellow"))
            table.add_row(Text(f"  {mark}", style=style), process.name, Text(_words(process), style="dim"))
        parts: list[Text | Table | ProgressBar] = [table]
        if record.doing:
            parts.append(Text(f"{record.doing}  {time.monotonic() - self._began:.0f} s"))
            if record.progress >= 0:
                parts.append(ProgressBar(total=1.0, completed=record.progress, width=50))
        return Group(*parts)

    def _say_changes(self, record: RunRecord) -> None:
        if record.doing:
            self._say_once(record.doing.split(":")[0])
        for process in record.processes:
            if process.state == READY:
                self._say_once(f"  {process.name} is ready ({process.ready_after:.1f} s)")

    def _say_restarts(self, record: RunRecord) -> None:
        for process in record.processes:
            if process.state == RESTARTING:
                self._say_once(f"{process.name} ended; it is started again (time {process.restarts + 1})")

    def _say_once(self, line: str) -> None:
        if line not in self._said:
            self._said.add(line)
            self._console.print(line, markup=False)

    def _end_live(self) -> None:
        if self._live is not None:
            self._live.stop()
            self._live = None


def _words(process: ProcessRecord) -> str:
    if process.state == READY:
        return f"ready after {process.ready_after:.1f} s"
    return "" if process.state == STOPPED else process.state
