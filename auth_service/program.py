"""auth_service as a program: the database is opened and migrated, keys and the first administrator exist, then it serves."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy.orm import Session

from auth_service.accounts.first_administrator import ensure_administrator
from auth_service.accounts.key_rotation import KeyRotation
from auth_service.accounts.logins import Logins, Signer
from auth_service.accounts.passwords import Passwords
from auth_service.accounts.servicer_accounts import AccountsServicer
from auth_service.control import sessions
from auth_service.control.control_plane import ControlPlane, confirmed_by, unconfirmed
from auth_service.control.leadership import Leadership
from auth_service.control.servicer_settings import SettingsServicer
from auth_service.control.settings import SettingsDocuments, ensure_first_revision
from auth_service.control.signing_keys import KeyCipher, SigningKey, add_key, current_key
from auth_service.control.turn import Turn
from auth_service.control.watch import WatchHub
from auth_service.erp.sender import ErpSender
from auth_service.erp.servicer import ErpServicer
from auth_service.mapping import chosen_source, plant_section, settings_hooks
from auth_service.mapping.servicer import MappingServicer
from auth_service.planning.servicer import PlanningServicer
from auth_service.plants.servicer_plants import PlantServicer
from auth_service.plants.serving import ServingPlants
from auth_service.rsl.servicer_rsl import RslServicer
from auth_service.store import audit, schema
from auth_service.store.audit_archive import archive
from auth_service.store.backup import back_up_before_migration
from auth_service.store.database import Database
from auth_service.store.surroundings import Published, Surroundings
from auth_service.versions.activation import Activation
from auth_service.versions.servicer_registry import RegistryServicer
from common.errors import InvalidInput, ServiceError, Unavailable
from common.logs import get_logger
from common.program import ServiceContext
from common.request_context import current_caller
from common.rpc.server import Service
from common.site_programs import AGAIN_SECONDS
from common.sites import SITE_NOT_STARTED
from common.watch import ControlHandlers, machine_name
from trained.travel import VersionCache

log = get_logger(__name__)

Result = TypeVar("Result")

SWEEP_SECONDS = 3600.0
OWN_METHODS = "/routing.common.v1."
"""Methods by which a process tells of itself, whether it is active or not."""
PATIENCE_SECONDS = 20.0
"""How long a start waits for a database that is locked or does not answer yet."""


class AuthProgram:
    """The control plane."""

    def __init__(self, context: ServiceContext) -> None:
        self._context = context
        settings = context.settings
        seconds = settings.session_minutes * 60.0
        self.database = Database.of(settings)
        measured = not settings.at_site
        self.hub = WatchHub(measured=measured)
        self.plane = ControlPlane(self.database, self.hub, context.keys, measured=measured)
        self._passwords = Passwords(settings)
        self._cipher = KeyCipher.of(settings)
        self._signer = Signer()
        self.logins = Logins(
            self.database, self._passwords, self._signer, session_seconds=seconds, site=settings.at_site
        )
        self.rotation = KeyRotation(self.plane, self._cipher, self._signer, token_seconds=seconds)
        self.versions = VersionCache.of(settings)
        self.activation = Activation(self.plane, settings.derived_path, self.versions)
        self.settings = SettingsDocuments(
            self.plane,
            adapters=[chosen_source.keep_addresses, settings_hooks.adapt],
            checks=[settings_hooks.check_blueprint, settings_hooks.destination_check(settings), chosen_source.check],
            savers=[settings_hooks.wrapper_saver(settings.state_dir)],
        )
        self._shared = not self.database.is_sqlite
        if len(settings.auth_addresses) > 1 and not self._shared:
            raise InvalidInput(
                "ROUTING_ML_AUTH_ADDRESS names several copies of auth_service, which need one PostgreSQL: set ROUTING_ML_DATABASE_URL "
                "on every host, or name one copy"
            )
        self.erp = ErpSender(
            settings.state_dir / "erp" / "outbox.db",
            settings,
            lambda: self.hub.state.settings.document_json,
            database=self.database if self._shared else None,
        )
        self._tasks: list[asyncio.Task[Any]] = []
        self.turn: Turn | None = None
        self._began = False
        self._beginning = asyncio.Lock()
        self._sites: list[AuthProgram] = []
        self._own = context.own if isinstance(context.own, AuthProgram) else None
        if self._own is not None:
            self._own.join(self)
        elif self._shared:
            name = f"{context.instance} {machine_name(settings.run_path)}"
            self.turn = Turn(
                Leadership(self.database, name), begin=self._begin, end=self._end, tell=self._tell_standing_by
            )
            self.database.fence = self.turn.leadership.check_write

    def services(self) -> Sequence[Service]:
        """Accounts, versions, settings with Watch, plans, standard routings, mappings, plants, the ERP."""
        surroundings = Surroundings(
            database=self.database, settings=self._context.settings, change=self._change, audit=audit.record_of_caller
        )
        return [
            AccountsServicer(
                self.plane, self.logins, self.rotation, lambda: [site.logins for site in self._sites if site.serves]
            ).service(),
            RegistryServicer(self.plane, self.activation, self._context.settings, self.versions).service(),
            SettingsServicer(self.settings, self.hub).service(),
            PlanningServicer(surroundings).service(),
            RslServicer(surroundings).service(),
            MappingServicer(surroundings).service(),
            PlantServicer(ServingPlants(surroundings, self.settings, self.activation, self.versions)).service(),
            ErpServicer(self.erp, self._note).service(),
        ]

    def join(self, site: AuthProgram) -> None:
        """Take a site's program along: it is active when and while this one is."""
        self._sites = [one for one in self._sites if one._context.settings.at_site != site._context.settings.at_site]
        self._sites.append(site)
        if self.turn is not None:
            site.database.fence = self.turn.leadership.check_write

    async def _note(self, action: str, target: str, facts: Mapping[str, object]) -> None:
        caller = current_caller()
        await self.database.write(lambda session: audit.record_of_caller(session, caller, action, target, facts))

    async def _change(self, action: Callable[[Session], Result]) -> tuple[Result, Published]:
        result, outcomes = await self.plane.change(action)
        return result, Published(confirmed_by(outcomes), unconfirmed(outcomes))

    def control(self) -> ControlHandlers | None:
        """Nothing: the others follow this process."""
        return None

    def facts(self) -> tuple[str, int]:
        """The active version and the newest control revision."""
        return self.hub.state.active.version_name, int(self.hub.state.revision)

    async def start(self) -> None:
        """Open and migrate the database, then serve.

        Raises:
            DataProblem: it is damaged. Unavailable: it cannot be reached or written. Each says what to do.
        """
        if self._own is not None and self._own.turn is not None:
            if self._own.serves:
                await self._begin_once()
            return
        deadline = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                await (self._begin() if self.turn is None else self.turn.start())
                return
            except Unavailable as error:
                if error.retry_after is None or time.monotonic() > deadline:
                    raise
                log.warning("waiting for the database", error=error.message)
            await asyncio.sleep(0.5)

    async def _begin(self) -> None:
        """Be the copy that is active: open and migrate the database, then serve."""
        self._signer.key = await asyncio.to_thread(self._open)
        if self._shared:
            await self.logins.recall()
        await self.plane.load()
        self.hub.open()
        await self.erp.start()
        self._tasks = [
            asyncio.create_task(self.plane.look_for_changes(self._context.set_serving)),
            asyncio.create_task(self.rotation.rotate_by_age()),
            asyncio.create_task(self._sweep()),
        ]
        self._began = True
        if self._sites:  # which no log-in elsewhere waits for
            self._tasks.append(asyncio.create_task(self._begin_sites()))
        await self._context.set_standby(False)
        await self._context.set_serving(True)

    @property
    def serves(self) -> bool:
        """Whether this copy is active."""
        return self._began

    async def _begin_sites(self) -> None:
        await asyncio.gather(*(site.begin_with_the_others() for site in list(self._sites)))

    async def _begin_once(self) -> None:
        """Begin to be active for a site, unless that has happened."""
        async with self._beginning:
            if not self._began:
                await self._begin()

    async def begin_with_the_others(self) -> None:
        """Be active for a site; one that cannot holds up no other, and tries again."""
        while True:
            try:
                await self._begin_once()
                return
            except (ServiceError, OSError) as error:
                log.error("a site cannot be taken over", site=self._context.settings.at_site, error=str(error))
            await asyncio.sleep(AGAIN_SECONDS)

    async def _end(self) -> None:
        """Be the copy that stands by: followers go to the other one."""
        self._began = False
        for site in self._sites:
            await site._end()
        await self._context.set_serving(False)
        self.hub.close()
        for task in self._tasks:
            task.cancel()
        await self.erp.stop()

    async def _tell_standing_by(self, standing_by: bool) -> None:
        await asyncio.to_thread(schema.newest)  # known before it is needed
        await self._context.set_standby(standing_by)

    def admit(self, method: str) -> None:
        """Refuse calls while another copy is active; what every process tells of itself is told.

        Raises:
            Unavailable: this copy stands by; nothing was done.
        """
        if method.startswith(OWN_METHODS):
            return
        turn = self.turn if self._own is None else self._own.turn
        if turn is not None:
            turn.check()
        if self._own is not None and not self._began:
            raise Unavailable(
                f"The site {self._context.settings.at_site} is not served yet: try again in a moment",
                reason=SITE_NOT_STARTED,
                retry_after=1.0,
            )

    def _open(self) -> SigningKey:
        settings = self._context.settings
        self.database.check()
        before = schema.current(self.database)
        saved = back_up_before_migration(self.database, before, schema.newest())
        now = before if before == schema.newest() else schema.upgrade(self.database)
        if before != now:
            log.info("database migrated", before=before, now=now, database=self.database.name, saved=str(saved or ""))
        ensure_administrator(self.database, self._passwords, settings)
        with self.database.writing() as session:
            ensure_first_revision(session)
            self._follow_plant(session)
            settings_hooks.ensure_wrapper(session, settings.state_dir)
            key = current_key(session, self._cipher, shared=self._shared)
            return key or add_key(session, self._cipher, token_seconds=settings.session_minutes * 60.0)

    def _follow_plant(self, session: Session) -> None:
        saver = settings_hooks.wrapper_saver(self._context.settings.state_dir)
        try:
            plant_section.catch_up(session, saver, now=time.time())
        except ServiceError as error:
            log.warning("the settings do not follow the plant", error=error.message)

    async def _sweep(self) -> None:
        while True:
            with contextlib.suppress(ServiceError):
                await self.database.write(lambda session: sessions.forget_expired(session, now=time.time()))
            await self._archive_audit()
            await asyncio.sleep(SWEEP_SECONDS)

    async def _archive_audit(self) -> None:
        """Move old audit events to files, where the settings say after how many years."""
        settings = self._context.settings
        if not settings.audit_years:
            return
        try:
            moved = await asyncio.to_thread(
                archive, self.database, settings.audit_archive_path, years=settings.audit_years, by="system"
            )
        except (ServiceError, OSError) as error:
            log.warning("audit events could not be archived", error=str(error))
            return
        if moved.events:
            log.info("audit events archived", events=moved.events, files=[path.name for path in moved.files])

    def drain(self) -> None:
        """End the Watch streams; the followers come back when there is a service again."""
        self.hub.close()

    async def stop(self) -> None:
        """Finish what has begun, let another copy take over, close the database."""
        if self._own is not None:
            self._own._sites = [one for one in self._own._sites if one is not self]
        if self.turn is not None:
            await self.turn.stop_watching()
        for task in self._tasks:
            task.cancel()
        await self.erp.stop()
        await self.activation.settle()
        await self.plane.settle()
        if self.turn is not None:
            await asyncio.to_thread(self.turn.leadership.close)
        self.logins.close()
        await asyncio.to_thread(self.database.close)
