"""The door itself: one connection to the broker, a buffer that is never more than so many bytes, one that stores.

What is stored is acknowledged, and nothing else is: with QoS 1 the broker sends the rest again, to us or to whoever
comes after us; each is kept once. While the database is away nothing is read, and the broker keeps what comes. Nothing
in here is special to one broker.
"""

from __future__ import annotations

import logging
import ssl
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from time import monotonic
from typing import Any, Self
from urllib.parse import parse_qsl, unquote, urlsplit

from django.db import DataError, Error, connection
from paho.mqtt.client import Client, ConnectFlags, DisconnectFlags, MQTTMessage
from paho.mqtt.enums import CallbackAPIVersion, MQTTProtocolVersion
from paho.mqtt.properties import Properties
from paho.mqtt.reasoncodes import ReasonCode

from bihuan.adapters.mqtt.reading import Message, Read, Reader
from bihuan.desk import api as desk

FILTER = "signals/#"
MOST_BUFFERED = 32 * 1024 * 1024
MOST_BYTES, MOST_MESSAGES = 1024 * 1024, 2_000
LOOK_EVERY = 5.0
FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
log = logging.getLogger(__name__)
Send = Callable[[Mapping[str, list[desk.signals.Signal]]], None]


@dataclass(frozen=True)
class Address:
    host: str
    port: int
    user: str = ""
    password: str = ""
    has_tls: bool = False
    authority: str = ""

    @classmethod
    def parse(cls, url: str) -> Self:
        """Raises ``ValueError`` in words."""
        try:
            parts = urlsplit(url)
            port, asked = parts.port, dict(parse_qsl(parts.query, strict_parsing=bool(parts.query)))
        except ValueError:
            parts, port, asked = urlsplit(""), None, {}
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or asked.keys() - {"ca"}:
            raise ValueError(
                "BIHUAN_MQTT: 写成 / write mqtt://user:password@host:1883, mqtts://host:8883?ca=/path/ca.pem,"
                " or embedded"
            )
        has_tls = parts.scheme == "mqtts"
        user, password = unquote(parts.username or ""), unquote(parts.password or "")
        return cls(parts.hostname, port or (8883 if has_tls else 1883), user, password, has_tls, asked.get("ca", ""))


class Buffer:
    """Between the thread that hears and the one that stores. ``put`` waits while it is full: the broker then waits."""

    def __init__(self, most: int = MOST_BUFFERED) -> None:
        self._most, self._bytes = most, 0
        self._messages: deque[Message] = deque()
        self._changed = threading.Condition()
        self._is_closed = False

    def put(self, message: Message) -> None:
        with self._changed:
            self._changed.wait_for(lambda: self._bytes < self._most or self._is_closed)
            self._messages.append(message)
            self._bytes += len(message.payload) + len(message.topic)
            self._changed.notify_all()

    def take(self, seconds: float) -> list[Message]:
        """What is there, at most a batch; waits for the first so long."""
        with self._changed:
            self._changed.wait_for(lambda: self._messages, timeout=seconds)
            found, size = list[Message](), 0
            while self._messages and len(found) < MOST_MESSAGES and size < MOST_BYTES:
                found.append(self._messages.popleft())
                size += len(found[-1].payload) + len(found[-1].topic)
            self._bytes -= size
            self._changed.notify_all()
        return found

    def close(self) -> None:
        with self._changed:
            self._is_closed = True
            self._changed.notify_all()


