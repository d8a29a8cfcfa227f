"""The Watch stream: who follows, what was pushed to whom, who has confirmed it. Lives on the event loop; keeps nothing durable."""

from __future__ import annotations

import asyncio
import contextlib
import enum
import time
from collections.abc import AsyncIterator, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from prometheus_client import Gauge, Histogram

from common.errors import AlreadyExists, InvalidInput, Unavailable
from common.logs import get_logger
from common.patience import LONGEST_CALL_SECONDS, LOOK_SECONDS, Patience
from protos.settings.v1 import settings_pb2 as pb

log = get_logger(__name__)

HEARTBEAT_SECONDS = 2.0
LONGEST_QUEUE = 1_000
"""Events that a follower may be behind before it is let go; it reconnects and gets the newest state."""

subscribers_gauge = Gauge("routing_watch_subscribers", "Processes that follow the control state", ["process"])
confirmed_gauge = Gauge(
    "routing_watch_confirmed_revision", "Control revision that a process has confirmed", ["instance"]
)
lag_gauge = Gauge("routing_watch_lag_seconds", "Time from the last push to its confirmation", ["instance"])
confirm_seconds = Histogram(
    "routing_watch_confirm_seconds",
    "Time from a push to its confirmation",
    ["kind"],
    buckets=(0.002, 0.005, 0.01, 0.05, 0.2, 1, 5, 30),
)


class Answer(enum.Enum):
    """What became of an event at one follower."""

    CONFIRMED = "confirmed"
    REFUSED = "refused"
    SILENT = "did not answer in time"
    AWAY = "went away"


@dataclass(frozen=True)
class Outcome:
    """An event's outcome at one follower; `reason` says why it was refused."""

    process: str
    instance: str
    answer: Answer
    reason: str = ""

    def describe(self) -> str:
        """For people: the instance and why."""
        return f"{self.instance}: {self.reason or self.answer.value}"


@dataclass(frozen=True)
class Pushed:
    """An event on its way to one follower; `answered` gets its outcome."""

    process: str
    instance: str
    pid: int
    kind: str
    at: float
    revision: int
    answered: asyncio.Future[Outcome]


class Subscriber:
    """One follower and what it still owes an answer to."""

    def __init__(self, who: pb.Subscribe, *, measured: bool = True) -> None:
        self._measured = measured
        self.process, self.instance, self.pid = who.process, who.instance, who.pid
        self.model_version, self.machine = who.model_version, who.machine
        self.since = time.time()
        self.confirmed_revision = 0
        self.lag_ms = 0.0
        self.last_problem = ""
        self.queue: asyncio.Queue[pb.WatchEvent | None] = asyncio.Queue()
        self._waiting: dict[int, Pushed] = {}
        self._refused: tuple[int, int] = (0, 0)

    def send(self, event: pb.WatchEvent, revision: int = 0) -> Pushed:
        """Queue an event.

        Args:
            revision: control revision that the follower has applied once it confirms.
        """
        kind = str(event.WhichOneof("kind"))
        answered: asyncio.Future[Outcome] = asyncio.get_running_loop().create_future()
        pushed = Pushed(self.process, self.instance, self.pid, kind, time.perf_counter(), revision, answered)
        self._waiting[event.event_id] = pushed
        self.queue.put_nowait(event)
        if self.queue.qsize() > LONGEST_QUEUE:
            log.warning("follower is too far behind and is let go", instance=self.instance)
            self.close()
        return pushed

    def confirm(self, said: pb.Confirm) -> None:
        """Take a follower's answer."""
        self.model_version = said.model_version
        sent = self._waiting.pop(said.event_id, None)
        if sent is None:
            self._confirm_late(said)
            return
        took = time.perf_counter() - sent.at
        self.lag_ms = took * 1000
        if self._measured:
            confirm_seconds.labels(sent.kind).observe(took)
            lag_gauge.labels(self.instance).set(took)
        self.last_problem = "" if said.ok else said.reason or "no reason given"
        if said.ok and sent.revision:
            self.confirmed_revision = max(self.confirmed_revision, sent.revision)
            self._tell()
        elif sent.revision:
            self._refused = (said.event_id, sent.revision)
        if not sent.answered.done():
            answer = Answer.CONFIRMED if said.ok else Answer.REFUSED
            sent.answered.set_result(Outcome(self.process, self.instance, answer, self.last_problem))

    def _confirm_late(self, said: pb.Confirm) -> None:
        """Take the word of a follower that could apply what it had refused, once the cause was put right."""
        event_id, revision = self._refused
        if not said.ok or said.event_id != event_id:
            return
        self._refused, self.last_problem = (0, 0), ""
        self.confirmed_revision = max(self.confirmed_revision, revision)
        self._tell()

    def _tell(self) -> None:
        if self._measured:
            confirmed_gauge.labels(self.instance).set(self.confirmed_revision)

    def close(self) -> None:
        """End the stream; what was not answered counts as away."""
        for sent in self._waiting.values():
            if not sent.answered.done():
                sent.answered.set_result(Outcome(self.process, self.instance, Answer.AWAY))
        self._waiting.clear()
        self.queue.put_nowait(None)


