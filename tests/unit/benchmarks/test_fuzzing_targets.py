"""What reads foreign bytes refuses in the product's own words: the inputs that fuzzing begins with, those that it found, and some more."""

from __future__ import annotations

import contextlib
import importlib
import random
from pathlib import Path
from typing import Any

import pytest

from benchmarks.fuzzing.__main__ import NAMES
from common.errors import ServiceError

FOUND = Path(__file__).parents[2] / "data" / "fuzzing"
CHANGED = 60
"""Inputs with changed bytes that each target is tried with here; `python -m benchmarks.fuzzing` tries many more."""
WHOLE_FILES = {"access_file": 10}
"""The same of targets whose inputs are files of hundreds of kilobytes."""


def inputs(target: Any, name: str) -> list[bytes]:
    chance = random.Random(name)
    made = [*target.SEEDS, *(path.read_bytes() for path in sorted((FOUND / name).glob("*")))]
    for _ in range(WHOLE_FILES.get(name, CHANGED)):
        data = bytearray(chance.choice(made))
        for _ in range(chance.randint(1, 6)):
            if data:
                data[chance.randrange(len(data))] = chance.randrange(256)
        made.append(bytes(data[: chance.randint(0, len(data))] if chance.random() < 0.3 else data))
    return made


@pytest.mark.parametrize("name", NAMES)
def test_foreign_bytes_are_read_or_refused(name: str) -> None:
    target = importlib.import_module(f"benchmarks.fuzzing.targets.{name}")
    for data in inputs(target, name):
        with contextlib.suppress(ServiceError):
            target.read(data)


def test_every_found_input_belongs_to_a_target() -> None:
    assert {path.name for path in FOUND.iterdir()} <= set(NAMES)
