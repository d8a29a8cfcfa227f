"""The ERP outbox: a real auth_service process, a real HTTP receiver that fails first, kill -9 in between."""

from __future__ import annotations

import asyncio
import hashlib
import json
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import grpc
import pytest
from hypothesis import given
from hypothesis import strategies as st

from auth_service.erp import delivery
from auth_service.erp.outbox import Message, Outbox
from common.errors import InvalidInput, NotFound, PreconditionFailed, ServiceError
from common.identity import ServiceCredential
from common.processes import free_port
from common.rpc.client import connect
from common.rpc.status import from_rpc_error
from common.settings import Settings
from plant.settings import PlantSettings
from plant.settings.erp_interface import ErpInterface, normal_protocol, shown_url
from protos.erp.v1 import erp_pb2 as pb
from protos.erp.v1 import erp_pb2_grpc
from protos.settings.v1 import settings_pb2, settings_pb2_grpc

ROOT = Path(__file__).parents[3]
LOCAL = {"allowed_addresses": ["127.0.0.1"]}
SECRET, TOKEN = "Bearer s3cret-of-the-erp", "tok-in-query"


@dataclass
class Receiver:
    """An ERP over HTTP: answers with the statuses it is given, 200 when they are used up, and keeps what came."""

    port: int
    statuses: list[int] = field(default_factory=list)
    came: list[tuple[dict[str, str], bytes]] = field(default_factory=list)
    headers: dict[str, str] = field(default_factory=dict)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    erp = Receiver(0)

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["content-length"]))
            erp.came.append(({name.lower(): value for name, value in self.headers.items()}, body))
            self.send_response(erp.statuses.pop(0) if erp.statuses else 200)
            for name, value in erp.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(f"you sent {SECRET} and {TOKEN}".encode())

        def log_message(self, *_arguments: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    erp.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield erp
    server.shutdown()
    server.server_close()


class Erp:
    """An auth_service, and calls to it."""

    def __init__(self, settings: Settings, channel: grpc.aio.Channel | None = None) -> None:
        self.settings, self._channel = settings, channel

    async def call(self, method: str, request: Any, stub: Any = erp_pb2_grpc.ErpServiceStub) -> Any:
        credential = ServiceCredential.load(self.settings.secrets_path)
        metadata = (("authorization", credential.header("test")),)
        try:
            return await getattr(stub(self._channel), method)(request, metadata=metadata, timeout=20)
        except grpc.aio.AioRpcError as error:
            raise from_rpc_error(error, "auth_service") from None

    async def set_up(self, **sections: dict[str, Any]) -> None:
        request = settings_pb2.PatchSettingsRequest(patch_json=json.dumps(sections))
        await self.call("Patch", request, settings_pb2_grpc.SettingsServiceStub)

    async def enqueue(self, content: bytes, kind: str = "json") -> pb.ErpMessage:
        start = pb.ErpMessageStart(kind="routing_group", subject_id="g1", subject_name="씰", format=kind)
        parts = [pb.EnqueuePart(start=start)]
        parts += [pb.EnqueuePart(data=content[at : at + 100_000]) for at in range(0, len(content), 100_000)]
        message: pb.ErpMessage = await self.call("Enqueue", iter([*parts, pb.EnqueuePart(end=pb.EnqueueEnd())]))
        return message

    async def get(self, message_id: str) -> pb.ErpMessage:
        message: pb.ErpMessage = await self.call("Get", pb.MessageRequest(message_id=message_id))
        return message

    async def status(self) -> pb.ErpStatus:
        status: pb.ErpStatus = await self.call("Status", pb.ErpStatusRequest())
        return status

    async def until(self, message_id: str, state: str) -> pb.ErpMessage:
        message: pb.ErpMessage = await eventually(lambda: self.get(message_id), lambda m: m.state == state)
        return message


class Process(Erp):
    """One of its own process, that can be killed."""

    def __init__(self, folder: Path) -> None:
        address = f"127.0.0.1:{free_port()}"
        super().__init__(Settings(_env_file=None, state_dir=folder / "state", auth_address=address))
        self._environment = {
            **{key: value for key, value in os.environ.items() if not key.startswith("ROUTING_ML_")},
            "ROUTING_ML_STATE_DIR": str(self.settings.state_dir),
            "ROUTING_ML_AUTH_ADDRESS": address,
            "ROUTING_ML_ADMIN_PASSWORD": "Start-Pass-99",
            "ROUTING_ML_PASSWORD_TIME_COST": "1",
            "ROUTING_ML_PASSWORD_MEMORY_KIB": "64",
            "ROUTING_ML_STOP_GRACE_SECONDS": "0.2",
        }
        self._child: subprocess.Popen[bytes] | None = None

    async def start(self) -> None:
        self._child = subprocess.Popen(  # noqa: ASYNC220 - starting takes no time
            [sys.executable, "-m", "auth_service", "serve"],
            cwd=ROOT,
            env=self._environment,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        await self.close()
        self._channel = connect(self.settings, [self.settings.auth_address])
        await eventually(self.status, lambda _status: True, ignore=ServiceError)

    async def close(self) -> None:
        if self._channel is not None:
            await self._channel.close()

    def kill(self) -> None:
        """As kill -9 does."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()


async def eventually(ask: Callable[[], Any], wanted: Callable[[Any], bool], ignore: Any = ()) -> Any:
    last: Any = None
    for _ in range(600):
        try:
            last = await ask()
            if wanted(last):
                return last
        except ignore as error:
            last = error
        await asyncio.sleep(0.05)
    raise AssertionError(f"still {last}")


@pytest.fixture
async def process(tmp_path: Path) -> AsyncIterator[Process]:
    made = Process(tmp_path)
    await made.start()
    yield made
    await made.close()
    made.kill()


@pytest.fixture
def erp(plant: Any) -> Erp:
    """An auth_service within the test's process."""
    return Erp(plant.settings, plant.channel)


def push_to(receiver: Receiver, **more: Any) -> dict[str, Any]:
    endpoint = f"http://127.0.0.1:{receiver.port}/routing?token={TOKEN}"
    return {"erp_interface_enabled": True, "erp_protocol": "HTTP+JSON", "erp_endpoint": endpoint, **more}


async def test_a_message_survives_failures_and_kill_9_and_arrives_with_one_key(
    process: Process, receiver: Receiver
) -> None:
    (process.settings.secrets_path / "erp.authorization").write_text(f"{SECRET}\n")
    await process.set_up(export=push_to(receiver), erp={"retry_seconds": 0.2, **LOCAL})
    receiver.statuses[:] = [503] * 1000
    content = json.dumps({"items": ["선삭" * 50_000] * 4}).encode()
    message = await process.enqueue(content)
    assert (message.channel, message.sha256) == ("http", hashlib.sha256(content).hexdigest())
    await eventually(lambda: process.get(message.message_id), lambda m: m.attempts >= 2)
    process.kill()
    attempts = len(receiver.came)
    receiver.statuses.clear()
    await process.start()
    delivered = await process.until(message.message_id, "delivered")
    assert len(receiver.came) > attempts
    for headers, body in receiver.came:
        assert headers["idempotency-key"] == message.message_id
        assert headers["authorization"] == SECRET
        assert headers["content-type"] == "application/json"
        assert body == content
    assert delivered.last_error == ""
    assert delivered.target == f"http://127.0.0.1:{receiver.port}/routing"
    assert (await process.status()).counts["delivered"] == 1

    async def logged() -> str:
        return "".join(path.read_text("utf-8") for path in process.settings.logs_path.rglob("*") if path.is_file())

    text = await eventually(logged, lambda text: '"delivered"' in text)
    for secret in ("s3cret-of-the-erp", TOKEN):
        assert secret not in text


async def test_a_refusal_is_final_until_somebody_retries_and_says_why_without_secrets(
    erp: Erp, receiver: Receiver
) -> None:
    (erp.settings.secrets_path / "erp.authorization").write_text(SECRET)
    await erp.set_up(export=push_to(receiver), erp={"retry_seconds": 0.05, **LOCAL})
    receiver.statuses[:] = [422]
    message = await erp.enqueue(b"{}")
    failed = await erp.until(message.message_id, "failed")
    assert (failed.attempts, failed.last_status) == (1, 422)
    assert failed.last_error == "The ERP answered 422: you sent *** and ***"
    assert (await erp.status()).last_error == failed.last_error
    await erp.call("Retry", pb.MessageRequest(message_id=message.message_id))
    await erp.until(message.message_id, "delivered")
    with pytest.raises(PreconditionFailed, match="is delivered"):
        await erp.call("Retry", pb.MessageRequest(message_id=message.message_id))
    with pytest.raises(PreconditionFailed, match="is delivered"):
        await erp.call("Cancel", pb.MessageRequest(message_id=message.message_id))


async def test_attempts_end_and_a_waiting_message_can_be_cancelled(erp: Erp, receiver: Receiver) -> None:
    await erp.set_up(export=push_to(receiver), erp={"retry_seconds": 0.05, "max_attempts": 3, **LOCAL})
    receiver.statuses[:] = [500, 429, 502]
    failed = await erp.until((await erp.enqueue(b"{}")).message_id, "failed")
    assert failed.attempts == 3
    await erp.set_up(erp={"retry_seconds": 600})
    receiver.statuses[:] = [500]
    waiting = await erp.enqueue(b"{}")
    await eventually(lambda: erp.get(waiting.message_id), lambda m: m.attempts == 1 and m.state == "pending")
    cancelled = await erp.call("Cancel", pb.MessageRequest(message_id=waiting.message_id))
    assert (cancelled.state, cancelled.next_attempt_at) == ("cancelled", 0.0)
    listed = await erp.call("List", pb.ListMessagesRequest(subject_id="g1"))
    assert [one.state for one in listed.messages] == ["cancelled", "failed"]


async def test_files_are_dropped_for_the_erp_and_redirections_are_not_followed(erp: Erp, receiver: Receiver) -> None:
    await erp.set_up(
        export={"erp_interface_enabled": True, "erp_protocol": "xml", "export_directory": "deliverables/out"}
    )
    message = await erp.enqueue(b"<routings/>", "xml")
    delivered = await erp.until(message.message_id, "delivered")
    path = Path(delivered.target)
    assert path.parent == (erp.settings.state_dir / "deliverables" / "out" / "erp").resolve()
    assert path.read_bytes() == b"<routings/>"
    await erp.set_up(export=push_to(receiver), erp=LOCAL)
    receiver.statuses[:], receiver.headers["location"] = [302], "http://127.0.0.1:1/elsewhere"
    failed = await erp.until((await erp.enqueue(b"{}")).message_id, "failed")
    assert failed.last_status == 302
    assert len(receiver.came) == 1


async def test_an_erp_on_this_machine_needs_a_permission_at_the_setting_and_behind_a_name(
    erp: Erp, receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    for local in ("http://127.0.0.1/x", "http://2130706433:80/x", "http://169.254.169.254/latest", "http://[::1]/"):
        with pytest.raises(InvalidInput, match=r"erp\.allowed_addresses"):
            await erp.set_up(export={"erp_endpoint": local})
    known = asyncio.BaseEventLoop.getaddrinfo

    async def look_up(self: Any, host: Any, *arguments: Any, **named: Any) -> Any:
        return await known(self, "127.0.0.1" if host == "erp.plant.example" else host, *arguments, **named)

    monkeypatch.setattr(asyncio.BaseEventLoop, "getaddrinfo", look_up)
    named = f"http://erp.plant.example:{receiver.port}/routing"
    await erp.set_up(export=push_to(receiver, erp_endpoint=named), erp={"retry_seconds": 0.05, "max_attempts": 2})
    failed = await erp.until((await erp.enqueue(b"{}")).message_id, "failed")
    assert "127.0.0.1, which is this machine" in failed.last_error
    assert receiver.came == []
    await erp.set_up(erp={"allowed_addresses": ["erp.plant.example"]})
    await erp.call("Retry", pb.MessageRequest(message_id=failed.message_id))
    await erp.until(failed.message_id, "delivered")
    assert receiver.came[0][0]["host"] == f"erp.plant.example:{receiver.port}"


async def test_files_for_the_erp_go_to_allowed_folders_only_and_its_group_may_read_them(
    erp: Erp, tmp_path: Path
) -> None:
    for elsewhere in (
        "/etc",
        "../../..",
        "secrets",
        str(tmp_path / "out"),
        "\\\\host\\share",
        "deliverables/CON",
        "deliverables/\u202ea",
    ):
        with pytest.raises(InvalidInput, match=r"export\.export_directory"):
            await erp.set_up(export={"export_directory": elsewhere})
    await erp.set_up(
        export={"erp_interface_enabled": True, "erp_protocol": "csv", "export_directory": str(tmp_path / "out")},
        access={"allowed_folders": [str(tmp_path / "out")]},
    )
    delivered = await erp.until((await erp.enqueue(b"a,b", "csv")).message_id, "delivered")
    assert Path(delivered.target).parent == tmp_path / "out" / "erp"
    if os.name != "nt":
        assert Path(delivered.target).stat().st_mode & 0o777 == 0o640
    with pytest.raises(InvalidInput, match=r"export\.export_directory"):
        await erp.set_up(access={"allowed_folders": []})


async def test_a_link_of_the_screens_is_an_address_and_nothing_to_run(erp: Erp) -> None:
    for script in ("javascript:alert(1)", "data:text/html,x", "JaVaScRiPt://x/%0aalert(1)", "file:///etc/passwd", "x"):
        with pytest.raises(InvalidInput, match="neo4j_browser_url"):
            await erp.set_up(visualization={"neo4j_browser_url": script})
    await erp.set_up(visualization={"neo4j_browser_url": "https://neo4j.plant:7473/browser"})


async def test_nothing_is_taken_in_while_the_interface_is_off_or_from_a_call_that_is_cut_off(
    erp: Erp, receiver: Receiver
) -> None:
    with pytest.raises(PreconditionFailed, match="erp_protocol is"):
        await erp.enqueue(b"{}")
    for wrong in ("ftp://erp/x", "file:///etc/passwd", "http://user:word@erp/x", "erp.local/x", "http://a b/"):
        with pytest.raises(ServiceError):
            await erp.set_up(export={"erp_endpoint": wrong})
    await erp.set_up(export=push_to(receiver), erp=LOCAL)
    start = pb.ErpMessageStart(kind="routing_group", format="json")
    with pytest.raises(ServiceError, match="cut off"):
        await erp.call("Enqueue", iter([pb.EnqueuePart(start=start), pb.EnqueuePart(data=b"{")]))
    assert sum((await erp.status()).counts.values()) == 0
    assert receiver.came == []


def outbox_message(number: int = 1) -> Message:
    return Message(str(number), "prediction", "", "x", "csv", "http", "me", float(number))


def test_what_was_on_its_way_waits_again_and_what_had_not_come_whole_is_gone(tmp_path: Path) -> None:
    first = Outbox(tmp_path / "o.db")
    first.open_arrival(outbox_message(1))
    first.close_arrival("1", hashlib.sha256(b""), 0, 5.0)
    assert first.next_due(4.0) == (None, 5.0)
    sending, _due = first.next_due(6.0)
    assert sending is not None
    assert sending.state == "sending"
    first.open_arrival(outbox_message(2))
    first.add_part("2", 0, b"x")
    second = Outbox(tmp_path / "o.db")
    assert second.get("1").state == "pending"
    with pytest.raises(NotFound):
        second.get("2")
    assert second.content("2", 0) is None
    first.close()
    second.close()


@given(st.integers(1, 200), st.floats(0.05, 3600), st.none() | st.floats(0, 1e6))
def test_pauses_grow_within_bounds_and_heed_the_wish(attempts: int, first: float, wish: float | None) -> None:
    rest = delivery.pause(attempts, first, wish)
    assert 0.03 < rest <= 3600.0
    if wish is not None:
        assert rest >= min(wish, 3600.0)


def test_which_answers_are_final() -> None:
    assert [s for s in (301, 400, 401, 404, 413, 422, 501) if not delivery.is_permanent(s)] == []
    assert [s for s in (408, 425, 429, 500, 502, 503, 504) if delivery.is_permanent(s)] == []
    assert delivery.wished_pause("120") == 120.0
    for strange in ("soon", "\u00b2", "-5", "Wed, 21 Oct 99999999999 07:28:00 GMT", "1e9", ""):
        assert delivery.wished_pause(strange) is None, strange
    assert delivery.wished_pause("9" * 5000) == 999_999_999.0
    assert (delivery.wished_pause("Wed, 21 Oct 2099 07:28:00 GMT") or 0) > 1e6


@pytest.mark.parametrize(
    ("named", "protocol"),
    [
        ("CSV", "csv"),
        ("http", "http-json"),
        ("REST", "http-json"),
        ("HTTPS/XML", "http-xml"),
        ("http_csv", "http-csv"),
        ("json+http", "http-json"),
        ("sap-rfc", "sap-rfc"),
    ],
)
def test_protocols_are_understood_however_they_are_written(named: str, protocol: str) -> None:
    assert normal_protocol(named) == protocol


def test_an_unknown_protocol_and_a_missing_endpoint_are_told() -> None:
    def interface(**export: Any) -> ErpInterface:
        return ErpInterface.of(PlantSettings.of({"export": {"erp_interface_enabled": True, **export}}).export)

    assert "sap-rfc" in interface(erp_protocol="sap-rfc").problem
    assert "erp_endpoint is not set" in interface(erp_protocol="rest").problem
    assert interface(erp_endpoint="https://erp/x").protocol == "http-json"
    assert shown_url("https://erp.plant:8443/a?key=1#x") == "https://erp.plant:8443/a"
