"""Reports that a training leaves beside its model."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Final

import orjson

from common.errors import NotFound
from protos.registry.v1 import registry_pb2 as pb
from trained.travel import VersionCache
from trained.travel.cache import small

REPORTS: Final = (
    "training_metrics",
    "training_metadata",
    "training_request",
    "time_profiles",
    "feature_importance",
    "feature_recommendations",
    "feature_statistics",
)
MOST_BYTES = 64 * 1024 * 1024


async def read_report(found: pb.GetVersionResponse, name: str, versions: VersionCache) -> bytes:
    """A report of a version, as JSON text.

    Args:
        versions: finds versions here, and fetches the reports of those that are not.

    Raises:
        NotFound: the version has none of that name, or it is no JSON. Unavailable: the artifact store does not answer.
    """
    one = found.version

    def read() -> bytes:
        located = versions.locate(one.version_name, one.artifact_dir, one.manifest_path, one.manifest_sha256, small)
        return _read(located.folder, found.manifest_json, name)

    return await asyncio.to_thread(read)


def _read(folder: Path, manifest_json: str, name: str) -> bytes:
    file_name = f"{name}.json"
    try:
        artifacts = orjson.loads(manifest_json or "{}").get("artifacts", {})
        file_name = str(artifacts.get(name, {}).get("path") or file_name)
    except (ValueError, AttributeError):
        pass  # a manifest that cannot be read: the report's usual name
    path = (folder / file_name).resolve()
    try:
        if path.is_relative_to(folder.resolve()) and path.suffix == ".json" and path.stat().st_size <= MOST_BYTES:
            content = path.read_bytes()
            orjson.loads(content)
            return content
    except (OSError, ValueError):
        pass  # said below
    raise NotFound(f"The version has no report {name}")
