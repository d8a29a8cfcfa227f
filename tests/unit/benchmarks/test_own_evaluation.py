"""What versions say of themselves is held against what held-out items show."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from benchmarks.prediction_quality.own_evaluation import own_evaluation
from routings.quality_metrics import ItemScore


def scores(right: int, wrong: int) -> list[ItemScore]:
    nothing = np.zeros(0)
    return [
        ItemScore(True, exact, 1.0 if exact else 0.5, 0, exact, (), (), (), nothing, nothing.astype(bool))
        for exact in [True] * right + [False] * wrong
    ]


def version(folder: Path, exact: float, f1: float) -> Path:
    folder.mkdir()
    summary = {
        "sequence_exact": exact,
        "set_f1": f1,
        "sequence_exact_between": [exact - 0.05, exact + 0.05],
        "set_f1_between": [f1 - 0.02, f1 + 0.02],
    }
    (folder / "evaluation.json").write_text(json.dumps({"summary": summary}), encoding="utf-8")
    return folder


def test_an_honest_version_is_near_and_one_that_praises_itself_is_far(tmp_path: Path) -> None:
    honest = own_evaluation([version(tmp_path / "a", 0.90, 0.95), version(tmp_path / "b", 0.92, 0.96)], scores(90, 10))
    assert [one.figure for one in honest] == ["sequence exact", "set F1"]
    assert honest[0].own == pytest.approx(0.91)
    assert abs(honest[0].apart) < 2
    assert "90" in honest[0].sentence()
    praised = own_evaluation([version(tmp_path / "c", 1.0, 1.0)], scores(80, 20))
    assert praised[0].apart > 2


def test_versions_without_an_evaluation_say_nothing(tmp_path: Path) -> None:
    assert own_evaluation([tmp_path], scores(1, 1)) == []