class WatchHub:
    """Pushes the control state, preparations and revocations to all followers.

    Args:
        state: the control state of the moment; replaced by `publish`.
        measured: whether the process's figures tell of its followers; they tell of the installation's own plant.
    """

    def __init__(self, state: pb.ControlState | None = None, *, measured: bool = True) -> None:
        self._measured = measured
        self.state = state or pb.ControlState()
        self.subscribers: dict[str, Subscriber] = {}
        self._events = 0
        self._closed = False

    def next_event(self) -> int:
        """A number for an event, from 1."""
        self._events += 1
        return self._events

    def join(self, who: pb.Subscribe) -> Subscriber:
        """Add a follower and queue the state of the moment for it; an older stream of the same process ends.

        Raises:
            AlreadyExists: a process of another machine follows under the same name.
        """
        before = self.subscribers.get(who.instance)
        if before is not None and before.machine and who.machine and before.machine != who.machine:
            log.error("two machines have one name", follower=who.instance)
            raise AlreadyExists(
                f"A process of another machine is known as {who.instance}: give each machine a ROUTING_ML_HOST_NAME of its own",
                reason="HOST_NAME_TAKEN",
            )
        subscriber = Subscriber(who, measured=self._measured)
        if before is not None:
            before.close()
        self.subscribers[who.instance] = subscriber
        subscriber.send(pb.WatchEvent(event_id=self.next_event(), state=self.state), int(self.state.revision))
        self._count()
        log.info("follower joined", follower=who.instance, kind=who.process, applied=who.revision)
        return subscriber

    def leave(self, subscriber: Subscriber) -> None:
        """Remove a follower."""
        subscriber.close()
        if self.subscribers.get(subscriber.instance) is subscriber:
            del self.subscribers[subscriber.instance]
            for gauge in (confirmed_gauge, lag_gauge) if self._measured else ():
                with contextlib.suppress(KeyError):
                    gauge.remove(subscriber.instance)
            log.info("follower left", follower=subscriber.instance, kind=subscriber.process)
        self._count()

    def _count(self) -> None:
        if not self._measured:
            return
        kinds = {"gateway", "ann", "aggregate", "trainer"} | {s.process for s in self.subscribers.values()}
        for kind in kinds:
            subscribers_gauge.labels(kind).set(sum(s.process == kind for s in self.subscribers.values()))

    def publish(self, state: pb.ControlState) -> list[Pushed]:
        """Make `state` the state of the moment and push it to every follower."""
        self.state = state
        return self.push(lambda: pb.WatchEvent(state=state), int(state.revision))

    def revoke(self, sessions: Mapping[str, float]) -> list[Pushed]:
        """Add ended sessions (id -> expiry) to the state of the moment and push them to every follower."""
        now = time.time()
        kept = {i: until for i, until in ended_sessions(self.state).items() if until > now - 60.0}
        self.state.revocations.CopyFrom(revocations_message({**kept, **sessions}))
        message = revocations_message(sessions)
        return self.push(lambda: pb.WatchEvent(revocations=message))

    def push(
        self, make: Callable[[], pb.WatchEvent], revision: int = 0, to: Iterable[Subscriber] | None = None
    ) -> list[Pushed]:
        """Push an event to all followers, or to some."""
        pushed = []
        for subscriber in list(self.subscribers.values() if to is None else to):
            event = make()
            event.event_id = self.next_event()
            pushed.append(subscriber.send(event, revision))
        return pushed

    async def follow(self, requests: AsyncIterator[pb.WatchRequest]) -> AsyncIterator[pb.WatchEvent]:
        """One follower's stream: its first request says who it is, the others confirm.

        Raises:
            InvalidInput: the first request does not say who follows. AlreadyExists: another machine has the name.
            Unavailable: there is no state yet.
        """
        if not self.state.revision or self._closed:
            raise Unavailable("auth_service is starting or stopping: try again in a moment", retry_after=1.0)
        first = await anext(aiter(requests), None)
        if first is None or first.WhichOneof("kind") != "subscribe" or not first.subscribe.instance:
            raise InvalidInput("The first message of Watch must be `subscribe` with an instance")
        subscriber = self.join(first.subscribe)
        reading = asyncio.create_task(self._read(requests, subscriber))
        try:
            while True:
                try:
                    event = await asyncio.wait_for(subscriber.queue.get(), HEARTBEAT_SECONDS)
                except TimeoutError:
                    event = pb.WatchEvent(heartbeat=pb.Heartbeat(revision=self.state.revision, at=time.time()))
                if event is None:
                    return
                yield event
        finally:
            reading.cancel()
            self.leave(subscriber)

    @staticmethod
    async def _read(requests: AsyncIterator[pb.WatchRequest], subscriber: Subscriber) -> None:
        with contextlib.suppress(Exception):
            async for request in requests:
                if request.WhichOneof("kind") == "confirm":
                    subscriber.confirm(request.confirm)
        subscriber.close()

    def open(self) -> None:
        """Begin streams again after `close`."""
        self._closed = False

    def close(self) -> None:
        """End all streams and begin no more."""
        self._closed = True
        for subscriber in list(self.subscribers.values()):
            subscriber.close()


