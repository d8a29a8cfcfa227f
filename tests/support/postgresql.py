"""A real PostgreSQL server for tests, where one is installed."""

from __future__ import annotations

import contextlib
import importlib.util
import os
import shutil
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from common.processes import free_port

WITH_PASSWORD = "reader"
"""The user that has to give a password; who makes it chooses which."""


def postgresql_programs() -> Path | None:
    """Folder with initdb and pg_ctl; None when PostgreSQL is not installed."""
    found = shutil.which("pg_basebackup") and shutil.which("initdb")
    if found:
        return Path(found).resolve().parent
    folders = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    return folders[-1].parent if folders else None


def vector_programs() -> Path | None:
    """Folder with the programs of a server with the extension vector: Debian's, or that of the package pgserver; None: none."""
    own = postgresql_programs()
    if own is not None:
        share = subprocess.run([str(own / "pg_config"), "--sharedir"], capture_output=True, text=True, check=False)
        if (Path(share.stdout.strip() or "/nowhere") / "extension" / "vector.control").is_file():
            return own
    package = importlib.util.find_spec("pgserver")
    programs = Path(package.origin).parent / "pginstall" / "bin" if package is not None and package.origin else None
    return programs if programs is not None and (programs / "initdb").is_file() else None


class Replicated:
    """A primary and a replica that has everything that the primary has acknowledged.

    Attributes:
        url: of both, without a database's name.
        replica_url: of the replica alone.
    """

    def __init__(self, folder: Path, run: Callable[..., None]) -> None:
        self._folder, self._run = folder, run
        self._ports = free_port(), free_port()
        hosts = ",".join(f"127.0.0.1:{port}" for port in self._ports)
        self.url = f"postgresql://routing@{hosts}"
        self.replica_url = f"postgresql://routing@127.0.0.1:{self._ports[1]}"
        run("initdb", "-D", self._data(0), "-U", "routing", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        self._start(0)

    def _data(self, which: int) -> str:
        return str(self._folder / f"data{which}")

    def _start(self, which: int) -> None:
        options = f"-p {self._ports[which]} -k {self._folder} -c listen_addresses=127.0.0.1 -c max_connections=60"
        log = str(self._folder / f"log{which}")
        self._run("pg_ctl", "-D", self._data(which), "-w", "-o", options, "-l", log, "start")

    def replicate(self) -> None:
        """Make the replica; from now on the primary acknowledges what the replica has, too."""
        port = str(self._ports[0])
        self._run(
            "pg_basebackup", "-D", self._data(1), "-R", "-c", "fast", "-h", "127.0.0.1", "-p", port, "-U", "routing"
        )
        self._start(1)
        with psycopg.connect(f"postgresql://routing@127.0.0.1:{port}/postgres", autocommit=True) as connection:
            connection.execute("ALTER SYSTEM SET synchronous_standby_names = '*'")
            connection.execute("SELECT pg_reload_conf()")

    def lose_primary(self) -> None:
        """The primary's host is gone."""
        self._run("pg_ctl", "-D", self._data(0), "-m", "immediate", "stop")

    def promote(self) -> None:
        """The replica takes its place."""
        self._run("pg_ctl", "-D", self._data(1), "-w", "promote")

    def end(self) -> None:
        """Stop both."""
        for which in (0, 1):
            with contextlib.suppress(subprocess.CalledProcessError):
                self._run("pg_ctl", "-D", self._data(which), "-m", "immediate", "stop")


@contextlib.contextmanager
def replicated_postgresql() -> Iterator[Replicated]:
    """Two servers that live as long as the context, on one machine."""
    with _folder_and_runner(postgresql_programs()) as (folder, run):
        made = Replicated(folder, run)
        try:
            yield made
        finally:
            made.end()


@contextlib.contextmanager
def _folder_and_runner(programs: Path | None) -> Iterator[tuple[Path, Callable[..., None]]]:
    """A folder of the servers' account, and what runs PostgreSQL's programs there."""
    if programs is None:
        pytest.skip("PostgreSQL's initdb is not installed")
    folder = Path(tempfile.mkdtemp(prefix="pg-"))
    account: str | None = None
    if hasattr(os, "geteuid") and os.geteuid() == 0:  # the server refuses to run as root
        import pwd

        names = {entry.pw_name for entry in pwd.getpwall()}
        account = "postgres" if "postgres" in names else "nobody"
        shutil.chown(folder, account)

    def run(program: str, *arguments: str) -> None:
        subprocess.run(
            [str(programs / program), *arguments],
            check=True,
            cwd=folder,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.STDOUT,
            user=account,
        )

    try:
        yield folder, run
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextlib.contextmanager
def postgresql_server(programs: Path | None = None) -> Iterator[str]:
    """URL (without database name) of a PostgreSQL server that lives as long as the context. It asks `WITH_PASSWORD` for a password only.

    Args:
        programs: of the server; None: those that are installed.
    """
    with _folder_and_runner(programs or postgresql_programs()) as (folder, run):
        port = free_port()
        data = str(folder / "data")
        options = f"-p {port} -k {folder} -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=60"
        run("initdb", "-D", data, "-U", "routing", "-A", "trust", "-E", "UTF8", "--locale=C", "--no-sync")
        hba = Path(data) / "pg_hba.conf"
        hba.write_text(
            f"host all {WITH_PASSWORD} 127.0.0.1/32 scram-sha-256\n" + hba.read_text(encoding="utf-8"), encoding="utf-8"
        )
        run("pg_ctl", "-D", data, "-w", "-o", options, "-l", str(folder / "log"), "start")
        try:
            yield f"postgresql://routing@127.0.0.1:{port}"
        finally:
            run("pg_ctl", "-D", data, "-m", "immediate", "stop")
