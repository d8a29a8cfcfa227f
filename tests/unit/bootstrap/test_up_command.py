"""What `manage.py up` hands over to `routing-ml up`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bootstrap import commands


def test_up_hands_over_data_profile_and_port(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    handed: list[list[str]] = []
    monkeypatch.setattr(commands, "_prepare", lambda *_needs: None)

    def hand_over(_environment: Any, arguments: list[str]) -> int:
        handed.append(arguments)
        return 0

    monkeypatch.setattr(commands, "_hand_over", hand_over)
    monkeypatch.chdir(tmp_path)
    assert commands.run(["up", "--data", "tables", "--profile", "plant.json", "--port", "8123"]) == 0
    assert handed == [
        [
            *("-m", "cli", "up", "--data", str(tmp_path / "tables")),
            *("--profile", str(tmp_path / "plant.json"), "--port", "8123"),
        ]
    ]
