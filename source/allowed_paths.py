"""Which paths of sources may be opened on request: the configured source, its folder, and the folders that an administrator has allowed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from common.errors import InvalidInput, PermissionDenied


def allowed_path(text: str, configured: Path, folders: Sequence[str]) -> Path:
    """The path that a request names; "" is the configured source.

    Args:
        folders: folders that an administrator has allowed beside the configured source's own.

    Raises:
        InvalidInput: it is no path at all.
        PermissionDenied: it leads elsewhere, by itself or through links; whether it exists is not told.
    """
    if not text.strip():
        return configured
    if any(ord(character) < 32 for character in text):
        raise InvalidInput("The path holds control characters", reason="PATH_INVALID")
    wanted = Path(text.strip())
    allowed = [configured if configured.is_dir() else configured.parent, *map(Path, folders)]
    try:
        if may_be_looked_at(wanted, allowed):
            path = wanted.expanduser().resolve()
            if any(path.is_relative_to(folder.expanduser().resolve()) for folder in allowed):
                return path
    except (OSError, RuntimeError, ValueError) as error:
        raise InvalidInput(f"{text!r} is not a usable path ({error})", reason="PATH_INVALID") from None
    raise PermissionDenied(
        f"{text} is not in an allowed folder: an administrator can add its folder to access.allowed_folders in the settings",
        reason="PATH_NOT_ALLOWED",
    )


def may_be_looked_at(path: Path, allowed: Sequence[Path]) -> bool:
    """Whether a path may be resolved: on Windows that already logs in at the server of a network path, whoever runs it."""
    server = path.as_posix().startswith("//")
    return not server or any(path.is_relative_to(folder) for folder in allowed)
