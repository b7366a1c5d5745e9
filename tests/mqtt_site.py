"""Real brokers on loopback for the tests of the MQTT door: NATS from its wheel, Mosquitto where it is installed."""

import shutil
import socket
import subprocess
import threading
import time
from contextlib import contextmanager

from paho.mqtt.client import Client
from paho.mqtt.enums import CallbackAPIVersion

from bihuan.adapters.mqtt import Address, Door
from bihuan.wiring import broker


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def until(done, seconds=60):
    deadline = time.monotonic() + seconds
    while not done():
        assert time.monotonic() < deadline, "waited too long"
        time.sleep(0.02)


def is_open(port):
    with socket.socket() as one:
        one.settimeout(1)
        return one.connect_ex(("127.0.0.1", port)) == 0


class Broker:
    """``start``, ``stop`` and ``start`` again; what it keeps stays in its folder."""

    def __init__(self, kind, folder, sources):
        self.kind, self.folder, self.port = kind, folder, free_port()
        self.sources = sources
        self.process = None

    def start(self):
        self.process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda: is_open(self.port))

    def stop(self):
        self.process.kill()
        self.process.wait()

    def command(self):
        if self.kind == "nats":
            return broker.prepare(self.folder, f"127.0.0.1:{self.port}", self.sources)
        conf = self.folder / "mosquitto.conf"
        conf.write_text(
            f"listener {self.port} 127.0.0.1\nallow_anonymous true\nuser root\npersistence true\nautosave_interval 1\n"
            f"autosave_on_changes true\npersistence_location {self.folder}/\n"
        )
        return [shutil.which("mosquitto", path="/usr/sbin:/usr/bin"), "-c", str(conf)]

    def login(self, user):
        return (user, broker.password_of(self.folder, user)) if self.kind == "nats" else ("", "")

    @property
    def address(self):
        return Address("127.0.0.1", self.port, *self.login(broker.OURS))


def sender(at, user="", client_id="", *, login=None):
    client = Client(CallbackAPIVersion.VERSION2, client_id=client_id)
    name, password = login or at.login(user)
    if name:
        client.username_pw_set(name, password)
    client.reconnect_delay_set(1, 1)
    client.max_inflight_messages_set(200)
    client.connect("127.0.0.1", at.port)
    client.loop_start()
    until(client.is_connected, 30)
    return client


@contextmanager
def door(at, *, waits=True, **more):
    """The door, in a thread; with a connection to the database of its own. ``waits``: until it listens."""
    one, stop = Door(at.address, name="bihuan-test", **more), threading.Event()
    thread = threading.Thread(target=one.run, args=(stop,))
    thread.start()
    try:
        assert not waits or one.is_listening.wait(60)
        yield one
    finally:
        stop.set()
        thread.join()
