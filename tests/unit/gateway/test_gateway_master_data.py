"""The master data area over HTTP: hierarchy, items, log, snapshot and refresh."""

from __future__ import annotations

import time
from typing import Any

import pytest

from common import errors
from common.tables import integer_column, table, text_column
from protos.aggregate.v1 import aggregate_pb2
from protos.auth.v1 import auth_pb2


def found_items() -> aggregate_pb2.SearchItemsResponse:
    return aggregate_pb2.SearchItemsResponse(
        items=table(
            3,
            [
                text_column("ITEM_CD", ["A-1", "A-2", "B-1"]),
                text_column("NAME", ["슬리브", None, "어댑터"]),
                text_column("SPECIFICATION", ["10x20", None, None]),
                text_column("MATERIAL", ["SUS304", None, None]),
                text_column("DETAILS", [None, None, None]),
                text_column("GROUP", ["품목군 0", "품목군 0", "미분류"]),
                text_column("FAMILY", ["B0", "B1", "미분류"]),
            ],
        ),
        families=table(
            3,
            [
                text_column("GROUP", ["품목군 0", "품목군 0", "미분류"]),
                text_column("FAMILY", ["B0", "B1", "미분류"]),
                integer_column("ITEMS", [1, 1, 1]),
            ],
        ),
        total_items=9,
        filtered_items=3,
        default_item_code="A-1",
    )


def test_the_tree_groups_items_by_group_and_family(plant: Any) -> None:
    plant.script.answers["SearchItems"] = found_items()
    body = plant.client().get("/api/master-data/tree", params={"query": "a"}).json()
    assert (body["total_items"], body["filtered_items"], body["default_item_code"]) == (9, 3, "A-1")
    first, last = body["nodes"]
    assert (first["id"], first["label"], first["type"], first["meta"]) == ("group:품목군_0", "품목군 0", "group", None)
    assert [family["id"] for family in first["children"]] == ["family:B0", "family:B1"]
    assert first["children"][0]["children"] == [
        {
            "id": "A-1",
            "label": "A-1 · 슬리브",
            "type": "item",
            "children": [],
            "meta": {"ITEM_NM": "슬리브", "ITEM_SPEC": "10x20", "ITEM_MATERIAL": "SUS304"},
        }
    ]
    assert first["children"][1]["children"][0]["label"] == "A-2"
    assert (last["id"], last["label"]) == ("group:nan", "미분류")
    assert plant.script.last("SearchItems").query == "a"


def test_a_query_without_match_gives_no_nodes(plant: Any) -> None:
    plant.script.answers["SearchItems"] = aggregate_pb2.SearchItemsResponse(total_items=9)
    body = plant.client().get("/api/master-data/tree", params={"query": "zzz"}).json()
    assert body == {"nodes": [], "total_items": 9, "filtered_items": 0, "default_item_code": None}


def test_the_hierarchy_counts_without_items(plant: Any) -> None:
    plant.script.answers["SearchItems"] = found_items()
    body = plant.client().get("/api/master-data/hierarchy").json()
    assert [(group["label"], group["items"], len(group["families"])) for group in body["groups"]] == [
        ("품목군 0", 2, 2),
        ("미분류", 1, 1),
    ]
    assert plant.script.last("SearchItems").hierarchy_only


def test_a_page_of_items_is_asked_for_by_group_and_family(plant: Any) -> None:
    plant.script.answers["SearchItems"] = found_items()
    wanted = {"query": "a", "group": "품목군 0", "family": "B0", "limit": 3, "offset": 6}
    body = plant.client().get("/api/master-data/items", params=wanted).json()
    assert [item["item_code"] for item in body["items"]] == ["A-1", "A-2", "B-1"]
    assert body["items"][0]["material"] == "SUS304"
    asked = plant.script.last("SearchItems")
    assert (asked.query, asked.group, asked.family, asked.limit, asked.offset) == ("a", "품목군 0", "B0", 3, 6)


@pytest.mark.parametrize("params", [{"limit": 0}, {"limit": 1001}, {"offset": -1}])
def test_a_page_beyond_the_bounds_is_refused(plant: Any, params: dict[str, int]) -> None:
    assert plant.client().get("/api/master-data/items", params=params).status_code == 422
    assert "SearchItems" not in plant.script.asked


def test_an_item_has_every_column_as_text(plant: Any) -> None:
    plant.script.answers["GetItems"] = aggregate_pb2.GetItemsResponse(
        items=table(1, [text_column("ITEM_CD", ["A/1"]), text_column("ITEM_SPEC", [None]), integer_column("QTY", [3])]),
        positions=[0],
        labels=["품목코드", "사양", "QTY"],
    )
    body = plant.client().get("/api/master-data/items/A%2F1").json()
    assert body["item_code"] == "A/1"
    assert body["columns"][0] == {"key": "ITEM_CD", "label": "품목코드", "width": "140px"}
    assert body["rows"] == [{"key": "A/1", "values": {"ITEM_CD": "A/1", "ITEM_SPEC": "", "QTY": "3"}}]
    assert body["record_count"] == 1
    assert list(plant.script.last("GetItems").item_codes) == ["A/1"]


