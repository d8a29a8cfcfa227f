"""What a release is made of, as CycloneDX 1.6: the program, the Python packages with the hashes of their wheels, those of the screens."""

from __future__ import annotations

import base64
import json
import time
import uuid
import zipfile
from collections.abc import Iterable
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from installer.release_source import hash_file

SPECIFICATION = "1.6"


def bill_of_materials(version: str, wheels: Iterable[Path], package_lock: Path, made_at: float) -> dict[str, Any]:
    """The bill of materials of a release.

    Args:
        wheels: the Python packages; several wheels of one package and version are one component.
        package_lock: package-lock.json of the frontend.
        made_at: seconds since 1970.
    """
    program = f"pkg:generic/routing-ml@{version}"
    components = [*python_components(wheels), *frontend_components(package_lock)]
    references = sorted(component["bom-ref"] for component in components)
    return {
        "bomFormat": "CycloneDX",
        "specVersion": SPECIFICATION,
        "serialNumber": f"urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, program + ' ' + ' '.join(references))}",
        "version": 1,
        "metadata": {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(made_at)),
            "component": {"type": "application", "bom-ref": program, "name": "routing-ml", "version": version},
        },
        "components": components,
        "dependencies": [{"ref": program, "dependsOn": references}],
    }


def python_components(wheels: Iterable[Path]) -> list[dict[str, Any]]:
    """A component for each Python package, with the sha256 of each of its wheels."""
    found: dict[str, dict[str, Any]] = {}
    for wheel in sorted(wheels):
        metadata = wheel_metadata(wheel)
        name, version = str(metadata["Name"]), str(metadata["Version"])
        reference = f"pkg:pypi/{name.lower().replace('_', '-')}@{version}"
        component = found.setdefault(
            reference,
            {
                "type": "library",
                "bom-ref": reference,
                "name": name,
                "version": version,
                "purl": reference,
                "components": [],
            },
        )
        licence = _licence(metadata)
        if licence:
            component["licenses"] = [{"license": {"name": licence}}]
        component["components"].append(
            {
                "type": "file",
                "bom-ref": f"{reference}#{wheel.name}",
                "name": wheel.name,
                "hashes": [{"alg": "SHA-256", "content": hash_file(wheel)}],
            }
        )
    return [found[reference] for reference in sorted(found)]


def wheel_metadata(wheel: Path) -> Message:
    """The metadata inside a wheel."""
    with zipfile.ZipFile(wheel) as archive:
        name = next(entry for entry in archive.namelist() if entry.endswith(".dist-info/METADATA"))
        return HeaderParser().parsestr(archive.read(name).decode("utf-8"))


def _licence(metadata: Message) -> str:
    for field in ("License-Expression", "License"):
        value = str(metadata.get(field) or "").strip()
        if value and "\n" not in value and len(value) < 120:
            return value
    named = [
        entry.rpartition(" :: ")[2] for entry in metadata.get_all("Classifier") or [] if entry.startswith("License ::")
    ]
    return ", ".join(named)


def frontend_components(package_lock: Path) -> list[dict[str, Any]]:
    """A component for each package that the built frontend may contain (not those that only build it)."""
    packages = json.loads(package_lock.read_text(encoding="utf-8"))["packages"]
    found: dict[str, dict[str, Any]] = {}
    for place, facts in packages.items():
        if not place or facts.get("dev") or facts.get("link"):
            continue
        name = facts.get("name") or place.rpartition("node_modules/")[2]
        reference = f"pkg:npm/{name.replace('@', '%40')}@{facts['version']}"
        component: dict[str, Any] = {
            "type": "library",
            "bom-ref": reference,
            "name": name,
            "version": facts["version"],
            "purl": reference,
        }
        if facts.get("integrity", "").startswith("sha512-"):
            digest = base64.b64decode(facts["integrity"].removeprefix("sha512-")).hex()
            component["hashes"] = [{"alg": "SHA-512", "content": digest}]
        if isinstance(facts.get("license"), str):
            component["licenses"] = [{"license": {"name": facts["license"]}}]
        found[reference] = component
    return [found[reference] for reference in sorted(found)]
