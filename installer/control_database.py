"""The control plane's database around a change: saved, migrated and put back by auth_service of the version concerned."""

from __future__ import annotations

import contextlib
import os
import sqlite3
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from bootstrap.progress import SetupFailed
from installer.layout import Layout
from installer.settings_files import read_env

NEWEST_MIGRATION = """
try:
    from auth_service.store import schema
except ImportError:  # versions before its modules had folders of their own
    from auth_service import schema
print(schema.newest())
"""


def process_variables() -> dict[str, str]:
    """Environment for the installation's programs: settings come from its .env alone, not from the administrator's session."""
    variables = {
        name: value for name, value in os.environ.items() if not name.startswith(("ROUTING_ML_", "PYTHONHOME"))
    }
    return {**variables, "PYTHONUTF8": "1", "PYTHONSAFEPATH": "1"}


class ControlDatabase:
    """The database of an installation."""

    def __init__(self, layout: Layout) -> None:
        self._layout = layout

    @property
    def url(self) -> str:
        """The configured URL; "" where SQLite in the state folder is used."""
        return read_env(self._layout.env_file).get("ROUTING_ML_DATABASE_URL", "")

    @property
    def file(self) -> Path | None:
        """The SQLite file; None on PostgreSQL, which is saved by its own tools."""
        if self.url.startswith("sqlite:///"):
            return Path(self.url.removeprefix("sqlite:///"))
        if self.url:
            return None
        state = read_env(self._layout.env_file).get("ROUTING_ML_STATE_DIR") or "var"
        return self._layout.data / state / "routing.db"

    def migration(self, file: Path | None = None) -> str:
        """The migration that the database, or a saved one, has; "" when there is none."""
        path = file or self.file
        if path is None or not path.is_file():
            return ""
        try:
            with contextlib.closing(sqlite3.connect(f"{path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
                row = connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.Error:
            return ""
        return str(row[0]) if row else ""

    def save(self, version: str, label: str) -> str:
        """Save the database with the programs of `version`; returns the file, "" where there is nothing to save here."""
        if self.file is None or not self.file.is_file():
            return ""
        moment = time.strftime("%Y%m%d-%H%M%S", time.gmtime())
        target = self._layout.backups / f"{label}-{moment}-{time.time_ns() % 10**9:09d}.db"
        self._layout.backups.mkdir(parents=True, exist_ok=True)
        self._auth_service(version, "backup", str(target))
        return str(target)

    def migrate(self, version: str, to: str = "head") -> None:
        """Bring the schema to the newest migration that `version` knows, or to `to`, with the programs of `version`."""
        self._auth_service(version, "migrate", "--to", to)

    def newest_migration(self, version: str) -> str:
        """The newest migration that `version` knows."""
        return self._run(version, "-c", NEWEST_MIGRATION).strip()

    def put_back(self, version: str, saved: str) -> None:
        """Put a saved database in place, unless the present one has the same migration and so lost nothing."""
        if not saved or self.migration() == self.migration(Path(saved)):
            return
        self._auth_service(version, "restore", saved)

    def _auth_service(self, version: str, *arguments: str) -> str:
        return self._run(version, "-m", "auth_service", *arguments)

    def _run(self, version: str, *arguments: str, variables: Mapping[str, str] | None = None) -> str:
        done = subprocess.run(
            [str(self._layout.python(version)), *arguments],
            cwd=self._layout.data,
            env={**process_variables(), **(variables or {})},
            capture_output=True,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        if done.returncode:
            said = (done.stderr or done.stdout).strip()
            raise SetupFailed(f"{' '.join(arguments[1:3])} of version {version} failed: {said}")
        return done.stdout
