"""The package for pip: every folder of the program is in it, below one name."""

from __future__ import annotations

import tomllib
from pathlib import Path

from installer.release_source import NOT_INSTALLED
from tests.support.project_files import project_files

ROOT = Path(__file__).resolve().parents[2]
OWN = {"routing_ml", "routing_ml_client"}
"""Packages that an environment gets under their own names."""


def test_every_package_of_the_program_is_in_the_wheel_below_one_name() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    folders = {
        name.split("/")[0] for name in project_files(".py") if "/" in name and not name.startswith(NOT_INSTALLED)
    }
    assert set(wheel["packages"]) == OWN
    assert folders - set(wheel["force-include"]) == OWN
    assert all(inside.startswith("routing_ml/program/") for inside in wheel["force-include"].values())
