"""No answer to a user names a folder of this machine, whatever put it into a text; texts that no database holds are refused everywhere."""

from __future__ import annotations

import asyncio
import itertools
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from common import errors
from common.settings import Settings
from gateway.hidden_paths import AT_ONCE_BYTES, HidePaths, hidden_in, known_folders, without_folders, without_paths
from protos.documents.v1 import documents_pb2

FOLDERS = ["/srv/routing/var", "C:\\Routing ML\\var", "C:/Routing ML/var", "/srv/routing"]


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("The database /srv/routing/var/routing.db is locked", "The database routing.db is locked"),
        ("The folder /srv/routing/var.", "The folder var."),
        ("(/srv/routing/var/a b/c.txt)", "(a b/c.txt)"),
        ("/srv/routing/various/x stays below", "various/x stays below"),
        ("C:\\Routing ML\\var\\logs\\a.log and C:/Routing ML/var/b", "logs\\a.log and b"),
        ("nothing here, and/or 2026/11/30", "nothing here, and/or 2026/11/30"),
    ],
)
def test_paths_begin_below_the_folder_that_holds_them(text: str, shown: str) -> None:
    assert without_folders(text, FOLDERS) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("[Errno 13] Permission denied: '/opt/elsewhere/x.parquet'", "[Errno 13] Permission denied: 'x.parquet'"),
        ("D:\\plant data\\ROUTING.accdb cannot be opened", "ROUTING.accdb cannot be opened"),
        ("\\\\server\\share\\a.accdb: no", "a.accdb: no"),
        (
            "POST /api/predict as before, see https://erp.plant/a/b",
            "POST /api/predict as before, see https://erp.plant/a/b",
        ),
        ("10 mm/min, 1/2, a/b/c", "10 mm/min, 1/2, a/b/c"),
    ],
)
def test_errors_hold_no_path_of_a_folder_that_is_not_known_either(text: str, shown: str) -> None:
    assert without_paths(text, FOLDERS) == shown


@given(st.text(max_size=30), st.text(max_size=30), st.sampled_from(FOLDERS))
def test_no_known_folder_is_left_as_the_beginning_of_a_path(before: str, after: str, folder: str) -> None:
    assert f"{folder}/x" not in without_folders(f"{before} {folder}/x{after}", FOLDERS)


def test_the_folders_are_those_of_the_installation_and_of_its_settings(tmp_path: Path) -> None:
    settings = Settings(_env_file=None, state_dir=tmp_path / "state", models_dir=tmp_path / "models")
    document = {"export": {"export_directory": "/data/out/erp"}, "access": {"allowed_folders": ["/data/in/plant"]}}
    folders = known_folders(settings, lambda: document)()
    assert {str(tmp_path / "state"), str(tmp_path / "models"), "/data/out/erp", "/data/in/plant"} <= set(folders)
    assert not {"/", "", "/data"} & set(folders)


def told(plant: Any, error: Exception, role: str) -> str:
    plant.script.answers["GetRslGroup"] = error
    return str(plant.client(role).get("/api/rsl/groups/1").text)


@pytest.mark.parametrize("kind", [errors.NotFound, errors.Unavailable, errors.DataProblem, errors.PreconditionFailed])
def test_an_error_of_a_service_tells_users_no_path_and_administrators_all(plant: Any, kind: Any) -> None:
    path = str(plant.settings.state_dir / "routing.db")
    error = kind(f"The file {path} is not there; nor is /mnt/other/share/x.db")
    assert json.loads(told(plant, error, "user"))["detail"] == "The file routing.db is not there; nor is x.db"
    assert path in told(plant, error, "admin")


def test_an_answer_that_is_no_error_tells_users_no_folder_either(plant: Any) -> None:
    text = f"see {plant.settings.state_dir.resolve()}/wrappers/1.py"
    plant.script.answers["GetRslGroup"] = documents_pb2.RslGroup(id=1, name="G", slug="g", description=text)
    answer = plant.client().get("/api/rsl/groups/1")
    assert answer.json()["description"] == "see wrappers/1.py"
    assert len(answer.content) == int(answer.headers["content-length"])


@pytest.mark.parametrize("bad", ["a\0b", "\0", "x" * 60_000, "x" * 9_000])
@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/api/rsl/groups", "search"),
        ("/api/rsl/groups", "tags"),
        ("/api/routing/groups", "search"),
        ("/api/master-data/items", "query"),
        ("/api/master-data/tree", "query"),
        ("/api/audit/events", "action"),
        ("/api/auth/admin/accounts", "search"),
        ("/api/nothing-knows-it", "x"),
    ],
)
def test_texts_that_cannot_be_looked_for_are_refused_on_every_route(plant: Any, path: str, name: str, bad: str) -> None:
    answer = plant.client("admin").get(path, params={name: bad})
    refused = {414, 431} if len(bad) > 10_000 else {404} if "nothing" in path else {422}
    assert answer.status_code in refused, answer.text
    if answer.status_code == 422:
        assert answer.json()["detail"][0]["loc"] == ["query", name]


