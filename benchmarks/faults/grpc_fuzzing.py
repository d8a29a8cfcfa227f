"""Requests to gRPC services that nobody would send: bytes of no message, messages of no sense, streams that begin or end in the middle.

A server may refuse them in every way that names the caller's fault; INTERNAL and UNKNOWN name its own.
"""

from __future__ import annotations

import asyncio
import contextlib
import random
import time
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import grpc
from google.protobuf.descriptor import Descriptor, FieldDescriptor, MethodDescriptor, ServiceDescriptor
from google.protobuf.message import Message
from google.protobuf.message_factory import GetMessageClass

WRITE_FAILED: Final = "Internal error from Core"
"""What the client's library itself says, in the place of the server's answer, when a stream was ended while it was writing: the
call is repeated with fewer messages, until the server's own answer is heard."""
ENDED_ALREADY: Final = (grpc.aio.AioRpcError, grpc.aio.InternalError, asyncio.InvalidStateError)
"""What writing to a call raises that ended before all was written."""
AT_FAULT: Final = (grpc.StatusCode.INTERNAL, grpc.StatusCode.UNKNOWN, grpc.StatusCode.DATA_LOSS)
"""Statuses by which a server says that it failed."""
DEEPEST: Final = 3
CALLS_AT_ONCE: Final = 16
CALL_SECONDS: Final = 20.0
MOST_KEPT: Final = 50
SELDOM_TURNS: Final = 100
TEXTS: Final = (
    "",
    " ",
    "x" * 5_000,
    "\x00",
    "\u202e슬리브\ufffd",
    "../../etc/passwd",
    "C:\\Windows\\win.ini",
    "{}",
    "[" * 2_000,
    '{"a": ' * 300,
    "' OR 1=1 --",
    "%s%n",
    "NaN",
    "items",
    "ITEM_CD",
    "A-1",
)
NUMBERS: Final = (0, 1, -1, 7, 255, 2**31 - 1, -(2**31), 2**63 - 1, -(2**63))
FLOATS: Final = (0.0, -1.0, 0.5, 1e308, float("nan"), float("inf"), float("-inf"))


@dataclass
class GrpcFuzzing:
    """What came of it.

    Attributes:
        requests: calls that were made.
        statuses: how many ended with each status.
        faults: method, status, what the server said and the messages (hexadecimal, cut short) of calls where it named itself.
    """

    requests: int = 0
    statuses: Counter[str] = field(default_factory=Counter)
    faults: list[tuple[str, str, str, tuple[str, ...]]] = field(default_factory=list)

    @property
    def failed(self) -> int:
        """How many calls the server took the blame for."""
        return sum(self.statuses[code.name] for code in AT_FAULT)


async def fuzz_grpc(
    channel: grpc.aio.Channel,
    services: Iterable[ServiceDescriptor],
    *,
    requests: int,
    seconds: float,
    seed: int = 0,
    metadata: Sequence[tuple[str, str]] = (),
    leave_out: Callable[[MethodDescriptor], bool] = lambda _method: False,
    seldom: Callable[[MethodDescriptor], bool] = lambda _method: False,
) -> GrpcFuzzing:
    """Send made-up requests to every method in turn until a number is reached or a time has passed.

    Args:
        channel: to a server that has these services.
        services: descriptors of generated modules.
        metadata: of every call; without a log-in hardly anything is reached.
        leave_out: methods that are not called.
        seldom: methods of so much work that they are called once in SELDOM_TURNS turns.
    """
    every = [method for service in services for method in service.methods if not leave_out(method)]
    often = [method for method in every if not seldom(method)]
    methods = (
        often * SELDOM_TURNS + [method for method in every if seldom(method)] if len(often) < len(every) else often
    )
    result, random_of = GrpcFuzzing(), random.Random(seed)
    deadline = time.monotonic() + seconds
    numbers = iter(range(requests))

    async def work() -> None:
        for number in numbers:
            if time.monotonic() > deadline:
                return
            method = methods[number % len(methods)]
            await _call(channel, method, _messages(method, random_of), metadata, random_of, result)

    await asyncio.gather(*(work() for _ in range(CALLS_AT_ONCE)))
    return result


