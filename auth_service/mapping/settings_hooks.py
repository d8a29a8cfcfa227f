"""What saving the settings document means for documents: blueprint and sections agree, output profiles follow, the wrapper is written."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

from sqlalchemy.orm import Session

from auth_service.control.settings import find, parse
from auth_service.mapping import sql_section
from auth_service.store.active_profiles import active_schema
from auth_service.store.database import after_commit
from auth_service.store.records import SettingsRevisionRecord
from common.errors import DataProblem, NotFound, ServiceError, Unavailable
from common.file_names import folder_name_problem
from common.logs import get_logger
from common.settings import Settings
from plant.blueprint import wrapper
from plant.blueprint.pipeline import blueprint_violations, pipeline_of, reconcile
from plant.export_folder import folder_problem
from plant.settings import PlantSettings
from plant.settings.erp_addresses import literal_address, refusal
from plant.settings.rules import check_visualization
from plant.settings.violations import Violation

log = get_logger(__name__)


def adapt(session: Session, before: PlantSettings, after: PlantSettings, author: str) -> PlantSettings:
    """A changed document in which blueprint, sections and output profiles agree.

    Raises:
        InvalidInput: an output profile would become invalid.
    """
    agreed = reconcile(before, after)
    agreed = sql_section.take_over(session, before, agreed, author, time.time())
    return reconcile(before, agreed)


def check_blueprint(session: Session, before: PlantSettings, after: PlantSettings) -> Iterator[Violation]:
    """What keeps a changed blueprint from running at the plant.

    Names of another plant, left from before its profile became active, keep trainings from starting and nobody from other changes.
    """
    plant = active_schema(session)
    known = {violation.description for violation in blueprint_violations(before, plant)}
    yield from (violation for violation in blueprint_violations(after, plant) if violation.description not in known)


def destination_check(settings: Settings) -> Callable[[Session, PlantSettings, PlantSettings], Iterator[Violation]]:
    """What refuses a new destination of results, or of a link on the screens, that is not allowed.

    One that an older version took stays in the document, so that everything else can be changed; it is refused when used.
    """

    def check(_session: Session, before: PlantSettings, after: PlantSettings) -> Iterator[Violation]:
        export, allowed = after.export, after.access.allowed_folders
        if (export.export_directory, allowed) != (before.export.export_directory, before.access.allowed_folders):
            problem = folder_name_problem(export.export_directory) or folder_problem(
                export.export_directory, allowed, settings
            )
            if problem:
                yield Violation(("export", "export_directory"), problem)
        if after.visualization.neo4j_browser_url != before.visualization.neo4j_browser_url:
            yield from check_visualization(after.visualization)
        endpoint, permitted = (export.erp_endpoint or "").strip(), after.erp.allowed_addresses
        if endpoint and (export.erp_endpoint, permitted) != (before.export.erp_endpoint, before.erp.allowed_addresses):
            host = urlsplit(endpoint).hostname or ""
            address = literal_address(host)  # a name is looked up when something is sent, as what it stands for changes
            problem = refusal(host, address, permitted) if address is not None else ""
            if problem:
                yield Violation(("export", "erp_endpoint"), problem)

    return check


def wrapper_saver(state_dir: Path) -> Callable[[Session, int, PlantSettings], None]:
    """What writes the wrapper when the graph or what the pipeline makes of the settings changes; it is current once that is committed."""

    def save(session: Session, revision: int, document: PlantSettings) -> None:
        if not _changed(session, state_dir, revision, document):
            return
        try:
            path = wrapper.prepare_wrapper(state_dir, revision, document)
        except OSError as error:
            raise Unavailable(
                f"The generated pipeline cannot be written to {state_dir / wrapper.FOLDER} ({error.strerror or error}): free disk "
                "space or grant the service account write access; nothing was changed",
                reason="WRAPPER_NOT_WRITTEN",
            ) from error
        after_commit(session, lambda: _make_current(path))

    return save


def _changed(session: Session, state_dir: Path, revision: int, document: PlantSettings) -> bool:
    earlier = session.get(SettingsRevisionRecord, revision - 1)
    if earlier is None or PlantSettings.parse(earlier.document_json).graph != document.graph:
        return True
    try:
        current = wrapper.current_pipeline(state_dir)
    except DataProblem:
        return True
    return current.path is None or current.options != pipeline_of(document)


def _make_current(path: Path) -> None:
    try:
        wrapper.make_current(path)
    except OSError as error:
        log.error(
            "generated pipeline is not current yet: it will be at the next start", path=str(path), error=str(error)
        )


def ensure_wrapper(session: Session, state_dir: Path) -> None:
    """Write the wrapper of the newest settings where the current one is not what would be generated now: missing, edited by hand, of
    other options, or of an installation that has moved.

    A folder that cannot be written is only logged: trainings then take the options from the settings by themselves.
    """
    newest = find(session, 0)
    try:
        document = parse(newest)
        if not _up_to_date(state_dir, document):
            wrapper.write_wrapper(state_dir, newest.revision, document)
    except (OSError, ServiceError) as error:
        log.error("the generated pipeline cannot be brought up to date", error=str(error))


def _up_to_date(state_dir: Path, document: PlantSettings) -> bool:
    try:
        path = wrapper.wrapper_path(state_dir)
        return path.read_text(encoding="utf-8") == wrapper.render(wrapper.revision_of(path), pipeline_of(document))
    except (NotFound, UnicodeDecodeError):
        return False
