"""The workflows of GitHub: what they say is understood there, and their steps run as far as they are shell."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]

import common

ROOT = Path(__file__).resolve().parents[2]
WORKFLOWS = sorted((ROOT / ".github" / "workflows").glob("*.yml"))
ACTIONLINT = shutil.which("actionlint", path=str(Path(sys.executable).parent)) or shutil.which("actionlint")
BASH = None if sys.platform == "win32" else shutil.which("bash")


def steps() -> list[Any]:
    """Every step that runs a command, with the file and the name or first line of it as its identity."""
    found = []
    for path in WORKFLOWS:
        for job in yaml.safe_load(path.read_text(encoding="utf-8"))["jobs"].values():
            for step in job["steps"]:
                if "run" in step:
                    name = step.get("name", step["run"].splitlines()[0])
                    found.append(pytest.param(step, id=f"{path.stem}: {name}"))
    return found


@pytest.mark.skipif(ACTIONLINT is None, reason="actionlint of requirements/dev.txt is not installed")
def test_actionlint_finds_nothing_to_say() -> None:
    assert ACTIONLINT
    done = subprocess.run([ACTIONLINT, *WORKFLOWS], cwd=ROOT, capture_output=True, text=True, encoding="utf-8")
    assert (done.returncode, done.stdout) == (0, "")


@pytest.mark.skipif(BASH is None, reason="needs bash")
@pytest.mark.parametrize("step", [step for step in steps() if step.values[0].get("shell", "bash") == "bash"])
def test_a_step_is_shell_and_calls_what_there_is(step: dict[str, str]) -> None:
    assert BASH
    parsed = subprocess.run([BASH, "-n"], input=step["run"], capture_output=True, text=True)
    assert (parsed.returncode, parsed.stderr) == (0, "")
    called = re.findall(r"(?:compose-windows|tests|cli)/[\w./-]+\.(?:sh|py)|manage\.py", step["run"])
    assert all((ROOT / name).is_file() for name in called)
    assert all(os.access(ROOT / name, os.X_OK) for name in called if name.endswith(".sh"))


@pytest.mark.parametrize(("tag", "code"), [(f"v{common.__version__}", 0), ("v0.0.0", 1), (common.__version__, 1)])
def test_a_tag_that_is_not_the_version_of_the_software_makes_no_release(tag: str, code: int) -> None:
    command = next(step.values[0]["run"] for step in steps() if "GITHUB_REF_NAME" in step.values[0]["run"])
    words = re.fullmatch(r'python -c "(.*)"', command.strip())
    assert words
    done = subprocess.run([sys.executable, "-c", words[1]], cwd=ROOT, env={**os.environ, "GITHUB_REF_NAME": tag})
    assert done.returncode == code


def test_every_supported_python_is_run_on_both_systems() -> None:
    matrix = yaml.safe_load((ROOT / ".github/workflows/checks.yml").read_text("utf-8"))["jobs"]["checks"]["strategy"][
        "matrix"
    ]
    import manage

    first, last = manage.SUPPORTED
    assert matrix["python"] == [f"3.{minor}" for minor in range(first[1], last[1] + 1)]
    assert {name.partition("-")[0] for name in matrix["os"]} == {"ubuntu", "windows"}
