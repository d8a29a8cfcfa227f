"""A version beside the active one over REST: what it would propose for a sample, before it is activated."""

from __future__ import annotations

from typing import Any

import pytest

from common import errors
from common.tables import number_column, table, text_column
from protos.aggregate.v1 import aggregate_pb2
from protos.ann.v1 import ann_pb2
from protos.common.v1 import table_pb2
from protos.registry.v1 import registry_pb2

ROUTINGS = {
    "old": {"A": [("SAW", 10.0), ("TURN", 20.0)], "B": [("SAW", 5.0)]},
    "new": {"A": [("SAW", 11.0), ("TURN", 40.0), ("LAP", 3.0)], "B": [("SAW", 5.0)]},
    "": {"A": [("SAW", 9.0), ("TURN", 19.0), ("LAP", 2.0)]},
}
"""What each version proposes, and what the items have now."""


def predicted(request: aggregate_pb2.PredictRequest) -> aggregate_pb2.PredictResponse:
    routings = ROUTINGS[request.model_version if request.ignore_own_routing else ""]
    codes = [code for code in request.item_codes if code in routings]
    operations = [one for code in codes for one in routings[code]]
    offsets = [0]
    for code in codes:
        offsets.append(offsets[-1] + len(routings[code]))
    return aggregate_pb2.PredictResponse(
        routings=table(len(codes), [text_column("ITEM_CD", list(codes))]),
        operation_offsets=offsets,
        operations=table(
            len(operations),
            [
                text_column("PROC_CD", [code for code, _minutes in operations]),
                text_column("PROC_DESC", [f"{code} it" for code, _minutes in operations]),
                number_column("RUN_TIME", [minutes for _code, minutes in operations]),
            ],
        ),
    )


def found(version: str, codes: Any) -> ann_pb2.SearchResponse:
    empty = table_pb2.Neighbours(offsets=[0] * (len(codes) + 1))
    return ann_pb2.SearchResponse(model_version=version, neighbours=empty, stored_codes=list(codes))


def items(codes: Any) -> aggregate_pb2.GetItemsResponse:
    known = [place for place, code in enumerate(codes) if code in "AB"]
    rows = table(len(known), [text_column("ITEM_CD", [codes[place] for place in known])])
    return aggregate_pb2.GetItemsResponse(items=rows, positions=known)


@pytest.fixture(autouse=True)
def versions(plant: Any) -> None:
    plant.script.answers |= {
        "Get": lambda asked: registry_pb2.GetVersionResponse(
            version=registry_pb2.Version(version_name=asked.version_name, artifact_dir="/m", manifest_sha256="ab")
        ),
        "GetActive": registry_pb2.GetVersionResponse(version=registry_pb2.Version(version_name="old", active=True)),
        "Verify": registry_pb2.VerifyResponse(ok=True),
        "Search": lambda asked: found("old", asked.items.codes),
        "SearchTrial": lambda asked: found(asked.version.version_name, asked.search.items.codes),
        "Predict": predicted,
        "GetItems": lambda asked: items(asked.item_codes),
        "SearchItems": aggregate_pb2.SearchItemsResponse(
            items=table(2, [text_column("ITEM_CD", ["A", "B"])]), total_items=2
        ),
    }


def compared(plant: Any, version: str = "new", role: str = "admin", **body: Any) -> Any:
    return plant.client(role).post(f"/api/trainer/versions/{version}/comparison", json=body)


def test_what_changes_is_told_by_item_and_in_sum(plant: Any) -> None:
    body = compared(plant, item_codes=["A", "B", "GONE"]).json()
    assert (body["version_name"], body["active_version"], body["unknown_items"]) == ("new", "old", ["GONE"])
    assert (body["compared"], body["same"], body["added"], body["removed"], body["moved"], body["times"]) == (
        2,
        1,
        1,
        0,
        0,
        1,
    )
    assert (body["with_routing"], body["nearer"], body["farther"]) == (1, 1, 0)
    first = body["items"][0]
    assert (first["item_code"], first["corrections_before"], first["corrections_after"]) == ("A", 1, 0)
    assert (first["minutes_before"], first["minutes_after"]) == (30.0, 54.0)
    assert [(one["kind"], one["process_code"], one["process_name"]) for one in first["changes"]] == [
        ("added", "LAP", "LAP it"),
        ("time", "TURN", "TURN it"),  # 10 to 11 minutes is no change
    ]
    assert (first["changes"][1]["from"], first["changes"][1]["to"]) == (20.0, 40.0)
    asked = plant.script.last("SearchTrial")
    assert (asked.version.artifact_dir, asked.version.manifest_sha256) == ("/m", "ab")


def test_without_codes_a_sample_of_the_master_is_compared(plant: Any) -> None:
    body = compared(plant, sample=20).json()
    assert sorted(item["item_code"] for item in body["items"]) == ["A", "B"]
    assert compared(plant, sample=501).status_code == 422


def test_only_a_version_that_can_be_served_and_is_not_active_is_compared(plant: Any) -> None:
    plant.script.asked.pop("SearchTrial", None)
    assert compared(plant, role="user").status_code == 403
    assert "is the active version" in compared(plant, "old", item_codes=["A"]).json()["detail"]
    plant.script.answers["Verify"] = registry_pb2.VerifyResponse(ok=False, problems=["index.faiss is damaged"])
    answer = compared(plant, item_codes=["A"])
    assert (answer.status_code, "index.faiss is damaged" in answer.json()["detail"]) == (409, True)
    assert "SearchTrial" not in plant.script.asked


def test_a_version_that_is_not_there_is_not_found(plant: Any) -> None:
    plant.script.answers["Get"] = errors.NotFound("There is no version nowhere")
    assert compared(plant, "nowhere").status_code == 404
