"""Sites: several plants in one installation, each with a schema, a source, versions, accounts, settings and an audit log of its own.

The file that ROUTING_ML_SITES_FILE names has a table for each:

    [busan]
    source = "D:/plants/busan/items.accdb"
    models = "D:/plants/busan/models"
    group = "seals"

Every process serves all of them; a call says in its metadata which one it is for. What belongs to no site is the installation's own
plant, which is all there is where no file is named. Who belongs to a site of a group may also search the items of the group's other
sites; a table [""] puts the installation's own plant into a group.
"""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any, Final

from common.errors import InvalidInput, NotFound, PermissionDenied

SITE_KEY: Final = "x-routing-site"
"""Metadata of a call, and header of a request, that names the site."""
SITE_NOT_STARTED: Final = "SITE_NOT_STARTED"
"""Reason of refusals while a process begins to serve a site, or cannot."""
NAME: Final = re.compile(r"[a-z][a-z0-9_]{0,30}")
FIELDS: Final = ("source", "models", "group")


@dataclass(frozen=True)
class Site:
    """One plant of several.

    Attributes:
        name: lower case letters, digits and underscores.
        source: its source until its operators save another one; None: they have to.
        models: folder of its versions; None: in its state folder.
        group: what sites have in common whose people may search each other's items; "": it is in no group.
    """

    name: str
    source: Path | None = None
    models: Path | None = None
    group: str = ""


def sites_in(path: Path | None) -> Mapping[str, Site]:
    """The sites that a file describes, by name; none where there is no file.

    Raises:
        InvalidInput: it cannot be read or understood.
    """
    return {name: site for name, site in _all(path).items() if name}


def group_of(path: Path | None, name: str) -> str:
    """The group of a site, or ("") of the installation's own plant; "" where it is in none.

    Raises:
        InvalidInput: the file cannot be understood.
    """
    site = _all(path).get(name)
    return site.group if site is not None else ""


def others_of_group(path: Path | None, name: str) -> list[str]:
    """The sites whose items people of a site, or ("") of the installation's own plant, may search beside their own.

    Raises:
        InvalidInput: the file cannot be understood.
    """
    group = group_of(path, name)
    return [other for other, site in _all(path).items() if group and site.group == group and other != name]


def _all(path: Path | None) -> Mapping[str, Site]:
    """The tables of the file by name, that of the installation's own plant under ""."""
    return {} if path is None else _read(path, path.stat().st_mtime_ns if path.exists() else 0)


@lru_cache(maxsize=4)
def _read(path: Path, _changed: int) -> Mapping[str, Site]:
    try:
        tables = tomllib.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise InvalidInput(f"{path} of ROUTING_ML_SITES_FILE cannot be read: {error}") from None
    return {name: _site(path, name, table) for name, table in tables.items()}


def _site(path: Path, name: str, table: Any) -> Site:
    where = f"{path}: [{name}]"
    if name and not NAME.fullmatch(name):
        raise InvalidInput(
            f"{where}: a site's name is a lower case letter, then up to 30 letters, digits and underscores"
        )
    if not isinstance(table, dict):
        raise InvalidInput(f"{path}: {name} has to be a table, [{name}], with {', '.join(FIELDS)}")
    if unknown := sorted(set(table) - set(FIELDS)):
        raise InvalidInput(f"{where} has no {', '.join(unknown)}; known are {', '.join(FIELDS)}")
    source, models, group = (table.get(field) for field in FIELDS)
    if not all(value is None or (isinstance(value, str) and value) for value in (source, models, group)):
        raise InvalidInput(
            f"{where}: source, models and group have to be texts, the paths of a source and of a folder, and a name"
        )
    if not name and (source or models):
        raise InvalidInput(
            f"{where}: of the installation's own plant the file only says the group; its source and versions are in the settings"
        )
    folder = path.parent
    return Site(name, folder / source if source else None, folder / models if models else None, group or "")


def site_metadata(name: str) -> tuple[tuple[str, str], ...]:
    """What the metadata of a call says of its site; nothing ("") for the installation's own plant."""
    return ((SITE_KEY, name),) if name else ()


def unknown_site(name: str) -> NotFound:
    """What a call for a site that is not there is answered with."""
    return NotFound(
        f"This installation has no site {name[:40]!r}: name one of ROUTING_ML_SITES_FILE in {SITE_KEY}, or none",
        reason="SITE_UNKNOWN",
    )


def foreign_site(own: str, wanted: str) -> PermissionDenied:
    """What somebody of one site is answered who asks for another one."""
    return PermissionDenied(
        f"This session belongs to {_called(own)}, and the request is for {_called(wanted)}: log in there",
        reason="SITE_FOREIGN",
    )


def outside_group(own: str, wanted: str) -> PermissionDenied:
    """What somebody is answered who wants to search a site that is not of his own site's group, or that is not there."""
    return PermissionDenied(
        f"{_called(own)[:1].upper()}{_called(own)[1:]} has no site {wanted[:40]!r} in its group (ROUTING_ML_SITES_FILE), so nothing is "
        "searched there",
        reason="SITE_OUTSIDE_GROUP",
    )


def _called(name: str) -> str:
    return f"the site {name[:40]!r}" if name else "the installation's own plant"
