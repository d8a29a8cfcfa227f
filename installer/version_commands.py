"""Installing, upgrading and going back on Windows, and making releases: looked at, planned, shown, and only then carried out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from bootstrap.progress import SetupFailed
from installer import checks, settings_files, verification
from installer.change import INSTALL, Change, Prepared, WentBack
from installer.checks import Finding
from installer.choices import CADDY, IIS, Choices, Tools
from installer.door import ERROR, WARNING
from installer.front_door import DONE, FAILED, NOT_INSTALLED, WENT_BACK, WRONG_USAGE, Call
from installer.journal import exclusively, previous_version
from installer.named_places import wrong_files
from installer.release_source import FACTS, ReleaseSource
from installer.service_table import CONTROL, GATEWAY, ROLES
from installer.windows_services import NSSM, WINSW
from installer.windows_system import CADDY_SERVICE, Site, WindowsSystem, former_choices
from installer.wording import words

INSTALLED_EVENT, UPGRADED_EVENT, WENT_BACK_EVENT = 1000, 1100, 1200
SITE_SECONDS = 45.0


def install(call: Call) -> int:
    """Install the release that the script lies in, or bring its installation in order."""
    return _to_release(call, is_upgrade=False)


def upgrade(call: Call) -> int:
    """Upgrade to the release that the script lies in."""
    return _to_release(call, is_upgrade=True)


def _to_release(call: Call, *, is_upgrade: bool) -> int:
    found: list[Finding] = []
    release = _release_of(call, found)
    bare = Change(call.layout, WindowsSystem(call.layout, call.machine, call.application, Choices()))
    former = bare.served_version()
    if is_upgrade and former is None and not call.layout.env_file.is_file():
        call.door.say(words("check.nothing_installed", folder=call.layout.data), ERROR)
        return NOT_INSTALLED
    if release and former and former != release.version and not is_upgrade:
        found.append(checks.finding("use_upgrade", usage=True, former=former, version=release.version))
    known = former_choices(call.layout, call.machine, call.table)
    choices, tools, site = _choices(call, known), _tools(call), _site(call, found, known)
    system = WindowsSystem(
        call.layout, call.machine, call.application, choices, tools, release.folder if release else None, site
    )
    found += _in_the_way(call, release, former, choices, tools, system)
    change = Change(call.layout, system, on_step=lambda step: _tell(call, step))
    prepared = None
    if release and not any(one.blocks for one in found):
        try:
            prepared = change.to_install(release, database_saved=bool(call.switch("DatabaseSaved")))
        except SetupFailed as error:
            found.append(Finding(str(error)))
    if not _told(call, found) or prepared is None:
        return WRONG_USAGE if any(one.usage and one.blocks for one in found) else FAILED
    event = UPGRADED_EVENT if is_upgrade else INSTALLED_EVENT
    return _carry_out(call, change, system, prepared, event, lambda: _finish(call, prepared, system, choices))


def rollback(call: Call) -> int:
    """Take an interrupted change back, or let the version before run again."""
    choices = former_choices(call.layout, call.machine, call.table)
    system = WindowsSystem(call.layout, call.machine, call.application, choices)
    change = Change(call.layout, system, on_step=lambda step: _tell(call, step))
    operation = change.interrupted()
    wanted = call.text("Version")
    if operation is None and change.served_version() is None:
        call.door.say(words("check.nothing_installed", folder=call.layout.program), ERROR)
        return NOT_INSTALLED
    prepared = None
    if wanted and (operation is None or operation.former not in (None, wanted)):
        prepared = change.to_go_to(wanted, database_saved=bool(call.switch("DatabaseSaved")))
    elif operation is None:
        former = previous_version(call.layout)
        if former is None:
            raise SetupFailed(words("check.no_former", known=", ".join(call.layout.installed())))
        prepared = change.to_go_to(former, database_saved=bool(call.switch("DatabaseSaved")))
    if prepared and not prepared.steps and operation is None:
        call.door.say(words("done.current_already", version=prepared.wanted))
        return DONE
    return _carry_out(call, change, system, prepared, WENT_BACK_EVENT, lambda: DONE)


def _carry_out(
    call: Call,
    change: Change,
    system: WindowsSystem,
    prepared: Prepared | None,
    event: int,
    finish: Callable[[], int],
) -> int:
    """Show what will be done and do it once it is confirmed; tells the log of the script and the event log how it ended."""
    operation, active, steps = change.interrupted(), call.layout.active(), []
    if operation:
        kind = words(f"kind.{operation.kind}")
        steps.append(("recover", words("step.recover", kind=kind, wanted=operation.wanted, step=operation.step)))
    if prepared:
        steps += prepared.in_words(call.layout)
    kind = prepared.kind if prepared else "recover"
    action = words(
        f"plan.{kind}", version=prepared.wanted if prepared else "", former=prepared.former if prepared else ""
    )
    if not call.door.confirm(str(call.layout.program), action, steps):
        call.door.say(words("plan.not_confirmed"))
        return DONE
    with exclusively(call.layout):
        if (change.interrupted(), call.layout.active()) != (operation, active):
            call.door.say(words("check.changed_meanwhile", folder=call.layout.program), ERROR)
            return FAILED
        call.door.log_to(call.layout.data / "logs" / "scripts", str(call.text("Script") or kind))
        for name, text in steps:
            call.door.note(f"{name}: {text}")
        try:
            recovered = change.recover()
            if recovered:
                call.door.say(recovered)
            said = change.carry_out(prepared) if prepared else ""
            code = finish()
        except WentBack as error:
            call.door.say(str(error), ERROR)
            call.door.event(event, "Warning", str(error))
            return WENT_BACK
        except (SetupFailed, OSError) as error:
            call.door.say(str(error), ERROR)
            call.door.event(event, "Error", str(error))
            return FAILED
        if said:
            call.door.say(said)
        call.door.event(event, "Information" if code == DONE else "Error", said or recovered or "")
        return code


def _tell(call: Call, step: str) -> None:
    call.door.say(words("plan.step", step=step, what=words(f"doing.{step}")))


def _finish(call: Call, prepared: Prepared, system: WindowsSystem, choices: Choices) -> int:
    """After the version serves: ask the site as a browser would, and show the first password."""
    code = DONE
    if choices.with_caddy:
        site = settings_files.site_names(call.layout)
        try:
            verification.verify_site(site, choices.https_port, patience_seconds=SITE_SECONDS)
            call.door.say(words("done.site", site=site))
        except SetupFailed as error:
            trouble = system.trouble() or system.last_words_of(CADDY_SERVICE)
            reason = f"{error} {trouble}".strip()
            call.door.say(words("failed.step", step="site", reason=reason), ERROR)
            code = FAILED
    elif choices.has(GATEWAY):
        call.door.say(words("done.iis", folder=call.layout.current / "app" / "frontend" / "dist"))
    if choices.roles:
        call.door.say(words("done.roles", roles=", ".join(choices.roles)))
    if choices.has(CONTROL) and (prepared.kind == INSTALL or system.password_file().is_file()):
        _show_password(call, system.password_file())
    return code


def _show_password(call: Call, file: Path) -> None:
    try:
        password = file.read_text(encoding="utf-8").strip()
    except FileNotFoundError:
        return
    email = settings_files.read_env(call.layout.env_file).get("ROUTING_ML_ADMIN_EMAIL") or "admin@routing.local"
    call.door.say(words("done.password", email=email, password=password), logged=False)
    file.unlink(missing_ok=True)


def _told(call: Call, found: list[Finding]) -> bool:
    """Say what was found; returns whether it may be gone on."""
    for one in found:
        call.door.say(one.text, ERROR if one.blocks else WARNING)
    if any(one.blocks for one in found):
        call.door.say(words("plan.nothing_changed"), ERROR)
        return False
    return True


def _release_of(call: Call, found: list[Finding]) -> ReleaseSource | None:
    folder = call.application.parent if (call.application.parent / FACTS).is_file() else call.application
    try:
        return ReleaseSource.open(folder, call.path("Wheelhouse"))
    except (SetupFailed, OSError, ValueError, KeyError) as error:
        found.append(Finding(str(error)))
        return None


def _choices(call: Call, known: Choices) -> Choices:
    proxy, runner = known.proxy, known.runner
    if call.switch("UseIis") is not None:
        proxy = IIS if call.switch("UseIis") else CADDY
    if call.text("Nssm"):
        runner = NSSM
    elif call.text("WinSW"):
        runner = WINSW
    named = checks.site_ports(call.text("Site"))
    port = call.number("HttpsPort") or (named[0] if named else known.https_port)
    return Choices(proxy, runner, port, _roles(call, known))


def _roles(call: Call, known: Choices) -> tuple[str, ...]:
    """What the host is for; () for everything.

    Raises:
        SetupFailed: a role that there is not.
    """
    named = [role.lower() for role in call.several("Role")]
    if not named:
        return known.roles
    unknown = [role for role in named if role not in ROLES]
    if unknown:
        raise SetupFailed(words("check.role", role=unknown[0], known=", ".join(ROLES)))
    return () if set(named) == set(ROLES) else tuple(role for role in ROLES if role in named)


def _tools(call: Call) -> Tools:
    return Tools(call.path("WinSW"), call.path("Caddy"), call.path("Nssm"))


def _site(call: Call, found: list[Finding], known: Choices) -> Site:
    """Names and certificate of the site; what is wrong with them is added to what was found."""
    with_caddy = _choices(call, known).with_caddy
    site = call.text("Site") or settings_files.site_names(call.layout)
    if with_caddy and not site:
        found.append(checks.finding("site_missing", usage=True, blocks=not call.preview))
    if site and (with_caddy or call.text("Site")):
        found += checks.check_site(site, call.number("HttpsPort"))
    certificate, key = call.path("Certificate"), call.path("CertificateKey")
    found += checks.check_certificate(certificate, key)
    return Site(call.text("Site"), certificate, key)


def _in_the_way(
    call: Call,
    release: ReleaseSource | None,
    former: str | None,
    choices: Choices,
    tools: Tools,
    system: WindowsSystem,
) -> list[Finding]:
    layout, machine = call.layout, call.machine
    names = [service.name for service in call.table.services]
    found = checks.check_python()
    adds = release is not None and not layout.is_complete(release.version)
    found += checks.check_folders(layout, needs_room=adds, tries_to_write=not call.preview)
    found += checks.check_tools(layout, choices, tools, release, former)
    found += checks.check_other_installation(layout, machine, names)
    if release:
        found += checks.check_clock(release)
    if former is None and not any(system.services.state(name) == "RUNNING" for name in names):
        example = release.application / ".env.example" if release else None
        found += checks.check_process_ports(layout, machine, example, system.address_settings)
    if choices.with_caddy:
        runs = system.services.state(CADDY_SERVICE) == "RUNNING" and choices.https_port in _ports_of_caddy(call)
        found += checks.check_site_port(machine, choices.https_port, caddy_runs=runs)
    found += [Finding(text) for text in wrong_files(layout.data)]
    found += checks.check_driver(layout)
    return found + checks.check_antivirus(layout, machine)


def _ports_of_caddy(call: Call) -> set[int]:
    """Ports that the installation's own Caddy listens on while it runs, whatever the firewall has been told."""
    known = former_choices(call.layout, call.machine, call.table)
    return {known.https_port, *checks.site_ports(settings_files.site_names(call.layout))}


def release(call: Call) -> int:
    """Make a release of the clone that the script lies in."""
    from installer.release_archive import make_release

    platform = call.text("Platform") or "win_amd64"
    pythons = call.several("PythonVersion") or ["3.11", "3.12", "3.13"]
    output = call.path("Output") or call.application / "var" / "releases"
    steps = [("release", words("step.release", platform=platform, folder=output))]
    if not call.door.confirm(str(call.application), words("plan.release"), steps):
        call.door.say(words("plan.not_confirmed"))
        return DONE
    tools = _tools(call)
    made = make_release(call.application, platform, pythons, output, winsw=tools.winsw, caddy=tools.caddy)
    call.door.say(str(made))
    return DONE
