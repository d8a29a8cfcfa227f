"""Where everything of an installation is: versions of the program side by side, one of them current, and one data folder for all."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from bootstrap.environment import venv_python
from installer.current_link import target_of

COMPLETE = "complete.json"
"""File that is written last into a version's folder; a folder without it was left by an interrupted installation."""


@dataclass(frozen=True)
class Layout:
    """The folders of an installation.

    Attributes:
        program: holds `<version>/app`, `<version>/venv`, `services/` and `current`, a link to the version that runs.
        data: holds `.env`, `var/`, `models/`, `logs/`, `backups/`, `caddy/` and the installer's own `install/`.
    """

    program: Path
    data: Path

    @property
    def current(self) -> Path:
        """The link to the version that runs."""
        return self.program / "current"

    @property
    def services(self) -> Path:
        """Folder of the service definitions."""
        return self.program / "services"

    @property
    def env_file(self) -> Path:
        """Settings of the processes."""
        return self.data / ".env"

    @property
    def caddy_env_file(self) -> Path:
        """Settings of Caddy, which does not see those of the processes."""
        return self.data / "caddy" / "caddy.env"

    @property
    def backups(self) -> Path:
        """Folder of the databases that were saved before a change."""
        return self.data / "backups"

    @property
    def journal(self) -> Path:
        """What is being changed just now; there only while something is."""
        return self.data / "install" / "operation.json"

    @property
    def history(self) -> Path:
        """What was changed, one JSON object a line."""
        return self.data / "install" / "history.jsonl"

    def version_folder(self, version: str) -> Path:
        """Folder of a version."""
        return self.program / version

    def application(self, version: str) -> Path:
        """Code, frontend and scripts of a version."""
        return self.version_folder(version) / "app"

    def environment(self, version: str) -> Path:
        """Virtual environment of a version."""
        return self.version_folder(version) / "venv"

    def python(self, version: str) -> Path:
        """Interpreter of a version."""
        return venv_python(self.environment(version))

    def is_complete(self, version: str) -> bool:
        """Whether a version is installed to its end."""
        return (self.version_folder(version) / COMPLETE).is_file()

    def fingerprint(self, version: str) -> str:
        """Digest of the files that a version was installed from; "" when it is not complete."""
        try:
            facts = json.loads((self.version_folder(version) / COMPLETE).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return ""
        return str(facts.get("fingerprint", ""))

    def installed(self) -> list[str]:
        """Versions that are installed completely, by name."""
        if not self.program.is_dir():
            return []
        return sorted(
            path.name for path in self.program.iterdir() if self.is_complete(path.name) and path != self.current
        )

    def active(self) -> str | None:
        """The version that `current` leads to; None when there is none."""
        target = target_of(self.current)
        return target.name if target else None
