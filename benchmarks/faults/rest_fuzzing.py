"""Fuzzing of the REST interface: what schemathesis makes of the OpenAPI document, with all its checks, and a great many mutations of that.

Generating a request costs more than answering it, so each generated one is sent again and again with something in it changed: values,
types, keys, bytes, headers, names in paths. No answer may be a failure of the server, but for an intended 503 that says when to come back.
"""

from __future__ import annotations

import collections
import copy
import http.client
import json
import random
import re
import threading
import time
import warnings
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final
from urllib.parse import quote, urlsplit

import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode

from benchmarks.faults.outcome import Outcome
from gateway.openapi_file import api_document

NOT_SENT: Final = {
    "POST /api/trainer/run": "trains for real",
    "POST /api/auth/admin/rotate-keys": "ends the sessions",
    "POST /api/auth/logout": "ends the session",
    "GET /api/system/events": "its answer has no end",
    "POST /api/master-data/refresh": "reads the source each time",
    "POST /api/auth/register": "fills the disk with accounts",
}
WRONG_VALUES: Final[tuple[Any, ...]] = (
    None, True, False, 0, -1, 1.5, 10**30, -(10**19), 1e308, "", "\0", " ", "x" * 5000, "품목", "\u202e", "\ufeff", "9" * 400,
    "'; DROP TABLE accounts; --", "=1+1", "../../etc/passwd", "CON", "2026-11-30", "NaN", [], {}, [[{}]], [None], {"": None}, ["a"] * 300,
)  # fmt: skip
NAMES: Final = (
    "..", "%2e%2e%2f", "%00", "a%0d%0ax: y", "x" * 3000, "-1", "0", "9" * 30, "%ff%fe", "con", "*", "품목", "%u1234", ";", "a/b", "a%2Fb",
)  # fmt: skip
HEADERS: Final[tuple[tuple[str, str], ...]] = (
    ("content-type", "text/plain"), ("content-type", "application/json; charset=utf-16"), ("content-type", "multipart/form-data"),
    ("content-type", ""), ("accept", "image/png"), ("accept-encoding", "gzip;q=nan"), ("x-request-id", "x" * 4000),
    ("x-request-id", "\xff\xfe"), ("range", "bytes=5-1"), ("if-none-match", '"' * 50), ("if-modified-since", "yesterday"),
    ("authorization", "Bearer " + "a." * 900), ("authorization", "Basic Og=="), ("cookie", "session=; =; a"), ("origin", "null"),
    ("origin", "http://[::1"), ("x-forwarded-for", "999.1.1.1, \xff"), ("sec-fetch-site", "cross-site"), ("expect", "100-continue"),
    ("x-http-method-override", "DELETE"), ("accept-language", "ko-" * 300), ("traceparent", "00-0-0-0"), ("content-encoding", "gzip"),
)  # fmt: skip


@dataclass(frozen=True)
class Request:
    """One request as it is sent; `target` is the path with the query, `operation` the document's name of it."""

    operation: str
    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes


@dataclass
class Tally:
    """What came back.

    Attributes:
        wrong: kind of fault -> how often.
        unlike: what schemathesis' checks find unlike the OpenAPI document, such as a status that is not listed there -> how often.
        examples: one request of each kind of fault.
    """

    sent: int = 0
    statuses: collections.Counter[int] = field(default_factory=collections.Counter)
    wrong: collections.Counter[str] = field(default_factory=collections.Counter)
    unlike: collections.Counter[str] = field(default_factory=collections.Counter)
    examples: dict[str, str] = field(default_factory=dict)

    def note(self, request: Request, status: int, problem: str) -> None:
        """Count one answer; status 0: there was none."""
        self.sent += 1
        self.statuses[status] += 1
        if problem:
            kind = f"{request.operation}: {problem.partition(chr(10))[0][:60]}"
            self.wrong[kind] += 1
            self.examples.setdefault(kind, f"{request}\n{problem}"[:2500])


def corpus(
    each: int, *, tally: Tally, send: Callable[[Any], Any], seed: int = 0, until: float = float("inf")
) -> list[Request]:
    """Requests that schemathesis generates of every operation, `each` fitting and not fitting ones; all are sent and checked by it.

    Args:
        send: sends a schemathesis case and returns its answer.
        until: `time.monotonic()` after which no further operation is begun with; their order is by chance.
    """
    schema: Any = schemathesis.openapi.from_dict(api_document())
    made: list[Request] = []
    operations = [result.ok() for result in schema.get_all_operations()]
    random.shuffle(operations)
    for operation in operations:
        if str(operation.label) in NOT_SENT or (made and time.monotonic() > until):
            continue
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                _generate(operation, mode, each, made, tally, send, seed)
    return made


