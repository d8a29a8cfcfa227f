"""Which sources may be opened on request: the configured one, its folder, and the folders and servers that an administrator has allowed."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from common.errors import InvalidInput, PermissionDenied
from common.source_addresses import ADDRESS_ENDING, is_address
from source.databases.address import DatabaseAddress, kept_addresses, locate, parse_address, read_address


def allowed_path(text: str, configured: Path, folders: Sequence[str], servers: Sequence[str] = ()) -> Path:
    """The path that a request names; "" is the configured source.

    Args:
        folders: folders that an administrator has allowed beside the configured source's own.
        servers: hosts whose databases an administrator has allowed.

    Raises:
        InvalidInput: it is no path at all.
        PermissionDenied: it leads elsewhere, by itself or through links; whether it exists is not told.
    """
    if not text.strip() or Path(text.strip()) == configured:
        return configured
    if is_address(text):
        address, _password = parse_address(text)
        check_server(address, servers)
        return locate(text)
    if any(ord(character) < 32 for character in text):
        raise InvalidInput("The path holds control characters", reason="PATH_INVALID", details={"path": repr(text)})
    wanted = Path(text.strip())
    kept = kept_addresses()
    allowed = [configured if configured.is_dir() else configured.parent, kept, *map(Path, folders)]
    try:
        if may_be_looked_at(wanted, allowed):
            path = wanted.expanduser().resolve()
            if any(path.is_relative_to(folder.expanduser().resolve()) for folder in allowed):
                if path.suffix.lower() == ADDRESS_ENDING:
                    check_server(read_address(path), servers)
                return path
    except (OSError, RuntimeError, ValueError) as error:
        raise InvalidInput(
            f"{text!r} is not a usable path ({error})", reason="PATH_INVALID", details={"path": text}
        ) from None
    raise PermissionDenied(
        f"{text} is not in an allowed folder: an administrator can add its folder to access.allowed_folders in the settings",
        reason="PATH_NOT_ALLOWED",
        details={"path": text},
    )


def check_server(address: DatabaseAddress, servers: Sequence[str]) -> None:
    """Refuse a database on a server that nobody has allowed.

    Raises:
        PermissionDenied: names the server.
    """
    if address.server.casefold() not in {server.strip().casefold() for server in servers}:
        raise PermissionDenied(
            f"Databases on {address.server} are not allowed: an administrator can add it to access.allowed_servers in the settings",
            reason="SERVER_NOT_ALLOWED",
            details={"server": address.server},
        )


def may_be_looked_at(path: Path, allowed: Sequence[Path]) -> bool:
    """Whether a path may be resolved: on Windows that already logs in at the server of a network path, whoever runs it."""
    server = path.as_posix().startswith("//")
    return not server or any(path.is_relative_to(folder) for folder in allowed)
