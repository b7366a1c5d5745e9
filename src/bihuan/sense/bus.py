"""The bus of signals past one machine: NATS JetStream, one subject a part, parts by place.

A sender (a door) has what it sent once most of the servers have it on disk; what it is not sure of it sends again under
the same id. A reader goes on behind the last message that it kept, and notices a gap: what is delivered is numbered.
JetStream is the bus, not the record: signals stand in the database once a detector has taken them.
"""

from __future__ import annotations

import asyncio
import hashlib
import threading
import time
import zlib
from collections.abc import Coroutine, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import nats
import orjson
from nats.errors import Error as NatsError
from nats.js.api import AckPolicy, ConsumerConfig, DeliverPolicy, StorageType, StreamConfig

from bihuan.desk import api as desk

PARTS = 16
STREAM, SUBJECT = "SIGNALS", "bihuan.signals"
MOST_MESSAGES, MOST_READINGS = 20, 500
KEPT_BYTES, KEPT_SECONDS, TWICE_SECONDS = 8 * 1024**3, 3 * 24 * 3600.0, 600.0
PATIENCE, ANSWER, TRY_AGAIN, WAIT, RENEW = 120.0, 2.0, 0.2, 0.3, 5.0
# The code of a street is nine digits: what is near one another is judged by one detector.
STREET = 9
T = TypeVar("T")
Sent = Mapping[str, Sequence[desk.signals.Signal]]


class BusError(Exception):
    """The bus is away for too long."""


def part_of(signal: desk.signals.Signal, parts: int = PARTS) -> int:
    """By street; without a place, by sensor."""
    return zlib.crc32((signal.place[:STREET] or signal.sensor).encode()) % parts


@dataclass(frozen=True)
class Message:
    """``number`` in the stream."""

    number: int
    signals: Sent


class Bus:
    """A connection in a thread of its own, for callers that wait; outlives any server as long as most are there."""

    def __init__(self, servers: Sequence[str], *, parts: int = PARTS) -> None:
        self.parts = parts
        self._servers = list(servers)
        self._loop = asyncio.new_event_loop()
        threading.Thread(target=self._loop.run_forever, name="bus", daemon=True).start()
        self._readers: dict[int, _Reader] = {}
        self._client: Any = self._wait(self._connect())

    def _wait(self, work: Coroutine[Any, Any, T]) -> T:
        return asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _connect(self) -> Any:  # noqa: ANN401 - nats has no types to speak of
        async def quiet(_error: Exception) -> None:
            """It says every attempt to reach a server that is gone."""

        client = await nats.connect(
            self._servers, max_reconnect_attempts=-1, reconnect_time_wait=TRY_AGAIN, error_cb=quiet, ping_interval=5
        )
        config = StreamConfig(
            name=STREAM,
            subjects=[f"{SUBJECT}.*"],
            storage=StorageType.FILE,
            num_replicas=min(3, len(self._servers)),
            max_bytes=KEPT_BYTES,
            max_age=KEPT_SECONDS,
            duplicate_window=TWICE_SECONDS,
        )
        await _patiently(lambda: client.jetstream(timeout=ANSWER).add_stream(config))
        return client

    def send(self, sent: Sent) -> None:
        """Return when all of it is on the bus; what is sent twice is on it once. Raises ``BusError`` after a while."""
        self._wait(self._send(list(_bodies(sent, self.parts))))

    async def _send(self, bodies: Sequence[tuple[int, bytes]]) -> None:
        stream = self._client.jetstream()

        async def one(part: int, body: bytes) -> None:
            same = {"Nats-Msg-Id": hashlib.sha256(body).hexdigest()}
            await _patiently(lambda: stream.publish(f"{SUBJECT}.{part}", body, timeout=ANSWER, headers=same))

        await asyncio.gather(*(one(part, body) for part, body in bodies))

    def read(self, behind: Mapping[int, int]) -> dict[int, list[Message]]:
        """Of each part what comes behind that number, in order and without a gap; waits a little."""
        for part in self._readers.keys() - behind.keys():
            del self._readers[part]
        return self._wait(self._read(behind))

    async def _read(self, behind: Mapping[int, int]) -> dict[int, list[Message]]:
        async def one(part: int, number: int) -> tuple[int, list[Message]]:
            reader = self._readers.setdefault(part, _Reader(self._client, part))
            return part, await reader.read(number)

        return dict(await asyncio.gather(*(one(part, number) for part, number in behind.items())))

    def close(self) -> None:
        self._wait(self._client.close())
        self._loop.call_soon_threadsafe(self._loop.stop)


