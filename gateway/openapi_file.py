"""Writes the OpenAPI document to a file: `python -m gateway.openapi_file frontend/openapi.json`.

The types of the screens are generated from that file (`npm run api-types` in frontend/).
"""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Final

import orjson

from common.files import write_text
from common.process_end import run_and_leave
from common.settings import Settings
from gateway.api_document import describe_api
from gateway.app import build_api
from gateway.routes import AREAS
from gateway.state import Gateway

VERSION: Final = "1"
"""Stands for the release's version, which the types do not depend on."""


def api_document() -> dict[str, Any]:
    """The document of all routes, made without a running service."""
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(_env_file=None, state_dir=Path(folder))
        return describe_api(build_api(Gateway(settings, "gateway-openapi")), AREAS, VERSION)


def main(arguments: Sequence[str]) -> int:
    """Write the document; returns the exit code."""
    if len(arguments) != 1:
        sys.stderr.write("Name the file to write: python -m gateway.openapi_file frontend/openapi.json\n")
        return 2
    text = orjson.dumps(api_document(), option=orjson.OPT_INDENT_2).decode()
    write_text(Path(arguments[0]), f"{text}\n")
    return 0


if __name__ == "__main__":
    run_and_leave(lambda: main(sys.argv[1:]))
