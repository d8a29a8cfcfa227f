"""ErpService: translates between messages and the outbox."""

from __future__ import annotations

import asyncio
import hashlib
import time
import uuid
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import asdict
from typing import Any, Final

from auth_service.erp.outbox import MOST_BYTES, PART_BYTES, Message, Outbox
from auth_service.erp.sender import ErpSender
from common.errors import InvalidInput, NotFound
from common.notice_messages import notice_message
from common.request_context import add_log_fields, current_caller
from common.rpc.interceptor import Access
from common.rpc.server import Service
from protos.erp.v1 import erp_pb2 as pb
from protos.erp.v1 import erp_pb2_grpc

KINDS: Final = ("routing_group", "prediction")
FORMATS: Final = ("csv", "json", "xml")
MOST_MESSAGES: Final = 500

Audit = Callable[[str, str, Mapping[str, object]], Awaitable[None]]
"""Writes (action, target, facts) into the audit log in the caller's name."""


class ErpServicer(erp_pb2_grpc.ErpServiceServicer):
    """See erp.proto."""

    def __init__(self, sender: ErpSender, audit: Audit) -> None:
        self._sender, self._audit = sender, audit

    def service(self) -> Service:
        """The service to register in the server of auth_service."""
        return Service(
            descriptor=pb.DESCRIPTOR.services_by_name["ErpService"],
            add=erp_pb2_grpc.add_ErpServiceServicer_to_server,
            servicer=self,
            access={
                **dict.fromkeys(("Enqueue", "List", "Get", "Status"), Access.USER),
                **dict.fromkeys(("Content", "Retry", "Cancel"), Access.ADMIN),
            },
        )

    async def Enqueue(self, parts: AsyncIterator[pb.EnqueuePart], context: Any) -> pb.ErpMessage:
        first = await anext(aiter(parts), None)
        if first is None or first.WhichOneof("part") != "start":
            raise InvalidInput("The first part of a message says what it is (start)")
        message = self._new(first.start)
        await self._sender.do(Outbox.open_arrival, message)
        try:
            content, size = await self._take_in(message.message_id, parts)
            kept = await self._sender.do(Outbox.close_arrival, message.message_id, content, size, time.time())
        except BaseException:
            await asyncio.shield(self._sender.do(Outbox.abandon_arrival, message.message_id))
            raise
        self._sender.wake()
        add_log_fields(message_id=kept.message_id, bytes=kept.bytes)
        await self._audit("erp.enqueue", kept.message_id, {"kind": kept.kind, "subject": kept.subject_name})
        return _shown(kept)

    def _new(self, start: pb.ErpMessageStart) -> Message:
        interface = self._sender.interface
        if not interface.ready:
            raise interface.not_ready()
        if start.kind not in KINDS or start.format not in FORMATS:
            raise InvalidInput(f"kind is one of {', '.join(KINDS)}, format one of {', '.join(FORMATS)}")
        return Message(
            message_id=str(uuid.uuid4()),
            kind=start.kind,
            subject_id=start.subject_id[:200],
            subject_name=start.subject_name[:200],
            format=start.format,
            channel=interface.channel or "",
            created_by=current_caller().username,
            created_at=time.time(),
        )

    async def _take_in(self, message_id: str, parts: AsyncIterator[pb.EnqueuePart]) -> tuple[Any, int]:
        """Store the content in parts of one size; returns its hash and size."""
        content, size, number, waiting, ended = hashlib.sha256(), 0, 0, bytearray(), False
        async for part in parts:
            kind = part.WhichOneof("part")
            if ended or kind not in ("data", "end"):
                raise InvalidInput("After its start a message has content, and then its end")
            ended = kind == "end"
            waiting += part.data
            size += len(part.data)
            content.update(part.data)
            if size > MOST_BYTES:
                raise InvalidInput(f"A message may have {MOST_BYTES:,} bytes: hand fewer items over at a time")
            while len(waiting) >= PART_BYTES or (ended and waiting):
                piece = bytes(waiting[:PART_BYTES])
                del waiting[:PART_BYTES]
                await self._sender.do(Outbox.add_part, message_id, number, piece)
                number += 1
        if not ended:  # a call that is cancelled can look like one that ends
            raise InvalidInput("The message was cut off before its end, so it was dropped")
        return content, size

    async def List(self, request: pb.ListMessagesRequest, context: Any) -> pb.ListMessagesResponse:
        if request.limit > MOST_MESSAGES:
            raise InvalidInput(f"limit is {request.limit}; 1 to {MOST_MESSAGES} are possible")
        caller = current_caller()
        messages, total = await self._sender.do(
            Outbox.page,
            state=request.state,
            subject_id=request.subject_id,
            created_by="" if caller.is_admin else caller.username,
            limit=request.limit or 50,
            offset=request.offset,
        )
        return pb.ListMessagesResponse(messages=[_shown(message) for message in messages], total=total)

    async def Get(self, request: pb.MessageRequest, context: Any) -> pb.ErpMessage:
        caller, message = current_caller(), await self._sender.do(Outbox.get, request.message_id)
        if not caller.is_admin and message.created_by != caller.username:
            raise NotFound(f"There is no ERP message {request.message_id!r}")
        return _shown(message)

    async def Content(self, request: pb.MessageRequest, context: Any) -> AsyncIterator[pb.ContentChunk]:
        await self._sender.do(Outbox.get, request.message_id)
        number = 0
        while (data := await self._sender.do(Outbox.content, request.message_id, number)) is not None:
            yield pb.ContentChunk(data=data)
            number += 1

    async def Retry(self, request: pb.MessageRequest, context: Any) -> pb.ErpMessage:
        message = await self._sender.do(Outbox.retry, request.message_id, time.time())
        self._sender.wake()
        await self._audit("erp.retry", message.message_id, {"subject": message.subject_name})
        return _shown(message)

    async def Cancel(self, request: pb.MessageRequest, context: Any) -> pb.ErpMessage:
        message = await self._sender.do(Outbox.cancel, request.message_id)
        await self._audit("erp.cancel", message.message_id, {"subject": message.subject_name})
        return _shown(message)

    async def Status(self, request: pb.ErpStatusRequest, context: Any) -> pb.ErpStatus:
        interface = self._sender.interface
        oldest, error = await self._sender.do(Outbox.oldest_waiting)
        return pb.ErpStatus(
            enabled=interface.enabled,
            ready=interface.ready,
            protocol=interface.protocol,
            target=interface.target,
            problem=interface.problem,
            problem_notice=notice_message(interface.problem),
            counts=await self._sender.do(Outbox.counts),
            oldest_waiting_at=oldest,
            last_error=error,
            last_error_notice=notice_message(error),
        )


def _shown(message: Message) -> pb.ErpMessage:
    return pb.ErpMessage(**asdict(message), last_error_notice=notice_message(message.last_error))
