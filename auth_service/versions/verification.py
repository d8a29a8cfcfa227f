"""Whether a version can be served: its manifest is the registered one, its files are whole, its libraries fit, it loads and searches."""

from __future__ import annotations

import asyncio
import hashlib
import json
import time
from dataclasses import dataclass, field
from pathlib import Path

from auth_service.store.records import VersionRecord
from common.errors import PreconditionFailed, ServiceError
from common.files import is_folder
from common.notices import notice, read_texts, values_of
from common.patience import PatienceLost, run_patiently
from common.processes import python_module
from plant.schema import PlantSchema
from trained.artifacts import Verdict, check_integrity, judge, read_manifest
from trained.travel import Located, VersionCache
from trained.version_schema import schema_of

LEAST_CPU_SECONDS, CPU_SECONDS_A_MEGABYTE = 600.0, 3.0
"""Work after which a proof has no end, of a version of no size and for each megabyte of one: hundreds of times what sound ones take."""
ROOT = Path(__file__).resolve().parents[2]


@dataclass
class Findings:
    """What a check found."""

    passed: list[str] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    elapsed_ms: float = 0.0
    reason: str = ""
    """What a program may tell the first problem by; "" where there is none, or none in particular."""

    @property
    def ok(self) -> bool:
        """Whether nothing is wrong."""
        return not self.problems


def located(row: VersionRecord, versions: VersionCache | None) -> Located:
    """Where a version lies on this host; fetched from the store where it does not. Blocks.

    Raises:
        ServiceError: as `VersionCache.locate`.
    """
    if versions is None:
        return Located(Path(row.artifact_dir), Path(row.manifest_path))
    return versions.locate(row.version_name, row.artifact_dir, row.manifest_path, row.manifest_sha256)


def check_files(
    row: VersionRecord, plant: PlantSchema | None = None, versions: VersionCache | None = None
) -> list[str]:
    """Compare a version's files with what was registered; returns what passed. Reads every byte: not on the event loop.

    Args:
        plant: the schema of the active input profile, with which the version has to serve; None: any.
        versions: finds versions here, and fetches those that are not; None: they lie where they were registered.

    Raises:
        PreconditionFailed: a file is missing or another one, or the libraries of the training cannot be read here.
        DataProblem: the manifest or the training metadata cannot be used.
    """
    found = located(row, versions)
    folder, manifest_path = found.folder, found.manifest_path
    if not is_folder(folder):
        raise PreconditionFailed(
            f"The folder {folder} of version {row.version_name} is gone: restore it", reason="ARTIFACT_MISSING"
        )
    manifest = read_manifest(manifest_path)
    if hashlib.sha256(manifest_path.read_bytes()).hexdigest() != row.manifest_sha256:
        raise PreconditionFailed(
            f"{manifest_path} is not the manifest that was registered: restore it, or register the version under another name",
            reason="HASH_MISMATCH",
            details={"path": manifest_path},
        )
    check_integrity(manifest, folder)
    passed: list[str] = [
        notice(
            "FILES_AS_REGISTERED",
            "manifest and {count} artifacts have the registered sha256",
            count=len(manifest.artifacts),
        )
    ]
    meta = manifest.role("meta")
    if meta is not None:
        judgement = judge(_runtime_versions(meta.file(folder)))
        if judgement.verdict is Verdict.REFUSED:
            raise PreconditionFailed(judgement.reason, reason="INCOMPATIBLE_LIBRARIES")
        passed.append(judgement.reason)
    if plant is not None:
        passed.append(check_schema(row.version_name, schema_of(manifest, folder), plant))
    return passed


def check_schema(version: str, schema: PlantSchema, plant: PlantSchema) -> str:
    """Refuse a version whose schema the active input profile does not have; returns what passed.

    Raises:
        PreconditionFailed: it cannot serve; says why and what to do.
    """
    reason = schema.cannot_serve(plant)
    if reason:
        raise PreconditionFailed(
            f"Version {version} cannot serve with the active input profile: {reason}. Train a version with this profile, or make "
            f"the profile of {schema.name} active first",
            reason="SCHEMA_DIFFERS",
            details=values_of(reason),
        )
    return notice("SCHEMA_FITS", "it serves the plant of the active input profile, {plant}", plant=plant.name)


def _runtime_versions(path: Path) -> dict[str, object]:
    try:
        content = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError):
        return {}
    versions = content.get("runtime_versions") if isinstance(content, dict) else None
    return versions if isinstance(versions, dict) else {}


def load_in_child(row: VersionRecord, derived: Path, versions: VersionCache | None = None) -> Findings:
    """Load and search a version in a process of its own, for as long as that works. Blocks: not on the event loop."""
    try:
        found = located(row, versions)
    except ServiceError as error:
        return Findings(problems=[error.message], reason=error.reason)
    command = python_module(
        "auth_service.versions.verify_version",
        str(found.folder),
        str(found.manifest_path),
        str(derived.absolute()),
        row.version_name,
    )
    megabytes = sum(file.stat().st_size for file in found.folder.glob("*") if file.is_file()) / 1e6
    try:
        done = run_patiently(command, cwd=ROOT, most_cpu_seconds=LEAST_CPU_SECONDS + CPU_SECONDS_A_MEGABYTE * megabytes)
    except PatienceLost as error:
        return Findings(problems=[f"The process that loads and searches the version was ended: {error}"])
    try:
        said = json.loads(done.stdout.decode("utf-8", "replace").strip().splitlines()[-1])
        passed, problems = (read_texts(said[name]) for name in ("passed", "problems"))
        return Findings(passed, problems, reason=str(said.get("reason", "")))
    except (ValueError, KeyError, IndexError, TypeError):
        last = (done.stderr.decode("utf-8", "replace").strip().splitlines() or ["no output"])[-1]
        return Findings(problems=[f"The process that loads the version ended with code {done.returncode}: {last}"])


async def verify(row: VersionRecord, derived: Path, versions: VersionCache | None = None) -> Findings:
    """All checks of a version, however many fail."""
    started = time.perf_counter()

    def work() -> Findings:
        try:
            passed = check_files(row, versions=versions)
        except ServiceError as error:
            return Findings(problems=[error.message])
        found = load_in_child(row, derived, versions)
        return Findings(passed + found.passed, found.problems, reason=found.reason)

    findings = await asyncio.to_thread(work)
    findings.elapsed_ms = (time.perf_counter() - started) * 1000
    return findings
