"""`.env.example` names every setting with its default."""

from __future__ import annotations

import itertools
import re
from pathlib import Path

import pytest

from common.settings import Settings

EXAMPLE = Path(__file__).resolve().parents[2] / ".env.example"
SETTING = re.compile(r"^#(ROUTING_ML_[A-Z_]+)=(.*)$", re.MULTILINE)


def test_the_example_names_every_setting_once_and_no_other() -> None:
    named = [name for name, _value in SETTING.findall(EXAMPLE.read_text(encoding="utf-8"))]
    assert sorted(named) == sorted(f"ROUTING_ML_{field.upper()}" for field in Settings.model_fields)


def test_the_example_without_its_marks_gives_the_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for field in Settings.model_fields:
        monkeypatch.delenv(f"ROUTING_ML_{field.upper()}", raising=False)
    used = tmp_path / ".env"
    used.write_text(SETTING.sub(r"\1=\2", EXAMPLE.read_text(encoding="utf-8")), encoding="utf-8")
    assert Settings(_env_file=used) == Settings(_env_file=None)


def test_every_setting_is_explained_in_the_line_above_or_by_its_name() -> None:
    lines = EXAMPLE.read_text(encoding="utf-8").splitlines()
    for before, line in itertools.pairwise(lines):
        if SETTING.match(line):
            assert before.startswith("#"), line
