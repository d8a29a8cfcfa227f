"""Fuzz one target, guided by the code that its inputs reach: `python -m benchmarks.fuzzing.one TARGET [options of libFuzzer] [corpus]`."""

from __future__ import annotations

import contextlib
import importlib
import sys
from collections.abc import Callable
from typing import Any


def main(target: str, options: list[str]) -> None:
    """Run until libFuzzer's limits end it; a find ends it with another exit code than 0."""
    atheris: Any = importlib.import_module("atheris")  # an optional package, of Linux only

    with atheris.instrument_imports(include=["aggregate_service", "cli", "common", "plant", "source", "trained"]):
        module = importlib.import_module(f"benchmarks.fuzzing.targets.{target}")
        from common.errors import ServiceError
    read: Callable[[bytes], None] = module.read

    def once(data: bytes) -> None:
        with contextlib.suppress(ServiceError):
            read(data)

    atheris.Setup([sys.argv[0], *options], once)
    atheris.Fuzz()


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2:])