async def _call(
    channel: Any,
    method: MethodDescriptor,
    messages: Sequence[bytes],
    metadata: Sequence[tuple[str, str]],
    chance: random.Random,
    result: GrpcFuzzing,
) -> None:
    name = f"/{method.containing_service.full_name}/{method.name}"
    options: dict[str, Any] = {
        "metadata": tuple(metadata),
        "timeout": chance.choice((CALL_SECONDS, CALL_SECONDS, 0.05)),
    }
    call: Any
    if method.client_streaming:
        call = channel.stream_stream(name)(**options)
        with contextlib.suppress(*ENDED_ALREADY):
            for message in messages:
                await call.write(message)
            if chance.random() < 0.8:
                await call.done_writing()
            else:
                call.cancel()
    else:
        call = channel.unary_stream(name)(messages[0], **options)
    with contextlib.suppress(grpc.aio.AioRpcError, asyncio.CancelledError):
        async for _answer in call:
            if chance.random() < 0.05:
                call.cancel()
    code, said = await call.code(), await call.details()
    if said == WRITE_FAILED and method.client_streaming and messages:
        await _call(channel, method, messages[:-1], metadata, chance, result)
        return
    result.requests += 1
    result.statuses[code.name] += 1
    if code in AT_FAULT and len(result.faults) < MOST_KEPT:
        sent = tuple(message[:200].hex() for message in messages[:4])
        result.faults.append((name, code.name, str(said)[:300], sent))


def _messages(method: MethodDescriptor, chance: random.Random) -> list[bytes]:
    count = chance.choice((0, 1, 1, 2, 5)) if method.client_streaming else 1
    return [_bytes(method.input_type, chance) for _ in range(count)]


def _bytes(kind: Descriptor, chance: random.Random) -> bytes:
    """A request: random bytes, a random message, or one that was harmed on its way."""
    way = chance.random()
    if way < 0.15:
        return chance.randbytes(chance.choice((0, 1, 3, 17, 200)))
    data = made_up(kind, chance).SerializeToString()
    if way < 0.75 or not data:
        return data
    harmed = bytearray(data)
    for _ in range(chance.randint(1, 4)):
        harmed[chance.randrange(len(harmed))] = chance.randrange(256)
    return bytes(harmed[: chance.randint(0, len(harmed))] if way > 0.9 else harmed)


def made_up(kind: Descriptor, chance: random.Random, depth: int = 0) -> Message:
    """A message whose fields hold values that are allowed by their types and by nothing else."""
    message: Any = GetMessageClass(kind)()
    for one in kind.fields:
        if chance.random() < 0.3:
            continue
        repeated = one.is_repeated
        if one.type == FieldDescriptor.TYPE_MESSAGE:
            if depth >= DEEPEST:
                continue
            inner: Any = one.message_type
            if inner.GetOptions().map_entry:
                continue
            if repeated:
                getattr(message, one.name).extend(
                    made_up(inner, chance, depth + 1) for _ in range(chance.randint(0, 3))
                )
            else:
                getattr(message, one.name).CopyFrom(made_up(inner, chance, depth + 1))
        elif repeated:
            getattr(message, one.name).extend(_value(one, chance) for _ in range(chance.choice((0, 1, 3, 300))))
        else:
            setattr(message, one.name, _value(one, chance))
    return message  # type: ignore[no-any-return]


def _enum(one: FieldDescriptor) -> Any:
    return one.enum_type


def _value(one: FieldDescriptor, chance: random.Random) -> Any:
    """A value of a field's type, mostly one at the edge of it."""
    kinds = FieldDescriptor
    if one.type == kinds.TYPE_STRING:
        return chance.choice(TEXTS)
    if one.type == kinds.TYPE_BYTES:
        return chance.randbytes(chance.choice((0, 1, 40)))
    if one.type == kinds.TYPE_BOOL:
        return chance.random() < 0.5
    if one.type in (kinds.TYPE_FLOAT, kinds.TYPE_DOUBLE):
        return chance.choice(FLOATS) if one.type == kinds.TYPE_DOUBLE else chance.choice((0.0, -1.0, 0.5, float("nan")))
    if one.type == kinds.TYPE_ENUM:
        return chance.choice([value.number for value in _enum(one).values])
    wide = one.type in (kinds.TYPE_INT64, kinds.TYPE_SINT64, kinds.TYPE_SFIXED64)
    short = one.type in (kinds.TYPE_INT32, kinds.TYPE_SINT32, kinds.TYPE_SFIXED32)
    unsigned_wide = one.type in (kinds.TYPE_UINT64, kinds.TYPE_FIXED64)
    least, most = (
        (-(2**63), 2**63 - 1)
        if wide
        else (-(2**31), 2**31 - 1) if short else (0, 2**63 if unsigned_wide else 2**32 - 1)
    )
    return chance.choice([number for number in NUMBERS if least <= number <= most])
