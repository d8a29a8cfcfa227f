"""manifest.json of a version."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Final

from trained.artifacts import read_manifest

SEEDS: Final = (
    b'{"schema_version": "routing-ml/manifest@1", "hash_algorithm": "sha256", "artifacts": {"encoder": {"path": "encoder.joblib", '
    b'"sha256": "'
    + b"0" * 64
    + b'", "schema_version": "routing-ml/encoder@1"}}, "roles": {"encoder": "encoder"}, "metadata": {}}',
    b'{"schema_version": "routing-ml/manifest@1", "artifacts": {"a": {"path": "../a", "sha256": ""}}}',
)
_FILE: Final = Path(tempfile.mkdtemp(prefix="routing-ml-fuzzing-")) / "manifest.json"


def read(data: bytes) -> None:
    """Read it, and ask for every role."""
    _FILE.write_bytes(data)
    manifest = read_manifest(_FILE)
    for role in ("encoder", "index", "meta"):
        manifest.role(role)
    manifest.to_json()
    for artifact in manifest.artifacts.values():
        artifact.file(_FILE.parent).exists()
