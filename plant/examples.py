"""Plants that come with the product, to be tried beside one's own: the demo, and those of `demo/plants`."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from common.errors import NotFound, ServiceError
from common.logs import get_logger
from plant.input_profile import InputProfile
from plant.profile_files import read_profile

log = get_logger(__name__)

OWN: Final = "own"
"""Name of the plant that the installation is for; no example has it."""
DEMO: Final = "demo"
_FOLDER: Final = Path(__file__).resolve().parents[1] / "demo"
DEMO_CATALOGUE: Final = _FOLDER / "catalogue"
EXAMPLES: Final = _FOLDER / "plants"
PROFILE_FILE: Final = "profile.json"


@dataclass(frozen=True)
class Example:
    """A plant that comes with the product: name, folder of its tables, and the profile that they are read through."""

    name: str
    folder: Path
    profile: InputProfile


def examples(folder: Path = EXAMPLES, demo: Path = DEMO_CATALOGUE) -> dict[str, Example]:
    """The plants that are here, by name: the demo, then the others by their names. Without the demo's files there are none."""
    found = {DEMO: Example(DEMO, demo, InputProfile.built_in())} if demo.is_dir() else {}
    for path in sorted(folder.glob(f"*/{PROFILE_FILE}")):
        name = path.parent.name
        if name in (OWN, DEMO):
            continue
        try:
            found[name] = Example(name, path.parent, read_profile(path))
        except ServiceError as error:
            log.warning("an example plant cannot be used", folder=str(path.parent), error=error.message)
    return found


def unknown_plant(name: str, known: Iterable[str]) -> NotFound:
    """What is answered where somebody names a plant (as it is written there) that is not here; `known` are those that are."""
    return NotFound(f"There is no plant {name} here; there are {', '.join(known)}", reason="PLANT_UNKNOWN")
