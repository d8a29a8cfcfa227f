"""Index files in folders with Korean names, also where a library in C++ cannot name them."""

from pathlib import Path

import numpy as np
import pytest

from common.errors import DataProblem
from trained.index import engine_faiss, engine_hnswlib
from trained.index.engine_faiss import FaissEngine
from trained.index.native_paths import native_path

VECTORS = np.eye(8, dtype=np.float32)


def test_elsewhere_than_on_windows_every_name_will_do() -> None:
    assert native_path(Path("/모델/색인.faiss"), platform="linux") == "/모델/색인.faiss"


def test_on_windows_an_ascii_name_stays_and_another_gets_its_short_name(tmp_path: Path) -> None:
    folder = tmp_path / "모델"
    folder.mkdir()
    (folder / "index.faiss").write_bytes(b"")
    asked: list[Path] = []

    def short_name(path: Path) -> str:
        asked.append(path)
        return "C:\\MODELS~1"

    assert native_path(Path("C:/models/index"), "win32", short_name) == str(Path("C:/models/index"))
    assert native_path(folder / "index.faiss", "win32", short_name) == "C:\\MODELS~1"
    assert native_path(folder / "new.faiss", "win32", short_name) == "C:\\MODELS~1\\new.faiss"
    assert asked == [folder / "index.faiss", folder]


def test_a_volume_without_short_names_has_none(tmp_path: Path) -> None:
    assert native_path(tmp_path / "모델" / "index", "win32", lambda path: "") is None
    assert native_path(tmp_path / "모델" / "index", "win32", lambda path: "C:\\모델") is None


def test_faiss_reads_and_writes_where_the_file_cannot_be_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine_faiss, "native_path", lambda path: None)
    path = tmp_path / "모델" / "색인.faiss"
    path.parent.mkdir()
    FaissEngine.build(VECTORS, 8, 40, 1, None).save(path)
    engine = FaissEngine.open(path, 1)
    similarities = engine.search(VECTORS[:1], 1, 16)[1]
    assert engine.items == 8
    assert similarities[0, 0] == pytest.approx(1.0)
    engine.close()


def test_hnswlib_says_where_to_move_the_models(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pytest.importorskip("hnswlib")
    monkeypatch.setattr(engine_hnswlib, "native_path", lambda path: None)
    with pytest.raises(DataProblem, match="ROUTING_ML_MODELS_DIR"):
        engine_hnswlib.HnswlibEngine.open(tmp_path / "색인.bin", 8, 1)
