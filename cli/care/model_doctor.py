"""`routing-ml models doctor DIR`: whether a folder with artifacts can be served, by which loader, or the exact reason why not.

No process has to run, and nothing is written into the folder.
"""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from pathlib import Path

from auth_service.store.records import VersionRecord
from auth_service.versions.adoption import describe_folder
from auth_service.versions.verification import Findings, check_files, load_in_child
from common.errors import NotFound, ServiceError
from trained.artifacts import Manifest, read_manifest, sha256_of, write_manifest
from trained.artifacts.manifest import FILE_NAME
from trained.version_loading import is_native, read_training_metadata


@dataclass(frozen=True)
class Diagnosis:
    """What was found about a folder.

    Attributes:
        passed: what is right, in the order of the checks.
        problems: what is wrong and what to do; empty when it can be served.
    """

    passed: list[str]
    problems: list[str]


def examine(folder: Path) -> Diagnosis:
    """Check a folder as activation would, without registering it.

    Raises:
        NotFound: there is no such folder.
    """
    folder = folder.absolute()
    if not folder.is_dir():
        raise NotFound(f"There is no folder {folder}: name the folder that holds the artifacts")
    with tempfile.TemporaryDirectory(prefix="routing-ml-doctor-", ignore_cleanup_errors=True) as scratch:
        found = _examine(folder, Path(scratch))
    return Diagnosis(found.passed, found.problems)


def _examine(folder: Path, scratch: Path) -> Findings:
    passed: list[str] = []
    try:
        path = folder / FILE_NAME
        if not path.is_file():
            path = scratch / FILE_NAME
            write_manifest(path, describe_folder(folder))
            passed.append("it has no manifest; adopting writes one from the names of its files")
        manifest = read_manifest(path)
        passed.append(_lineage(manifest, folder))
        row = VersionRecord(
            version_name=folder.name,
            artifact_dir=str(folder),
            manifest_path=str(path),
            manifest_sha256=sha256_of(path),
        )
        passed += check_files(row)
    except ServiceError as error:
        return Findings(passed, [error.message])
    loaded = load_in_child(row, scratch / "derived")
    return Findings(passed + loaded.passed, loaded.problems)


def _lineage(manifest: Manifest, folder: Path) -> str:
    metadata = read_training_metadata(manifest, folder)
    said = "by training_metadata.json" if metadata.get("lineage") else "by its files"
    if is_native(manifest, metadata):
        return f"a version of this software, {said}"
    return f"a version of the older system, {said}: its stored attributes are read, its libraries are not needed"
