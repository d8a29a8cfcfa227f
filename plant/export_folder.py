"""Where files with results may be written: the export folder below the state folder, and folders that an administrator has allowed."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from common.errors import PreconditionFailed
from common.notices import notice
from common.settings import Settings
from source.allowed_paths import may_be_looked_at

OWN_FOLDER: Final = "deliverables"
"""The folder below the state folder that exports may lie in; the rest of the state folder is the product's own."""

FILE_MODE: Final = 0o640
"""Rights of exported files: their group reads them, such as the ERP's account, and nobody else."""

PROGRAM: Final = Path(__file__).resolve().parents[1]

_SYSTEM_FOLDERS: Final = (
    ("/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/proc", "/sbin", "/sys", "/usr")
    if os.name != "nt"
    else tuple(os.environ[name] for name in ("SYSTEMROOT", "PROGRAMFILES", "PROGRAMFILES(X86)") if name in os.environ)
)


def folder_problem(directory: str, allowed: Sequence[str], settings: Settings) -> str:
    """Why exports may not go to a directory, for the administrator who sets it; "" when they may."""
    return _resolved(directory, allowed, settings)[1]


def export_folder(directory: str, allowed: Sequence[str], settings: Settings) -> Path:
    """The export directory of the settings without links; looked at anew before each export, as links can have changed.

    Args:
        directory: `export.export_directory`; relative to the state folder.
        allowed: `access.allowed_folders`.

    Raises:
        PreconditionFailed: it leads somewhere that exports may not go.
    """
    path, problem = _resolved(directory, allowed, settings)
    if problem or path is None:
        raise PreconditionFailed(
            "Nothing was exported: the export directory of the settings is not an allowed folder. An administrator sets "
            "export.export_directory to another one, or adds it to access.allowed_folders",
            reason="EXPORT_FOLDER_NOT_ALLOWED",
            details={"directory": directory, "problem": problem},
        )
    return path


def _resolved(directory: str, allowed: Sequence[str], settings: Settings) -> tuple[Path | None, str]:
    wanted = settings.state_dir / Path(directory.strip())
    listed = [Path(folder) for folder in allowed]
    try:
        if not may_be_looked_at(wanted, [settings.state_dir, *listed]):
            return None, _not_listed(directory)
        path = wanted.expanduser().resolve()
        if path.is_relative_to((settings.state_dir / OWN_FOLDER).resolve()):
            return path, ""
        if not any(path.is_relative_to(folder.expanduser().resolve()) for folder in listed):
            return None, _not_listed(directory)
        if _kept_for_others(path, settings):
            return None, notice(
                "EXPORT_FOLDER_KEPT",
                "{directory} belongs to the operating system or to this product: name another folder",
                directory=directory,
            )
    except (OSError, RuntimeError, ValueError) as error:
        return None, notice("PATH_UNUSABLE", "{path} is not a usable path ({why})", path=repr(directory), why=error)
    return path, ""


def _not_listed(directory: str) -> str:
    return notice(
        "EXPORT_FOLDER_NOT_LISTED",
        "{directory} is not in an allowed folder: name a folder below {own}/, or add it to access.allowed_folders in the settings",
        directory=directory,
        own=OWN_FOLDER,
    )


def _kept_for_others(path: Path, settings: Settings) -> bool:
    """Whether a folder is one that no list can open to exports: of the system, or of this product."""
    own = [
        settings.state_dir,
        settings.models_dir,
        settings.logs_path,
        settings.frontend_dir,
        settings.docs_dir,
        PROGRAM,
    ]
    kept = [*map(Path, _SYSTEM_FOLDERS), *own]
    return path.parent == path or any(path.is_relative_to(folder.resolve()) for folder in kept)
