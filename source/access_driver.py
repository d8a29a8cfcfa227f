"""Microsoft's ODBC driver for Access files: how to name it, what its errors mean. Its bitness must be Python's.

Also what every reader of Access files looks at first: whether a file is one at all.
"""

from __future__ import annotations

import importlib
import struct
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from common.errors import DataProblem
from common.source_addresses import ACCESS_ENDINGS

MICROSOFT: Final = "Microsoft Access Driver (*.mdb, *.accdb)"
BITNESS: Final = struct.calcsize("P") * 8
"""32 or 64: the bitness of this Python, which the driver must share."""

_HEADERS: Final = (b"Standard ACE DB", b"Standard Jet DB", b"MSISAM Database")
_HEADER_LENGTH: Final = 19
_JET3_PAGE, _PAGE = 2048, 4096


@dataclass(frozen=True)
class Driver:
    """An ODBC driver for Access files, by the name that ODBC has for it."""

    name: str

    def connection_string(self, path: Path) -> str:
        """Connection string without a DSN; values with special characters are put in braces."""
        shown = str(path)
        quoted = "{" + shown.replace("}", "}}") + "}" if set(shown) & set(";{}[](),?*=!@") else shown
        return f"DRIVER={{{self.name}}};DBQ={quoted};ReadOnly=1"


def odbc() -> Any:
    """The pyodbc module.

    Raises:
        DataProblem: pyodbc or the ODBC driver manager is not installed; says what to install.
    """
    try:
        module: Any = importlib.import_module("pyodbc")
        module.pooling = False  # pooled connections keep the file open, so that Access and renames meet a locked one
        return module
    except ImportError as error:
        raise DataProblem(
            f"ODBC cannot be used: pyodbc does not load ({error}). On Debian: apt-get install unixodbc",
            reason="DRIVER_MISSING",
            details={"bitness": BITNESS},
        ) from None


def installed_drivers() -> list[str]:
    """Names of all ODBC drivers that this Python sees.

    Raises:
        DataProblem: pyodbc or the ODBC driver manager is not installed.
    """
    return sorted(str(name) for name in odbc().drivers())


def find_driver(path: Path) -> Driver:
    """The driver that opens `path`.

    Raises:
        DataProblem: none is installed; says what to install and in which bitness.
    """
    drivers = installed_drivers()
    if MICROSOFT in drivers:
        return Driver(MICROSOFT)
    older = next((name for name in drivers if name.startswith("Microsoft Access Driver")), None)
    if older and path.suffix.lower() == ".mdb":
        return Driver(older)
    seen = ", ".join(drivers) or "none"
    package = "AccessDatabaseEngine_X64.exe" if BITNESS == 64 else "AccessDatabaseEngine.exe"
    raise DataProblem(
        f"Microsoft's ODBC driver for Access is not installed for this {BITNESS}-bit Python (drivers found: {seen}). On Windows install "
        f"the Microsoft Access Database Engine 2016 Redistributable in {BITNESS} bit ({package}); where an Office of the other bitness is "
        "installed, run it with /quiet. Or leave ROUTING_ML_ACCESS_READER empty: files are then read without a driver",
        reason="DRIVER_MISSING",
        details={"bitness": BITNESS, "drivers": seen},
    )


def check_file(path: Path) -> None:
    """Refuse what is plainly no complete Access database, before a driver sees it.

    Raises:
        DataProblem: wrong ending, missing, not readable, no database, or cut off.
    """
    details = {"path": path}
    if path.suffix.lower() not in ACCESS_ENDINGS:
        raise DataProblem(
            f"{path} is not an Access file by its ending {path.suffix or '(none)'}: expected .accdb or .mdb",
            reason="SOURCE_WRONG_ENDING",
            details=details,
        )
    try:
        size = path.stat().st_size
        with open(path, "rb") as stream:
            head = stream.read(32)
    except FileNotFoundError:
        raise DataProblem(f"{path} does not exist: check the path", reason="SOURCE_MISSING", details=details) from None
    except OSError as error:
        raise DataProblem(
            f"{path} cannot be read ({error.strerror}): another program may hold it, or this account may not read it",
            reason="SOURCE_LOCKED",
            details=details,
        ) from None
    if not any(head[4:_HEADER_LENGTH] == known for known in _HEADERS):
        raise DataProblem(
            f"{path} is not an Access database: its first bytes are not those of one. Choose the .accdb or .mdb file itself",
            reason="SOURCE_NOT_A_DATABASE",
            details=details,
        )
    page = _JET3_PAGE if head[20:21] == b"\x00" else _PAGE
    if size % page:
        raise DataProblem(
            f"{path} is cut off: {size:,} bytes are not a whole number of database pages. "
            "Copy it again completely, or repair it in Access (Compact and Repair)",
            reason="SOURCE_DAMAGED",
            details=details,
        )


def explain(error: Exception, path: Path, doing: str) -> DataProblem:
    """What an ODBC error means: vanished, locked, damaged, protected, out of resources, or its own words.

    Args:
        doing: what was tried, such as "open" or "read table X".
    """
    text = " ".join(str(part) for part in error.args)
    words = text.lower()
    details = {"path": path, "odbc": text[:500]}
    if not path.exists():
        return DataProblem(
            f"{path} vanished while trying to {doing}: check the network share and try again",
            reason="SOURCE_MISSING",
            details=details,
        )
    if any(
        part in words
        for part in ("already in use", "already opened exclusively", "locked", "-1024", "sharing violation")
    ):
        return DataProblem(
            f"{path} is locked: cannot {doing} while another program has it open exclusively. Close Access, or open it there shared",
            reason="SOURCE_LOCKED",
            details=details,
        )
    if "password" in words:
        return DataProblem(
            f"{path} is protected by a password: save a copy without one", reason="SOURCE_PROTECTED", details=details
        )
    if any(
        part in words
        for part in ("unrecognized database format", "beyond eof", "corrupt", "not a valid", "needs to be repaired")
    ):
        return DataProblem(
            f"{path} is damaged ({text}). Copy it again completely, or repair it in Access (Compact and Repair)",
            reason="SOURCE_DAMAGED",
            details=details,
        )
    if "system resource exceeded" in words or "not enough space" in words:
        return DataProblem(
            f"The Access driver ran out of resources while trying to {doing} in {path}: close other programs and try again",
            reason="SOURCE_RESOURCES",
            details=details,
        )
    return DataProblem(f"{path}: cannot {doing}: {text}", reason="SOURCE_UNREADABLE", details=details)
