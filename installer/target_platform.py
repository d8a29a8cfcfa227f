"""The requirements of another system: which of the locked packages it needs, and the tags that its wheels may carry."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

GLIBC_MINORS = (17, 24, 26, 27, 28, 31, 34, 35)


@dataclass(frozen=True)
class Target:
    """A system to collect wheels for.

    Attributes:
        platform: win_amd64 or linux_x86_64.
        python: version of Python, such as 3.11.
    """

    platform: str
    python: str

    @property
    def tags(self) -> list[str]:
        """Platform tags of wheels that run there, as pip takes them."""
        if self.platform == "win_amd64":
            return ["win_amd64"]
        return [
            "linux_x86_64",
            "manylinux1_x86_64",
            "manylinux2010_x86_64",
            "manylinux2014_x86_64",
            *(f"manylinux_2_{minor}_x86_64" for minor in GLIBC_MINORS),
        ]

    @property
    def markers(self) -> Mapping[str, str]:
        """What the markers in requirements are compared with there."""
        windows = self.platform == "win_amd64"
        return {
            "sys_platform": "win32" if windows else "linux",
            "platform_system": "Windows" if windows else "Linux",
            "os_name": "nt" if windows else "posix",
            "platform_machine": "AMD64" if windows else "x86_64",
            "platform_python_implementation": "CPython",
            "implementation_name": "cpython",
            "python_version": self.python,
            "python_full_version": f"{self.python}.0",
            "implementation_version": f"{self.python}.0",
            "platform_release": "",
            "platform_version": "",
            "extra": "",
        }

    def requirements(self, locked: Path) -> str:
        """The locked requirements that hold there, without their markers.

        pip itself compares markers with the system that it runs on, also when it downloads for another.
        """
        # pip brings the reference implementation of markers; nothing else may be needed before packages are installed.
        from pip._vendor.packaging.markers import Marker

        kept = []
        for block in blocks(locked.read_text(encoding="utf-8")):
            first, *rest = block
            requirement, _, marker = first.rstrip("\\ ").partition(" ; ")
            if marker and not Marker(marker.strip()).evaluate(dict(self.markers)):
                continue
            kept += [f"{requirement.strip()} \\" if rest else requirement.strip(), *rest]
        return "\n".join(kept) + "\n"


def blocks(text: str) -> list[list[str]]:
    """The requirements in a locked file: each a line with name and version, and its lines of hashes."""
    found: list[list[str]] = []
    for line in text.splitlines():
        if re.match(r"[A-Za-z0-9]", line):
            found.append([line])
        elif line.strip() and not line.lstrip().startswith("#"):
            found[-1].append(line)
    return found
