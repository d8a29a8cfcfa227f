"""What an error of a database means for who uses it: not reachable, refused, its certificate, gone in the middle."""

from __future__ import annotations

from pathlib import Path

from common.errors import DataProblem
from source.databases.address import PASSWORD_VARIABLE


def missing_extra(what: str, package: str) -> DataProblem:
    """The error of a source whose reader is not installed."""
    return DataProblem(
        f"{what} cannot be read: the package {package} is not installed. Install it into this program's environment: "
        f"python -m pip install {package}",
        reason="READER_MISSING",
        details={"package": package},
    )


def database_problem(error: Exception, path: Path, where: str, doing: str, secret: str) -> DataProblem:
    """The error of a database for people.

    Args:
        where: which database, for people.
        doing: what was tried, such as "read table X".
        secret: password, which is taken out of what the driver says.
    """
    said = " ".join(" ".join(str(part) for part in error.args).split()) or type(error).__name__
    if secret:
        said = said.replace(secret, "***")
    words = said.casefold()
    details = {"path": path, "database": said[:500]}

    def found(*parts: str) -> bool:
        return any(part in words for part in parts)

    if found("certificate", "ssl error", "ssl provider", "tls"):
        return DataProblem(
            f"{where}: cannot {doing}: its certificate is not accepted ({said[:300]}). Renew the server's certificate, or see that its "
            "authority is trusted here",
            reason="SOURCE_CERTIFICATE",
            details=details,
        )
    if found("password", "authentication failed", "login failed", "no pg_hba.conf entry", "28p01", "28000"):
        return DataProblem(
            f"{where} refuses the user: cannot {doing}. Check the user in the address, and the password in the folder of secrets or "
            f"in {PASSWORD_VARIABLE} ({said[:300]})",
            reason="SOURCE_REFUSED",
            details=details,
        )
    if found("permission denied", "42501"):
        return DataProblem(
            f"{where}: cannot {doing}: the user may not read it ({said[:300]}). Grant SELECT on it",
            reason="SOURCE_REFUSED",
            details=details,
        )
    if found("does not exist", "3d000", "unknown database", "cannot open database"):
        return DataProblem(
            f"{where}: cannot {doing}: {said[:300]}. Check the name of the database and its tables",
            reason="SOURCE_MISSING",
            details=details,
        )
    if found("file not found", "data source name not found", "can't open lib", "im002", "01000"):
        return DataProblem(
            f"{where}: the ODBC driver that the address names is not installed here ({said[:300]}). Install it, or name one that is",
            reason="DRIVER_MISSING",
            details=details,
        )
    if found(
        "server closed", "terminating connection", "connection reset", "broken pipe", "communication link", "57p01"
    ):
        return DataProblem(
            f"{where} went away while trying to {doing}: the last snapshot goes on serving; try again when it is back ({said[:300]})",
            reason="SOURCE_MISSING",
            details=details,
        )
    if found(
        "refused", "could not connect", "timeout", "timed out", "translate host", "unreachable", "08001", "no route"
    ):
        return DataProblem(
            f"{where} cannot be reached: cannot {doing}. Check host, port and firewall, and that the database runs ({said[:300]})",
            reason="SOURCE_UNREACHABLE",
            details=details,
        )
    return DataProblem(f"{where}: cannot {doing}: {said[:500]}", reason="SOURCE_UNREADABLE", details=details)
