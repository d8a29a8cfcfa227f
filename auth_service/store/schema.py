"""The schema's state: which migration the database has, bringing it to the newest, going back."""

from __future__ import annotations

import importlib
import importlib.util
import threading
from functools import cache
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from alembic.util.exc import CommandError
from sqlalchemy import Connection, MetaData

import auth_service
from auth_service.store.database import Base, Database
from common.errors import NotFound, PreconditionFailed

RECORD_MODULES = (
    "auth_service.store.records",
    "auth_service.store.document_records",
    "auth_service.planning.proposal_records",
    "auth_service.erp.outbox_records",
)
"""Modules whose import completes the metadata."""


def metadata() -> MetaData:
    """All tables of the product."""
    for module in RECORD_MODULES:
        package = module.rpartition(".")[0]
        if importlib.util.find_spec(package) and importlib.util.find_spec(module):
            importlib.import_module(module)
    return Base.metadata


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    folder = str(Path(auth_service.__file__ or "").with_name("migrations"))
    config.set_main_option("script_location", folder.replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


@cache
def newest() -> str:
    """The newest migration that this software knows; found once, since a copy that takes over must not read all of them first."""
    return str(ScriptDirectory.from_config(_config()).get_current_head())


def current(database: Database) -> str:
    """The migration that the database has; "" when it is empty."""
    with database.translating(), database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or ""


def upgrade(database: Database, target: str = "head") -> str:
    """Bring the schema forward in one transaction; returns the migration it has afterwards.

    Raises:
        PreconditionFailed: a newer version of the software has written the database.
        Unavailable, DataProblem: as `Database.writing`.
    """
    return _run(database, target, forward=True)


def downgrade(database: Database, target: str) -> str:
    """Bring the schema back to `target` ("base": empty) in one transaction; returns the migration it has afterwards."""
    return _run(database, target, forward=False)


def move(database: Database, target: str) -> str:
    """Bring the schema to `target`, forward or back; returns the migration it has afterwards.

    Raises:
        NotFound: there is no such migration.
    """
    if target == "head":
        return upgrade(database)
    known = [script.revision for script in ScriptDirectory.from_config(_config()).walk_revisions()][::-1]
    if target != "base" and target not in known:
        raise NotFound(f"There is no migration {target}; known are {', '.join(known)}, base and head")
    order = ["", *known]
    wanted = order.index("" if target == "base" else target)
    forward = wanted >= order.index(current(database)) if current(database) in order else True
    return upgrade(database, target) if forward else downgrade(database, target)


_ONE_AT_A_TIME = threading.Lock()
"""Alembic keeps what it works on in a module, and several sites may be migrated at once."""


def _run(database: Database, target: str, *, forward: bool) -> str:
    with _ONE_AT_A_TIME:
        return _run_alone(database, target, forward=forward)


def _run_alone(database: Database, target: str, *, forward: bool) -> str:
    engine = database.new_engine(foreign_keys=False)
    try:
        with database.translating(), engine.connect().execution_options(writing=True) as connection:
            with connection.begin():
                (command.upgrade if forward else command.downgrade)(_config(connection), target)
                if database.is_sqlite:
                    broken = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchall()
                    if broken:
                        raise PreconditionFailed(
                            f"The migration would leave {len(broken)} rows pointing to nothing; nothing was changed"
                        )
            return MigrationContext.configure(connection).get_current_revision() or ""
    except CommandError as error:
        raise PreconditionFailed(
            f"The database {database.name} cannot be migrated ({error}): it was written by a newer version of the software; "
            "install that version or restore a backup"
        ) from error
    finally:
        engine.dispose()