def sent(kind: bytes, pieces: list[bytes], *, status: int = 200, headers: tuple[Any, ...] = ()) -> tuple[bytes, Any]:
    """What a user gets of an answer that is made of these pieces: its body and its headers."""
    messages: list[Any] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send({"type": "http.response.start", "status": status, "headers": [(b"content-type", kind), *headers]})
        for number, piece in enumerate(pieces, 1):
            await send({"type": "http.response.body", "body": piece, "more_body": number < len(pieces)})

    async def send(message: Any) -> None:
        messages.append(message)

    asyncio.run(HidePaths(app, lambda: FOLDERS)({"type": "http"}, None, send))  # type: ignore[arg-type]
    return b"".join(one.get("body", b"") for one in messages), dict(messages[0]["headers"])


EVENTS = b'retry: 3000\n\ndata: {"why":"/srv/routing/var/a.db is locked","n":1}\n\ndata: {"n":2}\n\n'


@given(st.lists(st.integers(0, len(EVENTS)), max_size=6))
def test_events_tell_no_folder_however_they_are_cut_into_pieces(cuts: list[int]) -> None:
    places = [0, *sorted(cuts), len(EVENTS)]
    pieces = [EVENTS[begin:end] for begin, end in itertools.pairwise(places)]
    body, _headers = sent(b"text/event-stream", pieces)
    assert body == EVENTS.replace(b"/srv/routing/var/", b"")


def test_each_line_of_a_stream_is_sent_when_it_is_whole() -> None:
    seen: list[bytes] = []

    async def app(_scope: Any, _receive: Any, send: Any) -> None:
        await send(
            {"type": "http.response.start", "status": 200, "headers": [(b"content-type", b"application/x-ndjson")]}
        )
        for piece in (b'{"a":"/srv/routing/', b'x"}\n{"b":', b"1}\n"):
            await send({"type": "http.response.body", "body": piece, "more_body": True})

    async def send(message: Any) -> None:
        seen.append(message.get("body", b""))

    asyncio.run(HidePaths(app, lambda: FOLDERS)({"type": "http"}, None, send))  # type: ignore[arg-type]
    assert seen == [b"", b"", b'{"a":"x"}\n', b'{"b":1}\n']


@pytest.mark.parametrize("kind", [b"text/plain; charset=utf-8", b"text/csv; charset=utf-8"])
def test_a_text_tells_no_folder_either_and_says_its_length(kind: bytes) -> None:
    text = "2026-11-30\t\ud488\ubaa9 /srv/routing/var/a.log\n".encode()
    body, headers = sent(kind, [text], headers=((b"content-length", str(len(text)).encode()),))
    assert body == text.replace(b"/srv/routing/var/", b"")
    assert int(headers[b"content-length"]) == len(body)


def test_what_names_no_folder_keeps_every_byte_and_files_pass_in_pieces() -> None:
    assert sent(b"application/json", [b'{ "a" : 1 }'])[0] == b'{ "a" : 1 }'
    assert sent(b"text/csv", [b"\xff\xfea,b", b"c"])[0] == b"\xff\xfea,bc"
    assert sent(b"application/json", [b""], headers=((b"content-length", b"9"),)) == (
        b"",
        {b"content-type": b"application/json", b"content-length": b"9"},
    )


def test_a_folder_is_found_wherever_a_large_answer_names_it() -> None:
    for before in (AT_ONCE_BYTES - 30, AT_ONCE_BYTES - 2, AT_ONCE_BYTES, 3 * AT_ONCE_BYTES):
        body = json.dumps(["x" * before, "/srv/routing/var/routing.db", "y" * AT_ONCE_BYTES]).encode()
        shown, headers = sent(b"application/json", [body], headers=((b"content-length", b"0"),))
        assert json.loads(shown) == ["x" * before, "routing.db", "y" * AT_ONCE_BYTES]
        assert int(headers[b"content-length"]) == len(shown)


async def test_others_have_their_turn_while_a_large_answer_is_looked_through() -> None:
    body = json.dumps(["x" * 1000] * 2000).encode()
    turns = 0

    async def others() -> None:
        nonlocal turns
        while True:
            turns += 1
            await asyncio.sleep(0)

    counting = asyncio.ensure_future(others())
    assert await hidden_in(body, FOLDERS, failed=False, is_json=True) == body
    counting.cancel()
    assert turns >= len(body) // AT_ONCE_BYTES
