"""Run as a process: load one version, search it, and say as JSON what was found. A version that crashes its loader crashes only this.

`python -m auth_service.versions.verify_version FOLDER MANIFEST DERIVED NAME`
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

from common.errors import ServiceError


def main(folder: Path, manifest_path: Path, derived: Path, name: str) -> dict[str, list[str]]:
    """What passed and which problems there are."""
    from trained.searchable_model import load_version

    passed: list[str] = []
    try:
        model = load_version(folder, manifest_path, derived, version_name=name)
    except ServiceError as error:
        return {"passed": passed, "problems": [error.message]}
    except Exception as error:  # what a damaged artifact raises cannot be foreseen
        return {"passed": passed, "problems": [f"Loading {folder} failed: {type(error).__name__}: {error}"]}
    try:
        passed.append(f"loaded: {model.items:,} items, {model.dimension} dimensions, engine {model.engine_name}")
        passed.extend(model.notes)
        model.prove()
        passed.append("searches answer as they must")
    except ServiceError as error:
        return {"passed": passed, "problems": [error.message]}
    except Exception as error:
        return {"passed": passed, "problems": [f"Searching failed: {type(error).__name__}: {error}"]}
    finally:
        model.close()
    return {"passed": passed, "problems": []}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), Path(sys.argv[3]), sys.argv[4])), flush=True)
