"""Addresses of databases, and the files that stand for them: an address without its password, which lies in the folder of secrets.

An address is `postgresql://user@host:port/database?schema=NAME`, or an ODBC connection string (`DRIVER={...};SERVER=...`, `DSN=...`),
with or without `odbc:` in front. Whoever names one gets a file below the state folder; everything else works with paths.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from common.errors import DataProblem, InvalidInput
from common.files import write_text
from common.private_files import private_folder
from common.settings import settings
from common.source_addresses import ADDRESS_ENDING, URL, is_address
from common.source_addresses import ODBC as ODBC_TEXT
from source.source import digest

FOLDER: Final = "sources"
"""Folder below the state folder that holds the files of addresses."""
PASSWORD_VARIABLE: Final = "ROUTING_ML_SOURCE_PASSWORD"  # noqa: S105 - the name of a variable
POSTGRESQL, ODBC = "postgresql", "odbc"

_PAIR: Final = re.compile(r"\s*([^=;{}]+?)\s*=\s*(\{(?:[^}]|\}\})*\}|[^;]*)\s*(?:;|$)")
_PASSWORDS: Final = ("pwd", "password")
_SERVERS: Final = ("server", "servername", "host", "hostname", "address", "addr", "data source", "dsn", "dbq")
_DATABASES: Final = ("database", "initial catalog", "dbname", "service", "dsn")


@dataclass(frozen=True)
class DatabaseAddress:
    """A database.

    Attributes:
        kind: postgresql or odbc.
        text: the address without the password.
        server: host that it is on; of ODBC also the name of a DSN.
        database: name of the database; "" where the address has none.
        schema: schema whose tables go by their plain names; "": public.
    """

    kind: str
    text: str
    server: str
    database: str
    schema: str = ""

    @property
    def name(self) -> str:
        """A file name for it: readable, and another one for every other address."""
        shown = "-".join(filter(None, (self.database, self.server)))
        plain = re.sub(r"[^A-Za-z0-9_.-]+", "-", shown).strip("-.") or "database"
        return f"{plain[:60]}-{digest([self.text])[:6]}"


def parse_address(text: str) -> tuple[DatabaseAddress, str]:
    """The database that a text names, and the password that stands in it; "" where none does.

    Raises:
        InvalidInput: it is no address; what it holds is not repeated, as it may be a password.
    """
    given = text.strip()
    if URL.match(given):
        return _parse_url(URL.sub("postgresql://", given))
    if ODBC_TEXT.match(given):
        return _parse_odbc(re.sub(r"^odbc:\s*", "", given, flags=re.IGNORECASE))
    raise InvalidInput(
        "This is no address of a database: postgresql://user@host:5432/database?schema=NAME, or an ODBC connection string such as "
        "DRIVER={ODBC Driver 18 for SQL Server};SERVER=host;DATABASE=name;UID=user",
        reason="ADDRESS_INVALID",
    )


def _parse_url(text: str) -> tuple[DatabaseAddress, str]:
    try:
        parts = urlsplit(text)
        host, port, password = parts.hostname or "", parts.port, unquote(parts.password or "")
    except ValueError:
        raise InvalidInput(
            "The address of the PostgreSQL database cannot be understood: write a password's special characters as %XX",
            reason="ADDRESS_INVALID",
        ) from None
    database = unquote(parts.path.strip("/"))
    if not host or not database or "/" in database:
        raise InvalidInput(
            "The address of a PostgreSQL database names a host and a database: postgresql://user@host:5432/database",
            reason="ADDRESS_INVALID",
        )
    options = parse_qsl(parts.query, keep_blank_values=True)
    password = next((value for key, value in options if key == "password"), "") or password
    schema = next((value for key, value in options if key == "schema"), "")
    kept = [(key, value) for key, value in options if key not in ("password", "schema")]
    user = f"{quote(unquote(parts.username))}@" if parts.username else ""
    shown_host = f"[{host}]" if ":" in host else host
    place = f"{user}{shown_host}{f':{port}' if port else ''}"
    query = urlencode([*kept, *([("schema", schema)] if schema else [])])
    return (
        DatabaseAddress(
            POSTGRESQL, urlunsplit(("postgresql", place, "/" + quote(database), query, "")), host, database, schema
        ),
        password,
    )


def _parse_odbc(text: str) -> tuple[DatabaseAddress, str]:
    pairs = [(key, value) for key, value in _PAIR.findall(text)]
    named = {key.casefold(): value for key, value in pairs}
    password = next((named[key] for key in _PASSWORDS if named.get(key)), "")
    if password.startswith("{"):
        password = password[1:-1].replace("}}", "}")
    kept = ";".join(f"{key}={value}" for key, value in pairs if key.casefold() not in _PASSWORDS)
    server = next((named[key] for key in _SERVERS if named.get(key)), "").strip("{}")
    server = re.sub(r"^tcp:", "", server, flags=re.IGNORECASE)
    host = re.split(r"[,\\]", server)[0]
    database = next((named[key] for key in _DATABASES if named.get(key)), "").strip("{}")
    return DatabaseAddress(ODBC, kept, host, database), password


def kept_addresses() -> Path:
    """Folder of the files that stand for addresses."""
    return settings().state_dir.absolute() / FOLDER


def locate(text: str) -> Path:
    """The path of a source that people name: a path as it is, an address by the file that stands for it from now on.

    The password of an address goes into the folder of secrets, readable by the owner; the file has none.

    Raises:
        InvalidInput: it looks like an address and is none.
        DataProblem: the state folder cannot be written.
    """
    if not is_address(text):
        return Path(text)
    address, password = parse_address(text)
    folder = kept_addresses()
    path = folder / f"{address.name}{ADDRESS_ENDING}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        write_text(path, json.dumps({"kind": address.kind, "address": address.text}, ensure_ascii=False) + "\n")
        if password:
            secrets = settings().secrets_path
            private_folder(secrets)
            write_text(_password_file(path), password)
            _password_file(path).chmod(0o600)
    except OSError as error:
        raise DataProblem(
            f"The address of the database cannot be kept in {folder} ({error.strerror}): see that this account may write there",
            reason="STATE_NOT_WRITABLE",
        ) from None
    return path


def located(path: Path) -> Path:
    """The path of a source named where paths are asked for, from the root; an address lost a slash there, and may have turned others.

    Raises:
        InvalidInput, DataProblem: see `locate`.
    """
    text = path.as_posix() if URL.match(path.as_posix()) else str(path)
    return locate(text).absolute()


def read_address(path: Path) -> DatabaseAddress:
    """The database that a file stands for.

    Raises:
        DataProblem: it cannot be read, or names none.
    """
    try:
        text = str(json.loads(path.read_text(encoding="utf-8-sig"))["address"])
        address, password = parse_address(text)
    except OSError as error:
        raise DataProblem(
            f"{path} cannot be read ({error.strerror}): check the path", reason="SOURCE_MISSING", details={"path": path}
        ) from None
    except (ValueError, TypeError, KeyError, InvalidInput):
        raise DataProblem(
            f'{path} names no database: expected {{"address": "postgresql://user@host/database"}} or an ODBC connection string',
            reason="ADDRESS_INVALID",
            details={"path": path},
        ) from None
    if password:
        raise DataProblem(
            f"{path} holds a password: take it out and put it into {_password_file(path)}, or into {PASSWORD_VARIABLE}",
            reason="ADDRESS_HOLDS_PASSWORD",
            details={"path": path},
        )
    return address


def password_for(path: Path) -> str:
    """The password for the database of a file: of the settings, else of the folder of secrets; "" where there is none."""
    given = settings().source_password
    if given:
        return given
    try:
        return _password_file(path).read_text(encoding="utf-8").strip("\r\n")
    except OSError:
        return ""


def _password_file(path: Path) -> Path:
    return settings().secrets_path / f"source-{path.stem}.password"