async def _patiently(work: Any) -> Any:  # noqa: ANN401 - as above
    """Again and again while servers come and go."""
    ends = time.monotonic() + PATIENCE
    while True:
        try:
            return await work()
        except (TimeoutError, NatsError, OSError) as error:
            if time.monotonic() > ends:
                raise BusError(f"{type(error).__name__}: {error}") from error
            await asyncio.sleep(TRY_AGAIN)


class _Reader:
    """Of one part. The consumer is of no worth: gone with its server, or with a gap, it is made anew."""

    def __init__(self, client: Any, part: int) -> None:  # noqa: ANN401 - as above
        self._client, self._subject = client, f"{SUBJECT}.{part}"
        self._consumer: Any = None
        self._delivered, self._last, self._quiet_since = 0, -1, 0.0

    async def read(self, behind: int) -> list[Message]:
        try:
            if self._consumer is None or self._last != behind:
                await self._begin(behind)
            return self._whole(await self._consumer.fetch(MOST_MESSAGES, timeout=WAIT))
        except (TimeoutError, NatsError, OSError) as error:
            # Nothing came; or so it seems, and what was on its way is lost.
            if not isinstance(error, asyncio.TimeoutError) or time.monotonic() - self._quiet_since > RENEW:
                self._consumer = None
                await asyncio.sleep(TRY_AGAIN)
            return []

    async def _begin(self, behind: int) -> None:
        config = ConsumerConfig(
            deliver_policy=DeliverPolicy.BY_START_SEQUENCE,
            opt_start_seq=behind + 1,
            ack_policy=AckPolicy.NONE,
            inactive_threshold=30.0,
            num_replicas=1,
            mem_storage=True,
        )
        if self._consumer is not None:
            await self._consumer.unsubscribe()
        stream = self._client.jetstream(timeout=ANSWER)
        self._consumer = await stream.pull_subscribe(self._subject, stream=STREAM, config=config)
        self._delivered, self._last, self._quiet_since = 0, behind, time.monotonic()

    def _whole(self, came: Sequence[Any]) -> list[Message]:
        found = []
        for one in came:
            number = one.metadata.sequence
            if number.consumer != self._delivered + 1:
                self._consumer = None
                break
            self._delivered, self._last = number.consumer, number.stream
            found.append(Message(number.stream, _read(one.data)))
        self._quiet_since = time.monotonic()
        return found


def _bodies(sent: Sent, parts: int) -> Iterator[tuple[int, bytes]]:
    """By part, of several sources, so many readings a message."""
    rows: dict[int, list[Any]] = {}
    for source, signals in sent.items():
        for one in signals:
            row = (source, one.sensor, one.kind, one.happened, one.value, one.unit, one.place, one.lon, one.lat)
            rows.setdefault(part_of(one, parts), []).append(row)
    for part, some in rows.items():
        for at in range(0, len(some), MOST_READINGS):
            yield part, orjson.dumps(some[at : at + MOST_READINGS])


def _read(body: bytes) -> Sent:
    found: dict[str, list[desk.signals.Signal]] = {}
    for source, sensor, kind, happened, *rest in orjson.loads(body):
        one = desk.signals.Signal(sensor, kind, datetime.fromisoformat(happened), *rest)
        found.setdefault(source, []).append(one)
    return found
