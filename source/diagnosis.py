"""Looking into a source and telling whether and what the system can read: drivers, tables, columns against the profile, a verdict."""

from __future__ import annotations

import time
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from common.errors import ServiceError
from common.notices import within
from common.settings import settings
from common.source_addresses import ACCESS_ENDINGS
from plant.input_profile import InputProfile
from plant.schema import OPTIONAL_TABLES, ROLES
from source.access_driver import BITNESS, find_driver, installed_drivers
from source.opening import kind_of, open_mapped
from source.role_reading import read_role
from source.source import BATCH_ROWS, Source, digest, find_name, find_table
from source.table_profile import ColumnProfile, columns_only, profile_table

FIRST_ROWS: Final = 1_000
"""Rows of each table that are read where nobody asks for all."""


@dataclass(frozen=True)
class RoleFinding:
    """What the source has for one role of the profile.

    Attributes:
        role: features, routing or results.
        table: table as stored; "" when missing.
        wanted_table: table that the profile names.
        rows: rows of the table; None when missing or not readable.
        columns: its columns; with null shares and examples when asked for.
        unmapped: stored columns that the profile does not use.
        missing_required: source columns that the profile requires and the table lacks.
        missing_optional: source columns that the profile names and the table lacks; they read as absent.
        problem: what keeps the role from being read, for people; "" when nothing does.
        findings: what is not as expected in the rows that were read, and how many rows it is.
    """

    role: str
    table: str
    wanted_table: str
    rows: int | None = None
    columns: tuple[ColumnProfile, ...] = ()
    unmapped: tuple[str, ...] = ()
    missing_required: tuple[str, ...] = ()
    missing_optional: tuple[str, ...] = ()
    problem: str = ""
    findings: tuple[str, ...] = ()


@dataclass(frozen=True)
class Diagnosis:
    """What was found.

    Attributes:
        path: what was looked into.
        path_hash: hash of the path, 0x and 16 hexadecimal digits.
        ok: whether the system can work with the source.
        verdict: one sentence for people: what works, or what is wrong and what to do.
        reason: reason of the error for programs; "" when ok.
        kind: Access, folder, workbook, SQLite, PostgreSQL, ODBC or "" (could not be opened).
        python_bitness: 32 or 64.
        drivers: ODBC drivers that this Python sees.
        driver: the one that is used for an Access file; "" when none is needed or none fits.
        connection_string: how the driver is told to open the file; "" when none is used.
        identity: see `Source.identity`; "" when it could not be opened.
        tables: tables of the source.
        roles: findings by role.
        warnings: what works but should be known.
        elapsed_ms: time the diagnosis took.
    """

    path: str
    path_hash: str
    ok: bool
    verdict: str
    reason: str = ""
    kind: str = ""
    python_bitness: int = BITNESS
    drivers: tuple[str, ...] = ()
    driver: str = ""
    connection_string: str = ""
    identity: str = ""
    tables: tuple[str, ...] = ()
    roles: tuple[RoleFinding, ...] = ()
    warnings: tuple[str, ...] = field(default=())
    elapsed_ms: float = 0.0

    def to_dict(self) -> dict[str, Any]:
        """As JSON has it."""
        return asdict(self)


def path_hash(path: Path) -> str:
    """Hash of a normalised path, 0x and 16 hexadecimal digits, for clients that may not see paths."""
    with suppress(RuntimeError):  # ~ of somebody unknown stays as it is
        path = path.expanduser()
    return "0x" + digest([path.absolute().as_posix().casefold()])


