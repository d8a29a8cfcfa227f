"""A planner's routing on its way out: into a file, and to an ERP that fails first while auth_service is killed."""

from __future__ import annotations

import io
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx
import polars as pl
import pytest

from tests.support.catalogue import items_without_routing
from tests.support.patience import wait_until
from tests.support.running_system import RunningSystem

pytestmark = [pytest.mark.integration, pytest.mark.timeout(400)]

OFF = {"erp_interface_enabled": False, "erp_protocol": None, "erp_endpoint": None, "compress_on_save": True}


@pytest.fixture
def erp() -> Iterator[dict[str, Any]]:
    """An ERP that is broken until `statuses` is emptied; `came` holds what it got."""
    state: dict[str, Any] = {"statuses": [503] * 10_000, "came": []}

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            state["came"].append((self.headers["idempotency-key"], body))
            self.send_response(state["statuses"].pop() if state["statuses"] else 200)
            self.end_headers()

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    state["url"] = f"http://127.0.0.1:{server.server_address[1]}/routing"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield state
    server.shutdown()
    server.server_close()


@pytest.fixture
def group(admin: httpx.Client) -> Iterator[str]:
    """A saved routing, edited from a prediction."""
    routing = admin.post("/api/predict", json={"item_codes": items_without_routing(1)}).json()["items"][0]
    steps = [
        {"seq": place, "process_code": operation.get("PROC_CD") or "-", "sql_values": operation}
        for place, operation in enumerate(routing["operations"], start=1)
    ]
    body = {"group_name": "ERP 시험", "item_codes": [routing["ITEM_CD"], '=cmd";x'], "steps": steps}
    answer = admin.post("/api/routing/groups", json=body)
    assert answer.status_code == 201, answer.text
    yield answer.json()["group_id"]
    admin.delete(f"/api/routing/groups/{answer.json()['group_id']}")


def change(admin: httpx.Client, **sections: Any) -> None:
    answer = admin.patch("/api/workflow/graph", json=sections)
    assert answer.status_code == 200, answer.text


def test_a_saved_routing_is_a_file_on_the_server_and_a_download(admin: httpx.Client, group: str) -> None:
    change(admin, export={"compress_on_save": False})
    try:
        facts = admin.post(f"/api/routing/groups/{group}/export?format=csv").json()
        written = Path(facts["path"]).read_bytes()
    finally:
        change(admin, export=OFF)
    download = admin.post(f"/api/routing/groups/{group}/export?format=csv&target=download")
    assert download.content == written
    rows = pl.read_csv(io.BytesIO(written), infer_schema_length=0)
    assert rows.height == facts["operations"] > 0
    assert set(rows["ITEM_CD"].to_list()[rows.height // 2 :]) == {"'=cmd\";x"}


def test_an_erp_that_fails_first_gets_the_routing_once_it_works_though_auth_service_was_killed(
    whole_system: RunningSystem, admin: httpx.Client, group: str, erp: dict[str, Any]
) -> None:
    on = {"erp_interface_enabled": True, "erp_protocol": "http-xml", "erp_endpoint": erp["url"]}
    change(admin, export=on, erp={"retry_seconds": 0.2, "allowed_addresses": ["127.0.0.1"]})
    try:
        answer = admin.post(f"/api/routing/groups/{group}/erp")
        assert answer.status_code == 202, answer.text
        message = answer.json()["message_id"]
        wait_until(lambda: len(erp["came"]) >= 2, 20, lambda: f"{erp['came']}")
        whole_system.kill("auth")
        erp["statuses"].clear()

        def delivered() -> bool:
            listed = admin.get(f"/api/routing/groups/{group}/erp")
            return listed.status_code == 200 and listed.json()["items"][0]["state"] == "delivered"

        wait_until(delivered, 60, lambda: str(admin.get("/api/erp/status").text))
        assert {key for key, _body in erp["came"]} == {message}
        assert len({body for _key, body in erp["came"]}) == 1
        assert erp["came"][0][1].startswith(b"<?xml")
        assert admin.get("/api/erp/status").json()["counts"]["delivered"] >= 1
        shown = whole_system.command("erp", "list", "--state", "delivered")
        assert message in shown.stdout
    finally:
        change(admin, export=OFF, erp={"retry_seconds": 5.0})
