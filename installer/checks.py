"""What has to be right before an installation changes anything: each thing in the way in one line with its cure."""

from __future__ import annotations

import contextlib
import shutil
import struct
import sys
import time
import uuid
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path, PureWindowsPath
from urllib.parse import urlsplit

from bootstrap.environment import IS_WINDOWS
from bootstrap.progress import SetupFailed
from installer import certificate_check, ports, service_programs
from installer.choices import Choices, Tools
from installer.layout import Layout
from installer.machine import Machine
from installer.release_source import ReleaseSource
from installer.settings_files import read_env
from installer.wording import words

ROOM_FOR_PACKAGES = 1_200 * 1024**2
LEAST_ROOM_FOR_DATA = 500 * 1024**2
CLOCK_TOLERANCE_SECONDS = 3600.0
LONGEST_ROOT_ON_WINDOWS = 80
"""Longer folders bring files of packages past the 260 characters that Windows takes unless long paths are switched on."""

PYTHONS = ((3, 11), (3, 12), (3, 13))
X64_MACHINE = 0x8664
DRIVERS_KEY = r"SOFTWARE\ODBC\ODBCINST.INI\ODBC Drivers"
HTTPS_PORT, HTTP_PORT = 443, 80


@dataclass(frozen=True)
class Finding:
    """Something that was found before an installation.

    Attributes:
        text: what, where and what to do, in one line.
        blocks: whether nothing may be changed before it is cured.
        usage: whether what was asked for is wrong, not the machine.
    """

    text: str
    blocks: bool = True
    usage: bool = False


def finding(key: str, /, *, blocks: bool = True, usage: bool = False, **values: object) -> Finding:
    """A finding by the key of its sentence."""
    return Finding(words(f"check.{key}", **values), blocks, usage)


def refuse(found: Iterable[Finding]) -> None:
    """Refuse to go on where something is in the way.

    Raises:
        SetupFailed: its message has every line.
    """
    in_the_way = [one.text for one in found if one.blocks]
    if in_the_way:
        raise SetupFailed("\n".join(in_the_way))


def check_python(executable: str = sys.executable, bits: int = struct.calcsize("P") * 8) -> list[Finding]:
    """Whether services can run with this Python: version, 64 bits, and installed for all users."""
    found = []
    version = ".".join(str(number) for number in sys.version_info[:2])
    if sys.version_info[:2] not in PYTHONS or bits != 64:
        found.append(finding("python", python=executable, version=version, bits=bits))
    folder = PureWindowsPath(executable)
    parts = [part.lower() for part in folder.parts]
    if IS_WINDOWS and ("windowsapps" in parts or (len(parts) > 3 and parts[1] == "users" and parts[2] != "public")):
        found.append(finding("python_of_one_user", python=executable))
    return found


def nearest(folder: Path) -> Path | None:
    """The folder itself, or the nearest one above it that exists; None where not even the drive does."""
    for place in (folder, *folder.parents):
        if place.is_dir():
            return place
        if place.exists():
            return place.parent
    return None


