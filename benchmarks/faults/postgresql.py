"""A PostgreSQL server of our own for a while, and a network to it that can be cut."""

from __future__ import annotations

import asyncio
import contextlib
import os
import shutil
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType

from common.database_copy import postgresql_tool
from common.processes import free_port


class PostgresqlServer:
    """A server on a free port of 127.0.0.1 with the account `routing` and the database `postgres`, used as a context.

    Args:
        folder: not used where the server's account could not reach it; it then lies in the system's folder for temporary files.
        address: that it listens on; another than 127.0.0.1 is trusted with its whole network.

    Raises:
        PreconditionFailed: PostgreSQL is not installed.
    """

    def __init__(self, folder: Path, address: str = "127.0.0.1") -> None:
        self._address = address
        self._initdb, self._pg_ctl = postgresql_tool("initdb"), postgresql_tool("pg_ctl")
        self.port = free_port()
        self._folder = folder
        self._account: str | None = None

    def __enter__(self) -> PostgresqlServer:
        self._folder = Path(tempfile.mkdtemp(prefix="routing-ml-postgresql-"))
        if hasattr(os, "geteuid") and os.geteuid() == 0:  # the server refuses to run as root
            import pwd

            self._account = "postgres" if "postgres" in {one.pw_name for one in pwd.getpwall()} else "nobody"
            shutil.chown(self._folder, self._account)
        data = str(self._folder / "data")
        options = f"-p {self.port} -k {self._folder} -c listen_addresses={self._address} -c max_connections=60"
        self._run(self._initdb, "-D", data, "-U", "routing", "-A", "trust", "-E", "UTF8", "--locale=C")
        if self._address != "127.0.0.1":
            with open(self._folder / "data" / "pg_hba.conf", "a", encoding="ascii") as rules:
                rules.write("host all all samenet trust\n")
        self._run(self._pg_ctl, "-D", data, "-w", "-o", options, "-l", str(self._folder / "log"), "start")
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        with contextlib.suppress(subprocess.CalledProcessError):
            self._run(self._pg_ctl, "-D", str(self._folder / "data"), "-m", "immediate", "stop")
        shutil.rmtree(self._folder, ignore_errors=True)

    def _run(self, *command: str) -> None:
        subprocess.run(
            command,
            check=True,
            cwd=self._folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            user=self._account,
        )


class Proxy:
    """A port that passes bytes to another one until it is cut off."""

    def __init__(self, port: int) -> None:
        self._target = port
        self.port = free_port()
        self._server: asyncio.Server | None = None
        self._writers: set[asyncio.StreamWriter] = set()
        self._passing = asyncio.Event()
        self._passing.set()

    async def start(self) -> None:
        """Listen."""
        self._server = await asyncio.start_server(self._connected, "127.0.0.1", self.port)

    async def cut(self) -> None:
        """Break every connection and refuse new ones."""
        if self._server is not None:
            self._server.close()
            self._server = None
        for writer in list(self._writers):
            writer.transport.abort()

    def fall_silent(self) -> None:
        """Pass nothing on any more; connections stay open, as when a cable is pulled."""
        self._passing.clear()

    async def mend(self) -> None:
        """Pass bytes on again."""
        self._passing.set()
        if self._server is None:
            await self.start()

    async def close(self) -> None:
        """End it."""
        self._passing.set()
        await self.cut()

    async def _connected(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            further, onward = await asyncio.open_connection("127.0.0.1", self._target)
        except OSError:
            writer.transport.abort()
            return
        self._writers |= {writer, onward}
        try:
            with contextlib.suppress(asyncio.CancelledError):  # the proxy ends
                await asyncio.gather(self._pass(reader, onward), self._pass(further, writer))
        finally:
            self._writers -= {writer, onward}

    async def _pass(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with contextlib.suppress(OSError, asyncio.CancelledError):
            while data := await reader.read(65_536):
                await self._passing.wait()
                writer.write(data)
                await writer.drain()
        writer.transport.abort()