def test_an_unknown_item_is_not_found(plant: Any) -> None:
    plant.script.answers["GetItems"] = aggregate_pb2.GetItemsResponse(items=table(0, []), unknown=[0])
    answer = plant.client().get("/api/master-data/items/NOPE")
    assert answer.status_code == 404
    assert "NOPE" in answer.json()["detail"]


def test_groups_go_by_their_numbers(plant: Any) -> None:
    pairs = [("G10", "B1"), ("미분류", "B1"), ("G2", "B10"), ("G2", "B9")]
    plant.script.answers["SearchItems"] = aggregate_pb2.SearchItemsResponse(
        families=table(
            4,
            [
                text_column("GROUP", [group for group, _family in pairs]),
                text_column("FAMILY", [family for _group, family in pairs]),
                integer_column("ITEMS", [1] * 4),
            ],
        )
    )
    groups = plant.client().get("/api/master-data/hierarchy").json()["groups"]
    assert [group["label"] for group in groups] == ["G2", "G10", "미분류"]
    assert [family["label"] for family in groups[0]["families"]] == ["B9", "B10"]


def test_many_codes_are_looked_up_at_once(plant: Any) -> None:
    columns: dict[str, list[str | None]] = {
        "ITEM_CD": ["A-1"],
        "ITEM_NM": ["슬리브"],
        "DRAW_NO": ["D-7"],
        "ITEM_SPEC": [None],
    }
    plant.script.answers["GetItems"] = aggregate_pb2.GetItemsResponse(
        items=table(1, [text_column(name, values) for name, values in columns.items()]), positions=[1], unknown=[0]
    )
    body = plant.client("user").post("/api/master-data/items/lookup", json={"item_codes": ["NAME", "a-1"]}).json()
    assert body["unknown"] == ["NAME"]
    [item] = body["items"]
    assert (item["asked"], item["item_code"], item["item_name"], item["drawing"]) == ("a-1", "A-1", "슬리브", "D-7")
    assert item["spec"] is None
    assert plant.client().post("/api/master-data/items/lookup", json={"item_codes": []}).status_code == 422


def test_the_operations_of_the_plant_have_their_machines(plant: Any) -> None:
    plant.script.answers["ListOperations"] = aggregate_pb2.ListOperationsResponse(
        operations=table(2, [text_column("PROC_CD", ["TUR", "SAW"])]),
        uses=[5, 2],
        machines=table(2, [text_column("RES_CD", ["T-1", "S-1"]), text_column("RES_DESC", ["선반", None])]),
        machine_of=[0, 1],
        machine_uses=[5, 2],
        snapshot_tag="t",
    )
    body = plant.client("user").get("/api/master-data/operations").json()
    assert [one["step"]["PROC_CD"] for one in body["operations"]] == ["TUR", "SAW"]
    assert body["operations"][0]["machines"] == [{"code": "T-1", "name": "선반", "uses": 5}]


def events(*times: float) -> auth_pb2.ListAuditResponse:
    return auth_pb2.ListAuditResponse(
        total=len(times),
        events=[
            auth_pb2.AuditEvent(
                at=at, username="a@b", client_host="10.0.0.1", action="master-data.refresh", payload_json="{}"
            )
            for at in times
        ],
    )


def refreshes(request: auth_pb2.ListAuditRequest) -> auth_pb2.ListAuditResponse:
    """Two refreshes, and nothing that was looked up."""
    return events(1_700_000_100.0, 1_700_000_000.0) if request.action == "master-data.refresh" else events()


def test_the_log_shows_the_refreshes_to_every_user(plant: Any) -> None:
    plant.script.answers["ListAudit"] = refreshes
    body = plant.client("user").get("/api/master-data/logs", params={"limit": 2}).json()
    assert [entry["user"] for entry in body["logs"]] == ["a@b", "a@b"]
    assert body["logs"][0]["timestamp"] > body["logs"][1]["timestamp"]
    assert body["connection"] == {
        "status": "disconnected",
        "path": "routing_data/ROUTING AUTO TEST.accdb",
        "last_sync": None,
    }
    asked = plant.script.asked["ListAudit"]
    assert sorted((one.limit, one.action) for one in asked) == [(2, "master-data.refresh"), (2, "ui.master_data.")]
    assert plant.script.authorizations["ListAudit"][-1].startswith("Service gateway-")


