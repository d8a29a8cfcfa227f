"""Profiles and settings as JSON texts."""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from typing import Final

from common.errors import ServiceError
from plant.input_profile import InputProfile
from plant.output_profile.profile import OutputProfile
from plant.settings import PlantSettings

SEEDS: Final = (
    b"{}",
    InputProfile.built_in().to_json().encode(),
    b'{"name": "x", "tables": {"items": "t"}, "columns": [{"role": "items", "internal": "ITEM_CD", "source": "a"}]}',
    b'{"name": "x", "columns": [{"source": "ITEM_CD", "target": "item", "format": "text"}]}',
    b'{"search": {"ef_search": 64}, "prediction": {"strategy": "nearest"}}',
)
_READERS: Final[tuple[Callable[[str], object], ...]] = (InputProfile.parse, OutputProfile.parse, PlantSettings.parse)


def read(data: bytes) -> None:
    """Read it as each of them."""
    try:
        text = data.decode("utf-8", "surrogatepass")
    except UnicodeDecodeError:
        text = data.decode("utf-8", "replace")
    for reader in _READERS:
        with contextlib.suppress(ServiceError):
            reader(text)
