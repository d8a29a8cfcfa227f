"""Predictions of few items that are asked for at the same time are made together: one search and one aggregation for all of them.

Whoever comes while nothing is under way is served at once and alone; whoever comes while others are being served goes with the next call,
after a bounded wait. Everybody's credential and request id travel along, so that the services check each and the logs name each.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final, NamedTuple

from common.errors import DeadlineExceeded, PreconditionFailed, ServiceError, TooManyRequests, Unavailable
from common.request_context import (
    JoinedRequest,
    RequestContext,
    add_log_fields,
    current_request,
    enter_request,
)
from gateway.answers import now_iso
from gateway.prediction_answer import predicted_items
from gateway.translate.prediction import PredictedItems, Share
from predicting.neighbours import SearchOptions
from predicting.parts import PredictedPart, parts_of
from predicting.services import Clients
from protos.aggregate.v1 import aggregate_pb2 as pb

MOST_ITEMS: Final = 4
"""Items of a request that goes together with others."""

TOGETHER_ITEMS: Final = 32
"""Items of one call."""

TOGETHER_SESSIONS: Final = 8
"""Credentials of one call: they travel in its head, which may have 8 kB."""

CALLS_A_PROCESS: Final = 2
"""Calls under way for each process that predicts: while it works on one, the neighbours of the next are searched."""

LONGEST_WAIT_SECONDS: Final = 0.03
"""After which a call is made however many are under way."""


class _Kind(NamedTuple):
    """What predictions have to have in common to be made together."""

    top_k: int | None
    ef_search: int | None
    weight_profile: str
    wanted: bytes


@dataclass(eq=False)
class _Asked:
    """Somebody's items."""

    codes: list[str]
    context: RequestContext
    answer: asyncio.Future[Share | ServiceError]


