"""Every recorded request of the old server, in order, over HTTP against the whole system on the Access file of the recordings."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.contract.decided_answers import PromisedShape, decided_status
from tests.contract.recorded import AREAS, differences, recordings, validation_differences
from tests.support.running_system import running_system

pytestmark = pytest.mark.integration

ADMIN = {"username": "admin@plant.example", "password": "Start-Pass-99"}
USER = {"username": "park@plant.example", "password": "Ring-Seal-77y"}
DEMO_ACCESS_FILE = Path(__file__).resolve().parent.parent / "data" / "demo.accdb"

PROMISED = PromisedShape(Path(__file__).resolve().parent / "openapi.json")

INTENDED = {
    ("access", "metadata"): "the real columns of the table instead of the same twelve for any name",
    ("access", "metadata of routing"): "the real columns of the table instead of the same twelve for any name",
    ("trainer", "versions as admin"): "the recording server had no version, this system has trained one",
}
"""Recorded answers of defects or of another state of the server (docs/contract.md): only the status is compared."""


@pytest.fixture(scope="module")
def clients(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mapping[str, httpx.Client]]:
    """A client for each `as` of the recordings, against a system of its own."""
    state = tmp_path_factory.mktemp("replay") / "state"
    with (
        running_system(state, "--data", str(DEMO_ACCESS_FILE)) as system,
        system.client() as anonymous,
        system.admin() as admin,
        system.client() as user,
    ):
        assert user.post("/api/auth/register", json=USER).status_code == 201
        assert admin.post("/api/auth/admin/approve", json={"username": USER["username"]}).status_code == 200
        token = user.post("/api/auth/login", json=USER).json()["token"]
        user.headers["Authorization"] = f"Bearer {token}"
        yield {"anonymous": anonymous, "admin": admin, "user": user}


def problems_of(area: str, recording: dict[str, Any], answer: httpx.Response) -> list[str]:
    """What differs from the recording; from what is decided and promised where the recording has no answer."""
    recorded = recording["response"]
    if recorded is None:
        return problems_beyond_recordings(area, recording, answer)
    if answer.status_code != recorded["status"]:
        return [f"status {answer.status_code} instead of {recorded['status']}: {answer.text[:300]}"]
    if (area, recording["name"]) in INTENDED:
        return []
    found = []
    if recorded.get("json") is not None:
        if recorded["status"] == 422:
            found += validation_differences(recorded["json"], answer.json())
        else:
            found += differences(recorded["json"], answer.json())
    for field, header in (("set_cookie", "set-cookie"), ("content_disposition", "content-disposition")):
        if field in recorded:
            found += differences(recorded[field], answer.headers.get(header, ""), header)
    return found


def problems_beyond_recordings(area: str, recording: dict[str, Any], answer: httpx.Response) -> list[str]:
    """What differs from the decided status and from the fields that the old OpenAPI document promises."""
    decided = decided_status(area, recording["name"])
    if answer.status_code != decided:
        return [f"status {answer.status_code} instead of {decided}: {answer.text[:300]}"]
    if decided >= 400:
        detail = answer.json().get("detail")
        return [] if detail and (decided != 422 or isinstance(detail, list)) else [f"no detail: {answer.text[:300]}"]
    request = recording["request"]
    body = answer.json() if answer.content else None
    return PROMISED.differences(request["method"], request["path"], decided, body)


@pytest.mark.parametrize("area", AREAS)
def test_the_recorded_requests_of_an_area_get_the_recorded_answers(
    area: str, clients: Mapping[str, httpx.Client]
) -> None:
    found: list[str] = []
    for recording in recordings(area):
        request = recording["request"]
        client = clients[recording["as"]]
        arguments: dict[str, Any] = {"params": request.get("params")}
        if "json" in request:
            arguments["json"] = request["json"]
        answer = client.request(request["method"], request["path"], **arguments)
        found += [f"{recording['name']}: {problem}" for problem in problems_of(area, recording, answer)]
    assert not found, "\n".join(found[:40])
