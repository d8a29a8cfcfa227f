"""A bulk prediction ends on a machine or a catalogue of any slowness: batches become as small as their calls need to be answered."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import httpx
import polars as pl
import pytest

from cli.predicting import bulk_prediction
from cli.predicting.bulk_prediction import PredictedBatch, predict_all
from cli.predicting.prediction_journal import PredictionJournal
from cli.predicting.prediction_result import join_parts
from cli.predicting.remote_prediction import translated
from common.errors import DeadlineExceeded, Unavailable
from routing_ml_client import ApiError

CODES = [f"A-{number}" for number in range(20)]


class SlowSystem:
    """Answers a call of at most so many items in time; another version serves after some calls."""

    def __init__(self, most: int, *, versions: Sequence[str] = ("v1",)) -> None:
        self._most, self._versions = most, versions
        self.calls: list[int] = []

    async def ask(self, codes: Sequence[str]) -> PredictedBatch:
        self.calls.append(len(codes))
        if len(codes) > self._most:
            raise DeadlineExceeded("too slow")
        version = self._versions[min(len(self.calls), len(self._versions)) - 1]
        routed = [code for code in codes if code != "A-7"]
        times = [1.5] * len(routed) if "A-0" in codes else ["1.5"] * len(routed)
        rows = pl.DataFrame({"ITEM_CD": routed, "RUN_TIME": times, "MODEL_VERSION": [version] * len(routed)})
        return PredictedBatch(rows, version, [("A-7", "unknown")] if "A-7" in codes else [])


async def predicted(system: SlowSystem, folder: Path, batch: int) -> tuple[pl.DataFrame, list[tuple[str, str]]]:
    journal = PredictionJournal(folder / "out.parquet", CODES, {"batch": batch})
    items: list[int] = []
    await predict_all(system.ask, CODES, batch, journal, items.append)
    journal.close()
    assert sum(items) == len(CODES)
    parts = [journal.finished[part] for part in sorted(journal.finished)]
    join_parts([journal.part_file(part.part) for part in parts], folder / "out.parquet")
    return pl.read_parquet(folder / "out.parquet"), [one for part in parts for one in part.unanswered]


@pytest.mark.parametrize("most", [1, 2, 3, 7, 100])
async def test_batches_that_are_too_slow_are_divided(tmp_path: Path, most: int) -> None:
    system = SlowSystem(most)
    rows, unanswered = await predicted(system, tmp_path, 8)
    assert rows["ITEM_CD"].to_list() == [code for code in CODES if code != "A-7"]
    assert [*rows.columns] == ["ITEM_CD", "RUN_TIME", "MODEL_VERSION"]
    assert unanswered == [("A-7", "unknown")]
    assert sum(size > most for size in system.calls) <= 2 * 4  # what was learned holds for the batches that follow


async def test_a_batch_is_of_one_version(tmp_path: Path) -> None:
    rows, _unanswered = await predicted(SlowSystem(4, versions=["", "v1", "v2"]), tmp_path, len(CODES))
    assert set(rows["MODEL_VERSION"]) == {"v2"}
    assert rows.height == len(CODES) - 1


async def test_one_item_that_is_not_answered_is_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bulk_prediction, "PAUSES", (0.0,))
    journal = PredictionJournal(tmp_path / "out.parquet", CODES, {})
    with pytest.raises(DeadlineExceeded, match="too slow"):
        await predict_all(SlowSystem(0).ask, CODES, 8, journal, lambda _items: None)
    journal.close()


def test_a_gateway_that_is_slow_is_told_from_one_that_is_away() -> None:
    request = httpx.Request("POST", "http://a/api/predict")
    with pytest.raises(DeadlineExceeded), translated("http://a"):
        raise httpx.ReadTimeout("", request=request)
    with pytest.raises(DeadlineExceeded), translated("http://a"):
        raise ApiError(httpx.Response(504, request=request, json={"detail": "no time"}))
    with pytest.raises(Unavailable), translated("http://a"):
        raise httpx.ConnectError("", request=request)