def diagnose(path: Path, profile: InputProfile | None = None, *, read_values: bool = False) -> Diagnosis:
    """Look into a source. Never raises for what the source is like: everything wrong is in the answer.

    Args:
        path: Access file or folder.
        profile: mapping to check it against; None: the built-in one.
        read_values: read every table of the profile once, for null shares and examples and to find values that do not fit.
    """
    started = time.perf_counter()
    wanted = profile or InputProfile.built_in()
    drivers, driver, connection = _odbc_facts(path)
    facts: dict[str, Any] = {
        "path": str(path),
        "path_hash": path_hash(path),
        "drivers": drivers,
        "driver": driver,
        "connection_string": connection,
    }

    def finished(**found: Any) -> Diagnosis:
        return Diagnosis(**{**facts, **found}, elapsed_ms=round((time.perf_counter() - started) * 1000, 3))

    try:
        source = open_mapped(path, wanted)
        facts["kind"] = kind_of(path)
        facts["identity"] = source.identity()
        facts["tables"] = tuple(source.tables())
    except ServiceError as error:
        return finished(ok=False, verdict=error.message, reason=error.reason)
    roles = tuple(_look_at(source, wanted, role, read_values) for role in ROLES)
    facts["roles"] = roles
    facts["warnings"] = tuple(_warnings(roles))
    broken = [finding for finding in roles if finding.problem]
    if broken:
        more = f" (and {len(broken) - 1} more problems)" if len(broken) > 1 else ""
        return finished(ok=False, verdict=broken[0].problem + more, reason="SOURCE_UNUSABLE")
    counted = ", ".join(f"{finding.rows:,} rows in {finding.table}" for finding in roles if finding.table)
    return finished(ok=True, verdict=f"{source.description} can be used: {counted}")


def _odbc_facts(path: Path) -> tuple[tuple[str, ...], str, str]:
    """Drivers, the one for `path` and the connection string, as far as they can be found out."""
    try:
        drivers = tuple(installed_drivers())
    except ServiceError:
        return (), "", ""
    if path.suffix.lower() not in ACCESS_ENDINGS or path.is_dir() or settings().access_reader != "microsoft":
        return drivers, "", ""
    try:
        driver = find_driver(path)
        return drivers, driver.name, driver.connection_string(path.absolute())
    except ServiceError:
        return drivers, "", ""


def _look_at(source: Source, profile: InputProfile, role: str, read_values: bool) -> RoleFinding:
    named = {str(key): table for key, table in profile.tables.items()}.get(role, "").strip()
    table = find_table(named, source.tables())
    if table is None:
        problem = ""
        if role not in OPTIONAL_TABLES:
            problem = (
                f"{source.description} lacks table {named or '(none named)'}, "
                f"from which the input profile {profile.name} takes the {role}"
            )
            problem = why_not_a_table(source, named) or problem
        return RoleFinding(role, "", named, problem=problem)
    try:
        stored = [column.name for column in source.columns(table)]
        mapped = profile.columns_of(role).values()
        lacking = [column for column in mapped if column.source and find_name(column.source, stored) is None]
        required = tuple(column.source for column in lacking if column.needed)
        used = {find_name(column.source, stored) for column in mapped if column.source}
        if read_values:
            rows, profiles = profile_table(source, table)
        else:
            rows, profiles = source.count(table), columns_only(source, table)
        problem, findings = "", list[str]()

        def note(count: int, what: str) -> None:
            findings.append(within(f"{count:,} {what}", what, count=count))

        if required:
            targets = ", ".join(column.internal for column in lacking if column.needed)
            problem = (
                f"{table} lacks column {', '.join(required)}; the input profile {profile.name} maps it to {targets}"
            )
        elif not rows and role == "features":
            problem = f"{table} is empty: there are no items"
        else:
            rows_at_once = BATCH_ROWS if read_values else FIRST_ROWS
            for _frame in read_role(source, profile, role, batch_rows=rows_at_once, on_finding=note):
                if not read_values:
                    break  # tells what no row of a column can be read as
        return RoleFinding(
            role,
            table,
            named,
            rows,
            tuple(profiles),
            tuple(name for name in stored if name not in used),
            required,
            tuple(column.source for column in lacking if not column.needed),
            problem,
            tuple(findings),
        )
    except ServiceError as error:
        return RoleFinding(role, table, named, problem=error.message)


def why_not_a_table(source: Source, name: str) -> str:
    """Why a source has something of this name that is none of its tables, for people; "" where it has nothing of the kind."""
    try:
        source.columns(name)
    except ServiceError as error:
        return error.message if error.reason == "TABLE_LINKED" else ""
    return ""


def _warnings(roles: tuple[RoleFinding, ...]) -> list[str]:
    warnings: list[str] = []
    for finding in roles:
        warnings += finding.findings
        if not finding.table and not finding.problem:
            warnings.append(f"There is no table for {finding.role}: the system works without it")
        if finding.table and finding.rows == 0 and not finding.problem:
            warnings.append(f"{finding.table} is empty")
        if finding.missing_optional:
            warnings.append(
                f"{finding.table} lacks optional columns {', '.join(finding.missing_optional)}: they read as absent"
            )
    return warnings