def test_the_log_shows_what_was_looked_up_on_the_screen_in_the_order_of_time(plant: Any) -> None:
    def both(request: auth_pb2.ListAuditRequest) -> auth_pb2.ListAuditResponse:
        if request.action == "master-data.refresh":
            return events(1_700_000_050.0)
        looked_up = [
            (1_700_000_100.0, "ui.master_data.tree", '{"target": "SLS"}'),
            (1_700_000_000.0, "ui.master_data.item", "no json"),
        ]
        return auth_pb2.ListAuditResponse(
            events=[auth_pb2.AuditEvent(at=at, action=action, payload_json=told) for at, action, told in looked_up]
        )

    plant.script.answers["ListAudit"] = both
    body = plant.client("user").get("/api/master-data/logs", params={"limit": 3}).json()
    told = [(entry["action"], entry["target"]) for entry in body["logs"]]
    assert told == [("master_data.tree", "SLS"), ("master-data.refresh", "{}"), ("master_data.item", "no json")]
    assert len(plant.client("user").get("/api/master-data/logs", params={"limit": 1}).json()["logs"]) == 1


@pytest.mark.parametrize("limit", [0, 51])
def test_the_log_has_1_to_50_entries(plant: Any, limit: int) -> None:
    assert plant.client().get("/api/master-data/logs", params={"limit": limit}).status_code == 422


def test_the_log_file_runs_from_old_to_new(plant: Any) -> None:
    plant.script.answers["ListAudit"] = refreshes
    answer = plant.client().get("/api/master-data/logs/download")
    assert answer.headers["content-disposition"] == 'attachment; filename="master_data.log"'
    lines = answer.text.splitlines()
    assert len(lines) == 2
    assert lines == sorted(lines)
    assert lines[0].split("\t")[1:] == ["10.0.0.1", "a@b", "master-data.refresh", "{}"]


def test_the_snapshot_is_described(plant: Any) -> None:
    body = plant.client().get("/api/master-data/snapshot").json()
    assert body["tag"] == "t1"
    assert body["items"] == 3
    assert body["last_error"] is None


def refresh_steps() -> list[aggregate_pb2.RefreshProgress]:
    return [
        aggregate_pb2.RefreshProgress(stage="reading", table="items", rows=5, progress=0.5),
        aggregate_pb2.RefreshProgress(
            stage="done",
            progress=1.0,
            snapshot=aggregate_pb2.SnapshotInfoResponse(tag="t2", items=4, read_at=time.time()),
            changes=aggregate_pb2.SnapshotChanges(items_added=1),
        ),
    ]


def test_a_refresh_is_for_administrators_and_is_noted(plant: Any) -> None:
    plant.script.answers.update(Refresh=refresh_steps(), RecordAudit=auth_pb2.RecordAuditResponse())
    assert plant.client("user").post("/api/master-data/refresh").status_code == 403
    assert "Refresh" not in plant.script.asked
    answer = plant.client("admin").post("/api/master-data/refresh", json={"force": True})
    assert answer.status_code == 200
    assert answer.json()["snapshot"]["tag"] == "t2"
    assert answer.json()["changes"]["items_added"] == 1
    assert plant.script.last("Refresh").force
    noted = plant.script.last("RecordAudit")
    assert (noted.action, noted.client_host) == ("master-data.refresh", "127.0.0.1")


def test_a_refresh_can_be_followed_line_by_line(plant: Any) -> None:
    plant.script.answers.update(Refresh=refresh_steps(), RecordAudit=auth_pb2.RecordAuditResponse())
    answer = plant.client("admin", accept="application/x-ndjson").post("/api/master-data/refresh")
    assert [line.split('"')[3] for line in answer.text.splitlines()] == ["reading", "done"]


def test_a_refresh_that_is_done_succeeds_without_its_audit_entry(plant: Any) -> None:
    plant.script.answers.update(Refresh=refresh_steps(), RecordAudit=errors.PreconditionFailed("the database is gone"))
    assert plant.client("admin").post("/api/master-data/refresh").status_code == 200


@pytest.mark.parametrize("accept", ["application/json", "application/x-ndjson"])
def test_a_refresh_without_result_is_an_error(plant: Any, accept: str) -> None:
    plant.script.answers["Refresh"] = []
    answer = plant.client("admin", accept=accept).post("/api/master-data/refresh")
    assert answer.status_code == 503
    assert "aggregate_service" in answer.json()["detail"]


@pytest.mark.parametrize("path", ["tree", "hierarchy", "items", "items/A", "logs", "logs/download", "snapshot"])
def test_nothing_is_shown_without_login(plant: Any, path: str) -> None:
    assert plant.client("").get(f"/api/master-data/{path}").status_code == 401
