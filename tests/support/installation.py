"""Releases and installations for tests: the project's own files, with an environment that costs nothing to make."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import venv
from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory

from bootstrap.environment import IS_WINDOWS, path_line, venv_python
from common.processes import free_port
from installer.layout import Layout
from installer.release_source import ReleaseSource
from installer.running_system import Before, NothingRuns
from installer.settings_files import read_env
from tests.support.clone import copy_project

ROOT = Path(__file__).resolve().parents[2]

EXTRA_MIGRATION = '''"""A table that only the newer release has."""

import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table("tool_lives", sa.Column("tool", sa.String, primary_key=True), sa.Column("minutes", sa.Float))


def downgrade() -> None:
    op.drop_table("tool_lives")
'''


def release_of(folder: Path, version: str, *, with_migration: bool = False, broken: bool = False) -> ReleaseSource:
    """A release made of the project's files.

    Args:
        with_migration: it has a migration more than the project.
        broken: its gateway cannot start.
    """
    copy_project(folder)
    shutil.copytree(ROOT / "compose-windows", folder / "compose-windows", dirs_exist_ok=True)
    dist = folder / "frontend" / "dist"
    (dist / "assets").mkdir(parents=True, exist_ok=True)
    (dist / "index.html").write_text("<!doctype html><title>Routing ML</title>", encoding="utf-8")
    (dist / "assets" / "main-1a2b3c.js").write_text("/* screens */\n" * 200, encoding="utf-8")
    mark_version(folder, version, with_migration=with_migration)
    if broken:
        (folder / "gateway" / "__main__.py").write_text(
            "raise SystemExit('this release is broken')\n", encoding="utf-8"
        )
    return ReleaseSource.open(folder)


def mark_version(folder: Path, version: str, *, with_migration: bool) -> None:
    """Make the project's files in a folder those of another version, which may have a migration more."""
    marked = folder / "common" / "__init__.py"
    text = marked.read_text(encoding="utf-8")
    marked.write_text(re.sub(r'__version__ = ".*"', f'__version__ = "{version}"', text), encoding="utf-8")
    if with_migration:
        migrations = folder / "auth_service" / "migrations" / "versions"
        last = max(
            re.findall(r'^revision[^=]*= "(.*)"', path.read_text("utf-8"), re.MULTILINE)[0]
            for path in migrations.glob("0*.py")
        )
        added = EXTRA_MIGRATION.format(revision="9999_tool_lives", before=last)
        (migrations / "9999_tool_lives.py").write_text(added, encoding="utf-8")


def borrowed_environment(application: Path, folder: Path, _wheels: Path | None) -> None:
    """An environment whose interpreter is the tests' own, looking for the program in `application` first."""
    if IS_WINDOWS:  # a program, not a script, is what starts there
        shutil.copytree(_bare_environment().name, folder)
        packages = [application, Path(sysconfig.get_path("purelib"))]
        lines = "".join(f"{path_line(path)}\n" for path in packages)
        (folder / "Lib" / "site-packages" / "borrowed.pth").write_text(lines, encoding="ascii")
        return
    python = venv_python(folder)
    python.parent.mkdir(parents=True)
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{application}" exec "{sys.executable}" "$@"\n', encoding="utf-8")
    python.chmod(0o755)


def lent_python_says(python: Path, said: str = "", *, error: str = "", code: int = 0) -> None:
    """From now on a borrowed environment's interpreter says this and ends, whatever it is to run."""
    if IS_WINDOWS:
        line = f"import os; os.write(1, {said!a}.encode()); os.write(2, {error!a}.encode()); os._exit({code})\n"
        (python.parents[1] / "Lib" / "site-packages" / "borrowed.pth").write_text(line, encoding="ascii")
    else:
        python.write_text(f"#!/bin/sh\necho '{said}'\necho '{error}' >&2\nexit {code}\n", encoding="utf-8")


@cache
def _bare_environment() -> TemporaryDirectory[str]:
    """An environment without packages: what is in it names no folder of its own, so that copies of it start."""
    folder = TemporaryDirectory(prefix="routing-ml-bare-")
    venv.EnvBuilder().create(folder.name)
    return folder


class RecordedServices(NothingRuns):
    """Stands where the services of Windows would: notes what is asked of it, and fails when told to."""

    def __init__(self, layout: Layout, fails_at: str = "") -> None:
        super().__init__(layout)
        self.calls: list[str] = []
        self.fails_at = fails_at

    def stop(self) -> None:
        """Note that all were stopped."""
        self.calls.append("stop")

    def start(self, before: Before) -> None:
        """Note that all were started."""
        self.calls.append("start")
        if self.fails_at == "start":
            self.fails_at = ""
            raise OSError("the service did not answer")


def new_layout(folder: Path) -> Layout:
    """An installation's folders with blanks and Korean in their names, on ports that are free now."""
    layout = Layout(folder / "공장 서버" / "Program Files", folder / "공장 서버" / "Program Data")
    names = ("AUTH_ADDRESS", "ANN_ADDRESSES", "AGGREGATE_ADDRESSES", "TRAINER_ADDRESS")
    lines = [f"ROUTING_ML_{name}=127.0.0.1:{free_port()}" for name in names]
    lines += [
        f"ROUTING_ML_GATEWAY_PORT={free_port()}",
        f"ROUTING_ML_STATE_DIR={(layout.data / 'var').as_posix()}",
        f"ROUTING_ML_MODELS_DIR={(layout.data / 'models').as_posix()}",
        f"ROUTING_ML_LOG_DIR={(layout.data / 'logs').as_posix()}",
        f"ROUTING_ML_FRONTEND_DIR={(layout.current / 'app' / 'frontend' / 'dist').as_posix()}",
        "ROUTING_ML_ADMIN_EMAIL=admin@plant.example",
        "ROUTING_ML_ADMIN_PASSWORD=Start-Pass-99",
        "ROUTING_ML_PASSWORD_TIME_COST=1",
        "ROUTING_ML_PASSWORD_MEMORY_KIB=64",
    ]
    layout.data.mkdir(parents=True)
    layout.env_file.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return layout


def run_in(layout: Layout, version: str, *arguments: str, said: str = "") -> str:
    """Run a program of an installed version as the installation's services would; returns what it says."""
    done = subprocess.run(
        [str(layout.python(version)), *arguments],
        cwd=layout.data,
        env={
            "PATH": os.defpath if IS_WINDOWS else "/usr/bin:/bin",
            "PYTHONUTF8": "1",
            "PYTHONSAFEPATH": "1",
            **{
                name: os.environ[name] for name in ("SYSTEMROOT",) if name in os.environ
            },  # Windows' Python does not start without
        },
        input=said,
        capture_output=True,
        text=True,
        encoding="utf-8",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def gateway_port_of(layout: Layout) -> int:
    """The port of an installation's gateway."""
    return int(read_env(layout.env_file)["ROUTING_ML_GATEWAY_PORT"])
