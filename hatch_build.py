"""How the package is built: its dependencies are those of requirements/runtime.in, and the built screens and documents come along."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

PROGRAM = "routing_ml/program"
BUILT = {"frontend/dist": "index.html", "docs/site": "en/index.html"}
"""Built folder -> a file that it has once it is built."""


class Dependencies(MetadataHookInterface):
    """The requirements of the running program, versions left open."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Read them."""
        lines = (Path(self.root) / "requirements" / "runtime.in").read_text(encoding="utf-8").splitlines()
        named = (line.split("#")[0].strip() for line in lines)
        metadata["dependencies"] = [line for line in named if line]


class BuiltParts(BuildHookInterface[Any]):
    """What npm and mkdocs have built; without the screens the gateway serves the API alone."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Take along what has been built."""
        for folder, known in BUILT.items():
            if (Path(self.root) / folder / known).is_file():
                build_data["force_include"][folder] = f"{PROGRAM}/{folder}"
            else:
                self.app.display_warning(f"{folder} is not built: run `python3 manage.py setup` first to take it along")
