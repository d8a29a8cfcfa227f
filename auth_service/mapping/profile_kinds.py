"""What the two kinds of mapping profiles have in common: a name, a description, a normal JSON form, and problems."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache

from common.errors import FieldViolation, InvalidInput
from common.notices import notice
from plant.input_profile import InputProfile
from plant.output_profile import KNOWN_COLUMNS, OutputProfile
from plant.settings.defaults import PROFILE_DESCRIPTION, PROFILE_DESCRIPTION_EN

INPUT, OUTPUT = "input", "output"
KINDS = (INPUT, OUTPUT)
MAX_BYTES = 1024 * 1024
OPERATIONS = ("export", "import", "check", "effects", "preview")
"""What the address of a kind is followed by, where no profile is meant."""

OPERATIONS_OF_ONE = ("revisions", "activate", "revert")
"""What the address of a profile is followed by."""


@dataclass(frozen=True)
class Inspected:
    """What a profile's JSON says.

    Attributes:
        description: in English, or as whoever wrote it; "": none.
        description_ko: in Korean where there is one of its own; "": as `description`.
        json: its normal form; of the profile that comes with the product in full.
        violations: what keeps it from becoming active.
    """

    name: str
    description: str
    description_ko: str
    json: str
    violations: tuple[FieldViolation, ...]

    @property
    def problems(self) -> list[str]:
        """The violations for people."""
        return [violation.sentence for violation in self.violations]


def inspect(kind: str, text: str, available: Sequence[str] = ()) -> Inspected:
    """Read a profile; "" is the one that comes with the product.

    Args:
        available: columns that predictions have beside the known ones.

    Raises:
        InvalidInput: not JSON, too large, or not of the form of a profile.
    """
    if len(text) > MAX_BYTES:
        raise InvalidInput(f"The {kind} profile is larger than {MAX_BYTES} bytes", reason="PROFILE_INVALID")
    return _inspect(kind, text, tuple(available))


@lru_cache(maxsize=64)
def _inspect(kind: str, text: str, available: tuple[str, ...]) -> Inspected:
    if kind == INPUT:
        profile = InputProfile.read(text)
        _check_name(kind, profile.name)
        return Inspected(
            profile.name,
            profile.description,
            profile.description_ko,
            profile.to_json(),
            tuple(profile.violations()),
        )
    output = OutputProfile.read(text)
    found = tuple(output.violations((*KNOWN_COLUMNS, *available)))
    _check_name(kind, output.name)
    said, said_ko = output.description, ""
    if said == PROFILE_DESCRIPTION:  # that of the product, which clients know in Korean
        said, said_ko = PROFILE_DESCRIPTION_EN, said
    return Inspected(output.name, said, said_ko, output.to_json(), found)


def _check_name(kind: str, name: str) -> None:
    if name != name.strip() or not name.isprintable():
        wrong = FieldViolation(
            "name", notice("BLANKS_AROUND", "must have printable characters only and no blanks around them")
        )
        raise InvalidInput(
            f"The {kind} profile is not valid: name: {wrong.description}", reason="PROFILE_INVALID", violations=[wrong]
        )


def refuse_unaddressable(name: str) -> None:
    """Refuse a name for a profile that its address over HTTP (`/api/mapping/...-profiles/<name>`) would not lead to.

    Raises:
        InvalidInput: it is the name of an operation, ends like one, or would be shortened as a path.
    """
    segments = name.split("/")
    problem = ""
    if name.casefold() in OPERATIONS:
        problem = notice("NAME_OF_AN_OPERATION", "is the name of an operation ({names})", names=", ".join(OPERATIONS))
    elif len(segments) > 1 and segments[-1].casefold() in OPERATIONS_OF_ONE:
        problem = notice(
            "NAME_LIKE_AN_OPERATION",
            "ends like an operation of a profile (/{names})",
            names=", /".join(OPERATIONS_OF_ONE),
        )
    elif any(segment in ("", ".", "..") for segment in segments):
        problem = notice("NAME_WITH_EMPTY_PARTS", "has an empty part, . or .. between slashes")
    if problem:
        raise InvalidInput(
            f"The profile cannot be called {name}: the name {problem}; choose another",
            violations=[FieldViolation("name", problem)],
        )