def _generate(
    operation: Any,
    mode: GenerationMode,
    each: int,
    made: list[Request],
    tally: Tally,
    send: Callable[[Any], Any],
    seed: int,
) -> None:
    described = operation.definition.raw
    if mode is GenerationMode.NEGATIVE and not (
        "requestBody" in described or any(one["in"] == "query" for one in described.get("parameters", []))
    ):
        return

    @settings(
        max_examples=each,
        database=None,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=[Phase.generate],
        derandomize=not seed,
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def one(case: Any) -> None:
        answer = send(case)
        problem = problem_of(answer.status_code, {k.lower(): v[0] for k, v in answer.headers.items()}, answer.content)
        prepared = answer.request
        address = urlsplit(str(prepared.url))
        body = prepared.body or b""
        request = Request(
            str(operation.label),
            str(prepared.method),
            (address.path or "/") + (f"?{address.query}" if address.query else ""),
            tuple(
                (str(name), str(value)) for name, value in prepared.headers.items() if name.lower() in ("content-type",)
            ),
            body.encode("utf-8", "surrogatepass") if isinstance(body, str) else bytes(body),
        )
        try:
            case.validate_response(answer)
        except BaseExceptionGroup as failures:
            for failure in failures.exceptions:
                tally.unlike[f"{operation.label}: {str(failure).partition(chr(10))[0]}"] += 1
        except Exception as failure:
            tally.unlike[f"{operation.label}: {str(failure).partition(chr(10))[0]}"] += 1
        tally.note(request, answer.status_code, problem)
        made.append(request)

    one()


def problem_of(status: int, headers: dict[str, str], content: bytes) -> str:
    """What is wrong with an answer; "" when nothing is."""
    if status == 503:
        return "" if headers.get("retry-after") else f"503 without Retry-After: {content[:300]!r}"
    if status == 504 or status < 400:
        return f"504: {content[:300]!r}" if status == 504 else ""
    if status >= 500:
        return f"{status}: {content[:300]!r}"
    if b"Traceback" in content or re.search(rb"/home/|/opt/|site-packages|\.py\b", content):
        return f"{status} tells of the inside: {content[:300]!r}"
    return ""


def mutated(request: Request, chance: random.Random) -> Request:
    """The request with one to three things changed."""
    for _ in range(chance.randint(1, 3)):
        request = chance.choice(_MUTATIONS)(request, chance)
    return request


def _other_value(request: Request, chance: random.Random) -> Request:
    try:
        document = json.loads(request.body)
    except (ValueError, RecursionError):
        return _other_bytes(request, chance)
    places = list(_places(document))
    changed = _replaced(document, chance.choice(places), chance.choice(WRONG_VALUES))
    return _with(request, body=json.dumps(changed, ensure_ascii=chance.random() < 0.5).encode("utf-8", "surrogatepass"))


def _other_bytes(request: Request, chance: random.Random) -> Request:
    body = bytearray(request.body or b"{}")
    match chance.randrange(4):
        case 0:
            body[chance.randrange(len(body))] = chance.randrange(256)
        case 1:
            del body[chance.randrange(len(body)) :]
        case 2:
            place = chance.randrange(len(body) + 1)
            body[place:place] = chance.choice(
                (b"\xff", b"\0", b"[" * 500, b'"', b"1e999", b"NaN", b"\\ud800", b"\xef\xbb\xbf")
            )
        case _:
            body += body[: 1 + chance.randrange(len(body))]
    return _with(request, body=bytes(body))


def _other_header(request: Request, chance: random.Random) -> Request:
    name, value = chance.choice(HEADERS)
    kept = tuple(pair for pair in request.headers if pair[0].lower() != name)
    return _with(request, headers=(*kept, (name, value)))


def _other_name(request: Request, chance: random.Random) -> Request:
    path, mark, query = request.target.partition("?")
    parts = path.split("/")
    if len(parts) > 3:
        parts[chance.randrange(3, len(parts))] = quote(chance.choice(NAMES), safe="%*;/")
    return _with(request, target="/".join(parts) + mark + query)


def _other_query(request: Request, chance: random.Random) -> Request:
    path, _, query = request.target.partition("?")
    pairs = [pair for pair in query.split("&") if pair] or ["limit=1"]
    name = chance.choice(pairs).partition("=")[0] if chance.random() < 0.8 else "no_such"
    pairs.append(f"{name}={quote(str(chance.choice(WRONG_VALUES)), safe='')}")
    return _with(request, target=f"{path}?{'&'.join(pairs)}"[:60_000])


def _other_method(request: Request, chance: random.Random) -> Request:
    if chance.random() < 0.9:
        return request
    return _with(request, method=chance.choice(("GET", "HEAD", "POST", "PUT", "PATCH", "OPTIONS", "TRACE", "BREW")))


_MUTATIONS: Final = (
    _other_value,
    _other_value,
    _other_value,
    _other_bytes,
    _other_header,
    _other_name,
    _other_query,
    _other_method,
)


def _with(request: Request, **changes: Any) -> Request:
    return Request(**{**request.__dict__, **changes})


def _places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    yield path
    parts = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in parts:
        yield from _places(inner, (*path, key))


def _replaced(value: Any, path: tuple[str | int, ...], other: Any) -> Any:
    if not path:
        return other
    changed = copy.deepcopy(value)
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = other
    return changed


def flood(
    url: str,
    requests: Sequence[Request],
    *,
    tokens: Sequence[str],
    count: int,
    until: float,
    tally: Tally,
    senders: int = 4,
    every: Callable[[], None] = lambda: None,
) -> None:
    """Send mutations from several connections until `count` were sent or `time.monotonic()` is `until`.

    Args:
        tokens: of persons in whose name requests are sent; "" is nobody.
        every: called now and then, such as to put settings back.
    """
    lock = threading.Lock()
    begun = tally.sent

    def work(number: int) -> None:
        chance = random.Random(f"{number} {time.time_ns()}")
        connection = _Connection(url)
        while time.monotonic() < until:
            with lock:
                if tally.sent - begun >= count:
                    break
            request = mutated(chance.choice(requests), chance)
            if f"{request.method} {request.target.partition('?')[0]}" in NOT_SENT:
                continue
            status, problem = connection.send(request, chance.choice(tokens))
            with lock:
                tally.note(request, status, problem)
                due = tally.sent % 5000 == 0
            if due:
                every()
        connection.close()

    threads = [threading.Thread(target=work, args=(number,), daemon=True) for number in range(senders)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


class _Connection:
    """One connection to the gateway, opened again when that closes it."""

    def __init__(self, url: str) -> None:
        address = urlsplit(url)
        self._host, self._port = address.hostname or "127.0.0.1", address.port or 80
        self._connection: http.client.HTTPConnection | None = None

    def send(self, request: Request, token: str) -> tuple[int, str]:
        """Status (0: no answer) and what is wrong with the answer."""
        for attempt in (1, 2):
            fresh = self._connection is None
            try:
                return self._once(request, token)
            except (http.client.HTTPException, OSError) as error:
                self.close()
                if fresh or attempt == 2:  # one that was kept open may just have been closed
                    return 0, f"no answer: {type(error).__name__} {error}"
        return 0, "no answer"

    def _once(self, request: Request, token: str) -> tuple[int, str]:
        if self._connection is None:
            self._connection = http.client.HTTPConnection(self._host, self._port, timeout=90)
        connection = self._connection
        connection.putrequest(request.method, _sendable(request.target), skip_accept_encoding=True)
        named = {name.lower() for name, _ in request.headers}
        if token and "authorization" not in named:
            connection.putheader("authorization", f"Bearer {token}")
        for name, value in request.headers:
            if name.lower() not in ("content-length", "transfer-encoding"):
                connection.putheader(name, value.encode("latin-1", "replace"))
        connection.putheader("content-length", str(len(request.body)))
        connection.endheaders(request.body)
        answer = connection.getresponse()
        content = answer.read()
        headers = {name.lower(): value for name, value in answer.getheaders()}
        if headers.get("connection", "").lower() == "close":
            self.close()
        return answer.status, problem_of(answer.status, headers, content)

    def close(self) -> None:
        """Close it; the next request opens another."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None


def _sendable(target: str) -> str:
    return re.sub(r"[^\x21-\x7e]", lambda found: quote(found[0]), target)


def outcome(tally: Tally, seconds: float) -> Outcome:
    """The row of the table."""
    by_hundred = collections.Counter(
        f"{status // 100}xx" if status else "no answer" for status in tally.statuses.elements()
    )
    told = ", ".join(f"{kind} {count:,}" for kind, count in sorted(by_hundred.items()))
    intended = tally.statuses[503] - sum(n for kind, n in tally.wrong.items() if "503 without" in kind)
    return Outcome(
        "fuzzing of REST",
        tally.sent,
        "requests",
        dict(tally.wrong),
        measured=f"{told}; of them {intended:,} intended 503; {tally.sent / max(seconds, 1e-9):.0f}/s; "
        f"{sum(tally.unlike.values()):,} generated ones answered unlike the OpenAPI document (statuses not listed in it)",
        aim="1,000,000 requests without a 5xx but an intended 503",
        examples=tuple(tally.examples.values()),
    )
