"""Making a release: program, built frontend, wheels, places for WinSW and Caddy, bill of materials and hashes in one zip."""

from __future__ import annotations

import json
import shutil
import tempfile
import time
import zipfile
from collections.abc import Sequence
from pathlib import Path

from bootstrap import documents, frontend
from bootstrap.environment import Environment, venv_folder
from bootstrap.progress import SetupFailed, Step
from common.files import write_text, writing
from installer.bill_of_materials import bill_of_materials
from installer.release_source import FACTS, SUMS, hash_file, program_files, software_version
from installer.service_programs import CADDY_NAME, WINSW_NAME
from installer.wheelhouse import collect_wheels
from installer.wording import words

BILL = "bom.cdx.json"
TOOLS = "tools"
OLDEST_ZIP_TIME = (1980, 1, 1, 0, 0, 0)

TOOLS_README = """\
Programs that Windows services need and that are not part of this release:

  WinSW-x64.exe   WinSW 2.12.0 (github.com/winsw/winsw), runs the processes as services
  caddy.exe       Caddy 2 (caddyserver.com), HTTPS; not needed where IIS is the proxy

Put them here before running install.ps1, or name them with -WinSW and -Caddy.
"""

README = """\
Routing ML {version} for {platform}, Python {pythons}

Windows, as administrator, in Windows PowerShell:
    Set-ExecutionPolicy -Scope Process Bypass
    .\\app\\compose-windows\\install.ps1 -Site https://routing.plant.local

Linux:
    cd app && python3 -m installer install --program /opt/routing-ml --data /var/lib/routing-ml

No network is needed: the packages come from the folder wheels. SHA256SUMS lists every file, bom.cdx.json what is in them.
"""


def make_release(
    root: Path,
    platform: str,
    pythons: Sequence[str],
    output: Path,
    *,
    winsw: Path | None = None,
    caddy: Path | None = None,
) -> Path:
    """Make the zip of a release and its .sha256; returns the zip.

    Args:
        root: clone of the project.
        platform: win_amd64 or linux_x86_64.
        pythons: versions of Python that it can be installed with.
        winsw: WinSW-x64.exe to put in. caddy: caddy.exe to put in.

    Raises:
        SetupFailed: frontend or documents cannot be built, a wheel is missing, a tool is not there.
    """
    for tool in (winsw, caddy):
        if tool is not None and not tool.is_file():
            raise SetupFailed(words("check.no_file", option="WinSW, -Caddy", file=tool))
    environment = Environment(venv_folder())
    frontend.build(environment)
    documents.build(environment)
    version = software_version(root)
    name = f"routing-ml-{version}-{platform}"
    output.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=output) as temporary:
        folder = Path(temporary) / name
        fill(folder, root, platform, pythons, winsw=winsw, caddy=caddy)
        archive = output / f"{name}.zip"
        with Step("Writing the zip"):
            pack(folder, archive)
        shutil.copyfile(folder / BILL, output / f"{name}.{BILL}")
    write_text(archive.with_name(f"{archive.name}.sha256"), f"{hash_file(archive)}  {archive.name}\n")
    return archive


def fill(
    folder: Path,
    root: Path,
    platform: str,
    pythons: Sequence[str],
    *,
    winsw: Path | None = None,
    caddy: Path | None = None,
) -> None:
    """Put everything of a release into `folder`, its hashes last."""
    version, made_at = software_version(root), time.time()
    for path in program_files(root):
        target = folder / "app" / path
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(root / path, target)
    wheels = collect_wheels(root / "requirements" / "runtime.txt", platform, pythons, folder / "wheels")
    if platform == "win_amd64":
        (folder / TOOLS).mkdir()
        (folder / TOOLS / "README.txt").write_text(TOOLS_README, encoding="utf-8")
        for tool, tool_name in ((winsw, WINSW_NAME), (caddy, CADDY_NAME)):
            if tool is not None:
                shutil.copyfile(tool, folder / TOOLS / tool_name)
    bill = bill_of_materials(version, wheels, root / "frontend" / "package-lock.json", made_at)
    (folder / BILL).write_text(json.dumps(bill, indent=1, ensure_ascii=False), encoding="utf-8")
    readme = README.format(version=version, platform=platform, pythons=", ".join(pythons))
    (folder / "README.txt").write_text(readme, encoding="utf-8")
    facts = {"version": version, "platform": platform, "pythons": list(pythons), "made_at": made_at}
    (folder / FACTS).write_text(json.dumps(facts, indent=1), encoding="utf-8")
    write_sums(folder)


def write_sums(folder: Path) -> None:
    """Write SHA256SUMS over all files of a folder."""
    lines = [
        f"{hash_file(path)}  {path.relative_to(folder).as_posix()}\n"
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path != folder / SUMS
    ]
    (folder / SUMS).write_text("".join(lines), encoding="utf-8")


def pack(folder: Path, archive: Path) -> None:
    """Zip a folder under its own name; wheels, which are zips, are only stored."""
    with writing(archive) as stream, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as target:
        for path in sorted(folder.rglob("*")):
            if path.is_file():
                entry = zipfile.ZipInfo(f"{folder.name}/{path.relative_to(folder).as_posix()}", OLDEST_ZIP_TIME)
                entry.external_attr = 0o100644 << 16
                entry.compress_type = zipfile.ZIP_STORED if path.suffix == ".whl" else zipfile.ZIP_DEFLATED
                with open(path, "rb") as source, target.open(entry, "w") as written:
                    shutil.copyfileobj(source, written, 1 << 20)