def check_folders(layout: Layout, *, needs_room: bool, tries_to_write: bool) -> list[Finding]:
    """Whether both folders can be written, have room, and are not too deep.

    Args:
        needs_room: whether a version is added.
        tries_to_write: make and delete an empty file beside them, which a mere preview does not.
    """
    found = []
    for folder, room in ((layout.program, ROOM_FOR_PACKAGES), (layout.data, LEAST_ROOM_FOR_DATA)):
        if IS_WINDOWS and len(str(folder)) > LONGEST_ROOT_ON_WINDOWS:
            longest = LONGEST_ROOT_ON_WINDOWS
            found.append(finding("too_long", folder=folder, length=len(str(folder)), longest=longest))
        place = nearest(folder)
        if place is None:
            found.append(finding("no_drive", folder=folder, drive=folder.anchor))
            continue
        if folder.exists() and not folder.is_dir():
            found.append(finding("no_folder", folder=folder))
            continue
        blocking = next((above for above in folder.parents if above.exists() and not above.is_dir()), None)
        if blocking is not None:
            found.append(finding("cannot_write", folder=folder, reason=words("check.is_file", file=blocking)))
            continue
        free = shutil.disk_usage(place).free
        if needs_room and free < room:
            megabytes = 1024**2
            found.append(finding("no_room", folder=folder, free=free // megabytes, needed=room // megabytes))
        if tries_to_write:
            found += _check_writing(place, folder)
    return found


def _check_writing(place: Path, folder: Path) -> list[Finding]:
    probe = place / f".write-test-{uuid.uuid4().hex[:8]}"
    try:
        probe.write_bytes(b"routing-ml")
    except OSError as error:
        return [finding("cannot_write", folder=folder, reason=error.strerror or error)]
    finally:
        with contextlib.suppress(OSError):
            probe.unlink(missing_ok=True)
    return []


def check_clock(release: ReleaseSource) -> list[Finding]:
    """Whether the clock is behind the release: certificates and sessions made by it would be refused elsewhere."""
    behind = release.made_at - time.time()
    if behind <= CLOCK_TOLERANCE_SECONDS:
        return []
    return [finding("clock", hours=f"{behind / 3600:.0f}", now=time.strftime("%Y-%m-%d %H:%M"))]


def check_process_ports(
    layout: Layout,
    machine: Machine | None = None,
    example: Path | None = None,
    wanted_settings: Sequence[str] = ports.ADDRESS_SETTINGS,
) -> list[Finding]:
    """Whether the ports of the processes are free, for a time when none of them runs.

    Args:
        machine: tells which program has a port; None: nobody is asked.
        example: `.env.example` of the release, whose ports count before there is a `.env`.
        wanted_settings: those of the processes that are for this machine.
    """
    found = []
    for setting, port in ports.taken_ports(layout, example, wanted_settings):
        holder = ports.holder_of(machine.run, port) if machine else ""
        shown = f": {holder}" if holder else ""
        found.append(finding("port_taken", port=port, holder=shown, setting=setting, file=layout.env_file))
    return found


def site_ports(site: str) -> list[int]:
    """The ports of the names under which browsers reach the site; empty when a name cannot be understood."""
    found = []
    for name in site.replace(",", " ").split():
        try:
            address = urlsplit(name if "://" in name else f"https://{name}")
            port = address.port
        except ValueError:
            return []
        if address.scheme not in ("https", "http") or not address.hostname:
            return []
        found.append(port or (HTTP_PORT if address.scheme == "http" else HTTPS_PORT))
    return found


def check_site(site: str, https_port: int | None) -> list[Finding]:
    """Whether the names of the site can be understood and agree with the port that the firewall opens."""
    named = site_ports(site)
    if not named:
        return [finding("site", usage=True, site=site)]
    if https_port is not None and https_port not in named:
        return [finding("site_port", usage=True, site=site, named=named[0], port=https_port)]
    return []


def check_site_port(machine: Machine, port: int, *, caddy_runs: bool) -> list[Finding]:
    """Whether the site's port is free where Caddy does not hold it already."""
    if caddy_runs or not ports.is_taken("0.0.0.0", port):
        return []
    holder = ports.holder_of(machine.run, port)
    return [finding("site_port_taken", port=port, holder=f": {holder}" if holder else "")]


def check_certificate(certificate: Path | None, key: Path | None) -> list[Finding]:
    """Whether the certificate and its key can be read, belong together, and are still valid."""
    if certificate is None:
        return [finding("key_without_certificate", usage=True)] if key else []
    if key is None and not certificate_check.has_key(certificate):
        return [finding("certificate_without_key", usage=True, certificate=certificate)]
    problem = certificate_check.problem(certificate, key or certificate)
    return [Finding(problem)] if problem else []


def check_tools(
    layout: Layout, choices: Choices, tools: Tools, release: ReleaseSource | None, former: str | None
) -> list[Finding]:
    """Whether WinSW or NSSM, and Caddy are there and are programs for this Windows."""
    found = []
    for name in service_programs.needed(choices):
        named = {service_programs.WINSW_NAME: tools.winsw, service_programs.CADDY_NAME: tools.caddy}
        source = service_programs.given(name, tools, release.folder if release else None)
        option = {"WinSW-x64.exe": "WinSW", "caddy.exe": "Caddy", "nssm.exe": "Nssm"}[name]
        if source is None:
            kept = former and service_programs.kept(layout, former, name).is_file()
            if not kept and not any(place.is_file() for place in service_programs.in_place(layout, name)):
                place = release.folder / service_programs.FOLDER if release and release.folder else "tools"
                found.append(finding("tool_missing", name=name, option=option, folder=place))
        elif not source.is_file():
            found.append(finding("no_file", option=option, file=source, usage=named.get(name) is not None))
        elif not is_program(source):
            found.append(finding("no_program", option=option, file=source))
    return found


def is_program(file: Path) -> bool:
    """Whether a file is a program for 64-bit Windows."""
    with open(file, "rb") as stream:
        head = stream.read(4096)
    if head[:2] != b"MZ" or len(head) < 64:
        return False
    at = int.from_bytes(head[60:64], "little")
    return head[at : at + 4] == b"PE\0\0" and int.from_bytes(head[at + 4 : at + 6], "little") == X64_MACHINE


def check_other_installation(layout: Layout, machine: Machine, names: Sequence[str]) -> list[Finding]:
    """Whether services of an installation in another folder are registered here."""
    for name in names:
        service = machine.service(name)
        if service is None:
            continue
        folder = PureWindowsPath(service.program).parent
        if folder.name.lower() == "services" and folder != PureWindowsPath(str(layout.services)):
            return [finding("other_installation", service=name, folder=folder.parent)]
    return []


def check_driver(layout: Layout) -> list[Finding]:
    """Whether Microsoft's driver is there, where the settings want Access files read by it; they need none otherwise."""
    settings = read_env(layout.env_file)
    named = settings.get("ROUTING_ML_DATASET") or settings.get("ROUTING_ML_INITIAL_DATASET") or ""
    by_driver = settings.get("ROUTING_ML_ACCESS_READER", "").lower() == "microsoft"
    if not IS_WINDOWS or not by_driver or access_drivers():
        return []
    return [finding("driver", blocks=False, source=named or ".accdb")]


def access_drivers(*, bits: int = 64) -> list[str]:
    """Names of the Access drivers of one bitness."""
    if sys.platform != "win32":
        return []
    import winreg

    view = winreg.KEY_WOW64_64KEY if bits == 64 else winreg.KEY_WOW64_32KEY
    found = []
    try:
        with winreg.OpenKey(winreg.HKEY_LOCAL_MACHINE, DRIVERS_KEY, 0, winreg.KEY_READ | view) as key:
            for number in range(winreg.QueryInfoKey(key)[1]):
                found.append(str(winreg.EnumValue(key, number)[0]))
    except OSError:
        return []
    return sorted(name for name in found if name.startswith("Microsoft Access Driver"))


def check_antivirus(layout: Layout, machine: Machine) -> list[Finding]:
    """Whether Windows' own virus scanner, where it runs, passes over the folders in which files are swapped and mapped."""
    state = machine.hands("look-defender")
    if not state or not state.get("active"):
        return []
    excluded = [PureWindowsPath(str(path)) for path in state.get("excluded") or []]
    open_ones = [
        str(folder)
        for folder in (layout.program, layout.data)
        if not any(PureWindowsPath(str(folder)).is_relative_to(path) for path in excluded)
    ]
    if not open_ones:
        return []
    paths = ", ".join(f"'{folder}'" for folder in open_ones)
    return [finding("antivirus", blocks=False, folders=", ".join(open_ones), paths=paths)]
