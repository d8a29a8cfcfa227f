"""A plant's old model folder is examined, adopted and activated without being touched, and answers over REST as the monolith did."""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.support.running_system import RunningSystem, running_system

pytestmark = pytest.mark.integration

DATA = Path(__file__).resolve().parents[1] / "data"
EXPECTED = json.loads((DATA / "legacy_neighbours.json").read_text("utf-8"))


def contents(folder: Path) -> dict[str, str]:
    """Name -> hash of everything below a folder."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    return {str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest() for path in files}


@pytest.fixture(scope="module")
def old_folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The monolith's files as they lie on its server: read-only, without a manifest, in a folder of a Korean name."""
    folder = tmp_path_factory.mktemp("old server") / "모델 2025-09"
    shutil.copytree(DATA / "legacy_model", folder, ignore=shutil.ignore_patterns("manifest.json"))
    for path in folder.iterdir():
        path.chmod(0o444)
    folder.chmod(0o555)
    yield folder
    folder.chmod(0o755)


@pytest.fixture(scope="module")
def system(old_folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningSystem]:
    """A system on a source that has the items which the old version has not seen; that version is the active one."""
    before = contents(old_folder)
    with running_system(tmp_path_factory.mktemp("old") / "state", "--data", str(DATA / "small.accdb")) as running:
        examined = running.command("models", "doctor", str(old_folder))
        assert examined.returncode == 0, examined.stdout
        assert "a version of the older system" in examined.stdout
        assert "2,000 items, 39 dimensions" in examined.stdout
        adopted = running.command("models", "adopt", str(old_folder), "--name", "plant-2025-09")
        assert adopted.returncode == 0, adopted.stderr
        activated = running.command("models", "activate", "plant-2025-09", "--reason", "as it was")
        assert activated.returncode == 0, activated.stderr
        yield running
    assert contents(old_folder) == before


@pytest.fixture(scope="module")
def client(system: RunningSystem) -> Iterator[httpx.Client]:
    with system.admin() as made:
        yield made


def neighbours(client: httpx.Client, codes: list[str], top_k: int) -> dict[str, list[tuple[str, float]]]:
    """Item code -> (code, similarity) of its neighbours, best first."""
    answer = client.post("/api/similarity/search", json={"item_codes": codes, "top_k": top_k})
    assert answer.status_code == 200, answer.text
    return {
        result["item_code"]: [(match["item_code"], match["similarity_score"]) for match in result["matches"]]
        for result in answer.json()["results"]
    }


def check(found: list[tuple[str, float]], expected: list[tuple[str, float]]) -> None:
    """Same codes in order up to ties, similarity within 1e-3."""
    assert len(found) == len(expected)
    for (code, similarity), (wanted, wanted_similarity) in zip(found, expected, strict=True):
        assert similarity == pytest.approx(wanted_similarity, abs=1e-3)
        tied = [name for name, value in expected if abs(value - wanted_similarity) < 2e-5]
        assert code == wanted or code in tied


def test_items_that_the_old_version_knows_have_their_neighbours(client: httpx.Client) -> None:
    found = neighbours(client, list(EXPECTED["known"]), 10)
    for code, expected in EXPECTED["known"].items():
        check(found[code], [pair for pair in expected if pair[0] != code][:10])


def test_items_that_it_has_not_seen_have_theirs_by_their_features(client: httpx.Client) -> None:
    cases = {case["features"]["ITEM_CD"].strip(): case["neighbours"] for case in EXPECTED["unseen"]}
    found = {code.strip(): matches for code, matches in neighbours(client, list(cases), 11).items()}
    for code, expected in cases.items():
        check(found[code], expected)


def test_every_answer_says_that_the_old_version_gave_it(client: httpx.Client) -> None:
    answer = client.post("/api/predict", json={"item_codes": [EXPECTED["unseen"][0]["features"]["ITEM_CD"]]})
    assert answer.status_code == 200
    assert answer.json()["metrics"]["model_version"] == "plant-2025-09"
    versions = client.get("/api/trainer/versions").json()
    assert next(version for version in versions if version["active_flag"])["version_name"] == "plant-2025-09"
