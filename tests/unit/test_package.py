"""The package for pip: every folder of the program is in it, below one name."""

from __future__ import annotations

import subprocess
import tomllib
from pathlib import Path

from installer.release_source import NOT_INSTALLED

ROOT = Path(__file__).resolve().parents[2]
OWN = {"routing_ml", "routing_ml_client"}
"""Packages that an environment gets under their own names."""


def test_every_package_of_the_program_is_in_the_wheel_below_one_name() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]["targets"][
        "wheel"
    ]
    listed = subprocess.run(["git", "ls-files", "*.py"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    folders = {line.split("/")[0] for line in listed.split() if "/" in line and not line.startswith(NOT_INSTALLED)}
    assert set(wheel["packages"]) == OWN
    assert folders - set(wheel["force-include"]) == OWN
    assert all(inside.startswith("routing_ml/program/") for inside in wheel["force-include"].values())