async def outcomes_of(pushed: Sequence[Pushed], seconds: float) -> list[Outcome]:
    """Wait for the outcomes of what was pushed; who has not answered after `seconds` is SILENT."""
    if pushed:
        await asyncio.wait([each.answered for each in pushed], timeout=seconds)
    return [
        each.answered.result() if each.answered.done() else Outcome(each.process, each.instance, Answer.SILENT)
        for each in pushed
    ]


def revocations_message(sessions: Mapping[str, float]) -> pb.Revocations:
    """Ended sessions as a message."""
    return pb.Revocations(session_ids=list(sessions), expires_at=list(sessions.values()))


def ended_sessions(state: pb.ControlState) -> dict[str, float]:
    """The ended sessions of a state."""
    return dict(zip(state.revocations.session_ids, state.revocations.expires_at, strict=False))


async def outcomes_while_working(pushed: Sequence[Pushed], idle_seconds: float) -> list[Outcome]:
    """Wait for the outcomes of what was pushed as long as those work who have not answered; who did nothing for so long is SILENT."""
    waiting = {each.answered: Patience(each.pid, idle_seconds) for each in pushed}
    ending = time.monotonic() + LONGEST_CALL_SECONDS
    while waiting and time.monotonic() < ending:
        await asyncio.wait(waiting, timeout=min(LOOK_SECONDS, idle_seconds))
        waiting = {answered: one for answered, one in waiting.items() if not answered.done() and not one.over}
    return await outcomes_of(pushed, 0.0)