class JoinedPredictions:
    """The predictions of one gateway process that can be made together. Used on the event loop only.

    Args:
        processes: that predict.
    """

    def __init__(self, clients: Clients, processes: int) -> None:
        self._clients = clients
        self._most_calls = CALLS_A_PROCESS * max(1, processes)
        self._waiting: OrderedDict[_Kind, list[_Asked]] = OrderedDict()
        self._calls: set[asyncio.Task[Any]] = set()
        self._late: asyncio.TimerHandle | None = None

    async def predict(self, codes: list[str], options: SearchOptions, wanted: pb.PredictRequest) -> Share:
        """The predictions of a few items, by themselves or with those of others.

        Args:
            options: without weights of its own.
            wanted: how to predict, without codes.

        Raises:
            ServiceError: what the services answered.
        """
        context = current_request()
        assert context is not None
        kind = _Kind(options.top_k, options.ef_search, options.weight_profile, wanted.SerializeToString())
        if len(self._calls) < self._most_calls:
            return await self._alone(codes, kind)
        answered = await self._together(codes, kind, context)
        if isinstance(answered, ServiceError):
            if _concerns_all(answered):
                raise answered
            return await self._alone(codes, kind)
        add_log_fields(model_version=answered.metrics["model_version"], items=len(codes))
        return answered

    async def _alone(self, codes: list[str], kind: _Kind) -> Share:
        """Within the request itself, so that it ends when its client hangs up; it counts as a call under way."""
        task = asyncio.current_task()
        assert task is not None
        self._calls.add(task)
        try:
            return (await self._predicted(codes, kind)).share(0, len(codes))
        finally:
            self._ended(task)

    async def _together(self, codes: list[str], kind: _Kind, context: RequestContext) -> Share | ServiceError:
        loop = asyncio.get_running_loop()
        asked = _Asked(codes, context, loop.create_future())
        self._waiting.setdefault(kind, []).append(asked)
        if self._late is None:
            self._late = loop.call_later(LONGEST_WAIT_SECONDS, self._no_longer)
        remaining = context.remaining()
        try:
            async with asyncio.timeout(remaining):
                return await asked.answer
        except TimeoutError:
            raise DeadlineExceeded("The prediction did not come in time: try again") from None

    def _no_longer(self) -> None:
        self._late = None
        self._begin()

    def _ended(self, task: asyncio.Task[Any]) -> None:
        self._calls.discard(task)
        if self._waiting and len(self._calls) < self._most_calls:
            self._begin()

    def _begin(self) -> None:
        """Make a call for those who wait longest, and for all that go with them."""
        while self._waiting:
            kind, waiting = next(iter(self._waiting.items()))
            chosen, left = _fitting(waiting)
            del self._waiting[kind]
            if left:
                self._waiting[kind] = left
            if chosen:
                task = asyncio.create_task(self._call(kind, chosen), name="joined-predictions")
                self._calls.add(task)
                task.add_done_callback(self._ended)
                break
        if not self._waiting and self._late is not None:
            self._late.cancel()
            self._late = None
        elif self._waiting and self._late is None:
            self._late = asyncio.get_running_loop().call_later(LONGEST_WAIT_SECONDS, self._no_longer)

    async def _call(self, kind: _Kind, asked: list[_Asked]) -> None:
        enter_request(_context_of(asked))
        codes = [code for one in asked for code in one.codes]
        try:
            items = await self._predicted(codes, kind)
            if len(asked) > 1 and not items.divisible:
                raise ServiceError("aggregate_service is older than the gateway: it does not say what is of which item")
            answers = list(_shares(items, asked))
        except ServiceError as error:
            answers = [error] * len(asked)
        except Exception as error:
            for one in asked:
                if not one.answer.done():
                    one.answer.set_exception(error)
            return
        except asyncio.CancelledError:
            answers = [Unavailable("The gateway has stopped while predicting: try again", retry_after=1.0)] * len(asked)
        for one, answer in zip(asked, answers, strict=True):
            if not one.answer.done():
                one.answer.set_result(answer)

    async def _predicted(self, codes: list[str], kind: _Kind) -> PredictedItems:
        options = SearchOptions(top_k=kind.top_k, ef_search=kind.ef_search, weight_profile=kind.weight_profile)
        parts: list[PredictedPart] = []
        async for part in parts_of(self._clients, codes, options, pb.PredictRequest.FromString(kind.wanted)):
            parts.append(part)
        (part,) = parts
        aggregate, generated_at = self._clients.aggregate, now_iso()
        part.request.generated_at = generated_at
        response = await aggregate.call(aggregate.stub.Predict, part.request)
        return await predicted_items(part, response, generated_at)


def _shares(items: PredictedItems, asked: list[_Asked]) -> Iterator[Share | ServiceError]:
    """What of the predictions each has asked for, in order."""
    first = 0
    for one in asked:
        yield items.share(first, first + len(one.codes))
        first += len(one.codes)


def _concerns_all(error: ServiceError) -> bool:
    """Whether a call that fails like this would fail for each who was in it."""
    return isinstance(error, Unavailable | DeadlineExceeded | TooManyRequests | PreconditionFailed)


def _fitting(waiting: list[_Asked]) -> tuple[list[_Asked], list[_Asked]]:
    """Those who go into one call, in order, and those who do not; who has hung up is left out."""
    chosen: list[_Asked] = []
    left: list[_Asked] = []
    items, tokens = 0, set[str]()
    for one in waiting:
        if one.answer.done():
            continue
        fits = items + len(one.codes) <= TOGETHER_ITEMS
        if left or not fits or (one.context.token not in tokens and len(tokens) == TOGETHER_SESSIONS):
            left.append(one)
            continue
        items += len(one.codes)
        tokens.add(one.context.token)
        chosen.append(one)
    return chosen, left


def _context_of(asked: list[_Asked]) -> RequestContext:
    """The context of a call: of the one who waited longest, the others with him; it has the time of the most patient one."""
    first, *others = [one.context for one in asked]
    deadlines = [one.context.deadline for one in asked]
    patient = None if None in deadlines else max(deadline for deadline in deadlines if deadline is not None)
    return RequestContext(
        request_id=first.request_id,
        caller=first.caller,
        token=first.token,
        deadline=patient,
        site=first.site,
        span=first.span,
        joined=tuple(JoinedRequest(other.request_id, other.token) for other in others),
    )