class Door:
    """``run`` until asked to stop. ``name``: under it the broker keeps what came while we were away.

    ``send``: to where signals go instead of the database; it returns when they are safe.
    """

    def __init__(self, address: Address, *, name: str, buffered: int = MOST_BUFFERED, send: Send | None = None) -> None:
        self._address, self._name, self._send = address, name, send
        self._buffer, self._reader = Buffer(buffered), Reader()
        self._next_look = 0.0
        # An acknowledgement belongs to the connection that the message came over.
        self._connection = 0
        self._client = self._made()
        self.stored = 0
        # From then on the broker keeps what comes for us.
        self.is_listening = threading.Event()

    def _made(self) -> Client:
        client = Client(
            CallbackAPIVersion.VERSION2,
            client_id=self._name,
            clean_session=False,
            protocol=MQTTProtocolVersion.MQTTv311,
            manual_ack=True,
        )
        client.on_connect, client.on_disconnect, client.on_message = self._connected, self._disconnected, self._heard
        client.on_subscribe = lambda *_: self.is_listening.set()
        client.reconnect_delay_set(min_delay=1, max_delay=10)
        if self._address.user:
            client.username_pw_set(self._address.user, self._address.password)
        if self._address.has_tls:
            client.tls_set_context(ssl.create_default_context(cafile=self._address.authority or None))
        return client

    def _connected(
        self, client: Client, _data: Any, _flags: ConnectFlags, code: ReasonCode, _props: Properties | None  # noqa: ANN401
    ) -> None:  # fmt: skip
        if code.is_failure:
            log.error("mqtt: %s:%s refuses us: %s", self._address.host, self._address.port, code)
            return
        client.subscribe(FILTER, qos=1)
        log.info("mqtt: connected to %s:%s", self._address.host, self._address.port)

    def _disconnected(
        self, _client: Client, _data: Any, _flags: DisconnectFlags, code: ReasonCode, _props: Properties | None  # noqa: ANN401
    ) -> None:  # fmt: skip
        self._connection += 1
        if code.is_failure:
            log.warning("mqtt: the broker is gone (%s); trying again", code)

    def _heard(self, _client: Client, _data: Any, message: MQTTMessage) -> None:  # noqa: ANN401
        # The topic as it came: it may be no text at all.
        self._buffer.put(Message(message._topic, bytes(message.payload), message.mid, message.qos, self._connection))  # noqa: SLF001

    def run(self, stop: threading.Event) -> None:
        client = self._client
        client.connect_async(self._address.host, self._address.port, keepalive=60)
        client.loop_start()
        try:
            while not stop.is_set():
                if messages := self._buffer.take(0.2):
                    self._take(messages, stop)
        finally:
            self._buffer.close()
            client.disconnect()
            client.loop_stop()
            connection.close()
            log.info("mqtt: ended")

    def _take(self, messages: list[Message], stop: threading.Event) -> None:
        """Store and acknowledge; again and again while the database is away."""
        pause, read = FIRST_PAUSE, None
        while not stop.is_set():
            try:
                self._look()
                # Read once: limits have counted it.
                read = read or self._reader.read(messages)
                self._store(read)
                break
            except Error as error:
                if pause == FIRST_PAUSE:
                    log.warning("mqtt: %s; trying again", str(error).strip().partition("\n")[0])
                connection.close()
                stop.wait(pause)
                pause = min(2 * pause, LONGEST_PAUSE)
        else:
            return
        for one in messages:
            if one.qos and one.connection == self._connection:
                self._client.ack(one.mid, one.qos)

    def _look(self) -> None:
        if monotonic() >= self._next_look:
            self._reader.sources = desk.signal_sources.sources()
            self._next_look = monotonic() + LOOK_EVERY

    def _store(self, read: Read) -> None:
        try:
            self._keep(read.signals, read)
        except DataError:
            # One of them is nothing that the database takes: it must not hold up the others for ever.
            for source, some in read.signals.items():
                for one in some:
                    try:
                        self._keep({source: [one]}, Read())
                    except DataError:
                        read.refuse(source, "not_storable", kind=one.kind)
            self._keep({}, read)

    def _keep(self, signals: Mapping[str, list[desk.signals.Signal]], read: Read) -> None:
        if self._send is not None:
            self._send(signals)
            signals = {}
        desk.signal_sources.keep(signals, read.refused, read.faults)
        self.stored += sum(map(len, signals.values()))
