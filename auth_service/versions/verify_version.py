"""Run as a process: load one version, search it, and say as JSON what was found. A version that crashes its loader crashes only this.

`python -m auth_service.versions.verify_version FOLDER MANIFEST DERIVED NAME`
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from common.errors import ServiceError
from common.notices import notice, write_texts
from common.process_end import run_and_leave


def main(folder: Path, manifest_path: Path, derived: Path, name: str) -> dict[str, Any]:
    """What passed, which problem there is, and its reason for programs."""
    from trained.version_loading import load_version
    from trained.version_proof import check_features, check_version

    passed: list[str] = []

    def failed(message: str, reason: str = "") -> dict[str, Any]:
        return {"passed": write_texts(passed), "problems": write_texts([message]), "reason": reason}

    try:
        passed.append(check_version(folder, manifest_path, derived, name))
        model = load_version(folder, manifest_path, derived, version_name=name)
    except ServiceError as error:
        return failed(error.message, error.reason)
    except Exception as error:  # what a damaged artifact raises cannot be foreseen
        return failed(f"Loading {folder} failed: {type(error).__name__}: {error}")
    try:
        passed.append(
            notice(
                "VERSION_LOADED",
                "loaded: {items} items, {dimensions} dimensions, engine {engine}",
                items=model.items,
                dimensions=model.dimension,
                engine=model.engine_name,
            )
        )
        passed.extend(model.notes)
        passed.append(check_features(model.features, model.schema))
        model.prove()
        passed.append(notice("SEARCHES_RIGHT", "searches answer as they must"))
    except ServiceError as error:
        return failed(error.message, error.reason)
    except Exception as error:
        return failed(f"Searching failed: {type(error).__name__}: {error}")
    finally:
        model.close()
    return {"passed": write_texts(passed), "problems": [], "reason": ""}


def say() -> None:
    """Check what the command line names, and print what was found."""
    folder, manifest, derived, name = sys.argv[1:5]
    print(json.dumps(main(Path(folder), Path(manifest), Path(derived), name)), flush=True)


if __name__ == "__main__":
    run_and_leave(say)
