"""Input profiles in files."""

from __future__ import annotations

from pathlib import Path

from common.errors import DataProblem, NotFound
from common.files import write_text
from plant.input_profile import InputProfile


def read_profile_text(path: Path) -> str:
    """The text of a profile's file.

    Raises:
        NotFound: nothing is there. DataProblem: it cannot be read, or is no text.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except FileNotFoundError:
        raise NotFound(f"There is no input profile at {path}: name a JSON file") from None
    except (OSError, UnicodeDecodeError) as error:
        said = error.strerror if isinstance(error, OSError) else "it is no text in UTF-8"
        raise DataProblem(f"The input profile {path} cannot be read: {said}", details={"path": path}) from None


def read_profile(path: Path) -> InputProfile:
    """The profile in a file.

    Raises:
        NotFound, DataProblem: see `read_profile_text`. InvalidInput: it is not valid; a violation a problem.
    """
    text = read_profile_text(path)
    if not text.strip():
        raise DataProblem(f"The input profile {path} is empty", details={"path": path})
    return InputProfile.parse(text)


def write_profile(path: Path, profile: InputProfile) -> None:
    """Write a profile into a file.

    Raises:
        OSError: it cannot be written; what was there before is untouched.
    """
    write_text(path, profile.to_json() + "\n")
