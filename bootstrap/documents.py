"""Building the documents in docs/ko and docs/en as a site with search that needs no network; only when a page changed."""

from __future__ import annotations

import hashlib
import os
import subprocess
from pathlib import Path

from bootstrap.environment import ROOT, Environment
from bootstrap.progress import SetupFailed, Step

DOCUMENTS = ROOT / "docs"
SITE = DOCUMENTS / "site"
LANGUAGES = ("ko", "en")
STAMP = ".source-hash"


def build(environment: Environment, site: Path = SITE) -> None:
    """Build docs/site when what stands there is not the build of the pages. Needs the development packages.

    Raises:
        SetupFailed: MkDocs failed; its last lines are in the message.
    """
    wanted = source_hash()
    stamp = site / STAMP
    if stamp.exists() and stamp.read_text(encoding="ascii").strip() == wanted:
        return
    with Step("Building the documents") as step:
        for language in LANGUAGES:
            step.detail(language)
            command = [str(environment.python), "-m", "mkdocs", "build", "--quiet", "--strict", "--clean"]
            command += ["-f", str(DOCUMENTS / f"mkdocs.{language}.yml"), "-d", str(site / language)]
            variables = {**os.environ, "NO_MKDOCS_2_WARNING": "1"}
            done = subprocess.run(
                command, cwd=ROOT, env=variables, capture_output=True, text=True, encoding="utf-8", errors="replace"
            )
            if done.returncode:
                said = "\n".join((done.stdout + done.stderr).strip().splitlines()[-12:])
                raise SetupFailed(f"The documents ({language}) could not be built:\n{said}")
    stamp.write_text(wanted, encoding="ascii")


def source_hash() -> str:
    """sha256 over names and contents of the pages and their configuration."""
    digest = hashlib.sha256()
    pages = [path for language in LANGUAGES for path in (DOCUMENTS / language).rglob("*") if path.is_file()]
    for path in sorted([*pages, *DOCUMENTS.glob("mkdocs*.yml")]):
        digest.update(path.relative_to(DOCUMENTS).as_posix().encode() + b"\0")
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()
