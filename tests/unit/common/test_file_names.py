"""Names of files that are devices on Windows."""

from __future__ import annotations

from pathlib import PureWindowsPath

import pytest

from common.file_names import is_reserved


@pytest.mark.parametrize(
    "name",
    [
        "CON",
        "con",
        "Con.csv",
        "prn",
        "AUX.tar.gz",
        "nul",
        "NUL .txt",
        "COM1",
        "com9.x",
        "LPT1",
        "lpt³",
        "COM¹",
        "CONIN$",
        "conout$",
    ],
)
def test_names_of_devices_are_known_with_any_ending(name: str) -> None:
    assert is_reserved(name)


@pytest.mark.parametrize("name", ["CONTROL", "console.csv", "COM", "COM10", "LPTX", "xCON", "routing", "콘", "a.con"])
def test_names_that_only_resemble_them_are_free(name: str) -> None:
    assert not is_reserved(name)
    assert not PureWindowsPath(name).is_reserved()
