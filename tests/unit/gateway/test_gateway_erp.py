"""Routes of the ERP interface: what goes into the outbox, and who may look after it."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from common import errors
from protos.aggregate.v1 import aggregate_pb2
from protos.documents.v1 import documents_pb2
from protos.erp.v1 import erp_pb2 as pb
from protos.settings.v1 import settings_pb2

GROUP_ID = "6f1c1c9e-0f0a-4a6e-9d5e-0a1b2c3d4e5f"
MESSAGE = pb.ErpMessage(
    message_id="m1", kind="routing_group", subject_id=GROUP_ID, format="json", channel="http", state="pending", bytes=5
)
ON = {"erp_interface_enabled": True, "erp_protocol": "http-json", "erp_endpoint": "http://erp.plant/x"}


@pytest.fixture
def erp(plant: Any, services: Any) -> Any:
    """A plant whose ERP interface is on, with a saved routing and an exporter that answers five bytes."""
    set_export(plant, services, ON)
    step = documents_pb2.RoutingGroupStep(seq=1, process_code="J10", branch_code="B1")
    content = documents_pb2.RoutingGroupContent(group_name="씰", item_codes=["A-1"], steps=[step])
    plant.script.answers["GetRoutingGroup"] = documents_pb2.RoutingGroup(group_id=GROUP_ID, content=content)
    plant.script.answers["ExportStream"] = [
        aggregate_pb2.ExportChunk(files=aggregate_pb2.ExportResponse(paths=["x.json"], bytes=[5])),
        aggregate_pb2.ExportChunk(data=b"12"),
        aggregate_pb2.ExportChunk(data=b"345"),
    ]
    plant.script.answers["Enqueue"] = MESSAGE
    yield plant
    set_export(plant, services, {})


def set_export(plant: Any, services: Any, export: dict[str, Any]) -> None:
    """Push a settings document and wait until the gateway follows it."""
    state = services.control_state({**services.document, "export": export})
    state.revision = plant.script.state.revision + 1
    plant.script.state.CopyFrom(state)
    wanted = 202 if export else 409
    plant.script.answers.setdefault("GetRoutingGroup", documents_pb2.RoutingGroup(group_id=GROUP_ID))
    plant.script.answers.setdefault("ExportStream", errors.ServiceError("not yet"))
    for _ in range(200):
        status = plant.client().post(f"/api/routing/groups/{GROUP_ID}/erp").status_code
        if (status == 409) == (wanted == 409):
            break
        time.sleep(0.02)
    plant.script.asked.clear()


def test_a_saved_routing_goes_into_the_outbox_piece_by_piece(erp: Any) -> None:
    answer = erp.client().post(f"/api/routing/groups/{GROUP_ID}/erp")
    assert answer.status_code == 202, answer.text
    assert (answer.json()["message_id"], answer.json()["delivered_at"]) == ("m1", None)
    start, routings, end = erp.script.last("ExportStream")
    assert (list(start.start.formats), start.start.download) == (["json"], True)
    assert list(start.start.extra_columns) == ["BRANCH_CODE"]
    assert (routings.prediction.operations.rows, end.WhichOneof("part")) == (1, "end")
    first, *data, last = erp.script.last("Enqueue")
    assert (first.start.kind, first.start.subject_id, first.start.subject_name) == ("routing_group", GROUP_ID, "씰")
    assert [part.data for part in data] == [b"12", b"345"]
    assert last.WhichOneof("part") == "end"


def test_predicted_routings_go_into_the_outbox_as_one_message(erp: Any) -> None:
    answer = erp.client().post("/api/erp/predictions", json={"item_codes": ["A"]})
    assert answer.status_code == 202, answer.text
    assert erp.script.last("Enqueue")[0].start.subject_name == "A"
    assert erp.script.last("Predict").detailed


def test_nothing_is_handed_over_while_the_interface_is_off(plant: Any, services: Any) -> None:
    set_export(plant, services, {})
    plant.script.answers["GetRoutingGroup"] = documents_pb2.RoutingGroup(group_id=GROUP_ID)
    answer = plant.client().post(f"/api/routing/groups/{GROUP_ID}/erp")
    assert (answer.status_code, answer.headers["x-error-reason"]) == (409, "ERP_NOT_READY")
    assert "Enqueue" not in plant.script.asked


def test_an_outbox_that_refuses_is_told(erp: Any) -> None:
    erp.script.answers["Enqueue"] = errors.TooManyRequests("10,000 messages wait")
    assert erp.client().post(f"/api/routing/groups/{GROUP_ID}/erp").status_code == 429
    erp.script.answers["GetRoutingGroup"] = errors.PermissionDenied("somebody else's")
    assert erp.client().post(f"/api/routing/groups/{GROUP_ID}/erp").status_code == 403
    assert erp.client().get(f"/api/routing/groups/{GROUP_ID}/erp").status_code == 403


def test_planners_see_the_status_and_administrators_look_after_messages(erp: Any) -> None:
    erp.script.answers |= {
        "Status": pb.ErpStatus(enabled=True, counts={"pending": 2}, oldest_waiting_at=5.0),
        "List": pb.ListMessagesResponse(messages=[MESSAGE], total=7),
        "Retry": MESSAGE,
        "Cancel": errors.PreconditionFailed("Message m1 is delivered"),
    }
    user, admin = erp.client(), erp.client("admin")
    assert user.get("/api/erp/status").json()["counts"] == {"pending": 2}
    assert user.get(f"/api/routing/groups/{GROUP_ID}/erp").json()["pagination"]["total"] == 7
    assert erp.script.last("List").subject_id == GROUP_ID
    for method, path in (("get", "messages"), ("post", "messages/m1/retry"), ("post", "messages/m1/cancel")):
        assert getattr(user, method)(f"/api/erp/{path}").status_code == 403
    assert admin.get("/api/erp/messages?state=failed&limit=5").json()["items"][0]["message_id"] == "m1"
    assert (erp.script.last("List").state, erp.script.last("List").limit) == ("failed", 5)
    assert admin.get("/api/erp/messages?state=lost").status_code == 422
    assert admin.post("/api/erp/messages/m1/retry").status_code == 200
    assert admin.post("/api/erp/messages/m1/cancel").status_code == 409


def test_delivery_and_schedule_of_the_refresh_are_settings(plant: Any) -> None:
    plant.script.answers["Patch"] = settings_pb2.PatchSettingsResponse(
        document=settings_pb2.SettingsDocument(revision=8, document_json="{}")
    )
    change = {"snapshot": {"refresh_minutes": 15}, "erp": {"max_attempts": 3, "retry_seconds": 1.5}}
    assert plant.client("admin").patch("/api/workflow/graph", json=change).status_code == 200
    assert json.loads(plant.script.last("Patch").patch_json) == change
    assert plant.client("admin").patch("/api/workflow/graph", json={"erp": {"max_attempts": 0}}).status_code == 422
    assert plant.client().patch("/api/workflow/graph", json=change).status_code == 403
