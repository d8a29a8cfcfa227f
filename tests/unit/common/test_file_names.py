"""Names of files that are devices on Windows."""

from __future__ import annotations

import ntpath
from pathlib import PureWindowsPath

import pytest

from common.file_names import folder_name_problem, is_reserved

PYTHONS_OWN = getattr(ntpath, "isreserved", None) or (lambda name: PureWindowsPath(name).is_reserved())
"""What Python takes for a device: a function since 3.13, which warns of the method."""


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
    assert not PYTHONS_OWN(name)


@pytest.mark.parametrize(
    "path",
    [
        "deliverables/CON",
        "deliverables/aux.old/x",
        "deliverables\\nul",
        "deliverables/a:b",
        "deliverables/a.",
        "deliverables/a /b",
        "deliverables/\u202egnp.exe",
        "deliverables/\u2067x",
        "deliverables/\ud800",
        "deliverables/a\x07",
        'deliverables/"x"',
        "deliverables/*",
        "\\\\host\\share\\com1",
        "D:\\exports\\a|b",
    ],
)
def test_a_folder_that_not_every_system_can_have_is_told(path: str) -> None:
    assert folder_name_problem(path)


@pytest.mark.parametrize(
    "path",
    [
        "deliverables/exports",
        "deliverables/2026 내보내기",
        "D:\\exports\\erp",
        "\\\\host\\share\\erp",
        "/srv/out",
        "a/../b",
        "./a",
        "C:x",
        "ردود",
    ],
)
def test_usual_folders_are_free(path: str) -> None:
    assert folder_name_problem(path) == ""
