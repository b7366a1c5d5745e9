"""What senses on a site: the judge, the broker if asked for, the door for MQTT; and the rules they go by."""

from __future__ import annotations

import json
import signal
import threading
import tomllib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

from bihuan.wiring import broker
from bihuan.wiring.supervisor import Spec

if TYPE_CHECKING:
    from bihuan.sense.bus import Bus


class CannotSenseError(Exception):
    """What is wrong, where, and what to do."""


def parts(own: Sequence[str]) -> list[Spec]:
    """The processes; call with Django set up."""
    from django.conf import settings

    from bihuan.desk import api

    found = [Spec("judge", [*own, "signals", "watch"])]
    if at := broker.address(settings.MQTT):
        found.append(Spec("broker", broker.prepare(settings.DATA, at, api.signal_sources.sources())))
    if settings.NATS:
        found.append(Spec("detector", [*own, "signals", "detect"]))
    if settings.MQTT:
        found.append(Spec("mqtt", [*own, "signals", "receive"]))
    return found


def _stopped() -> threading.Event:
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, ask)
    return stop


def watch() -> None:
    """Judge until asked to end; warnings follow what is found."""
    from bihuan.sense import judging
    from bihuan.sense.counting import Counting
    from bihuan.sense.warn import work

    judging.run(_stopped(), Counting().step, work.step)


def receive() -> None:
    """Take signals from the broker until asked to end."""
    from django.conf import settings

    from bihuan.adapters.mqtt import Address, Door

    if not settings.MQTT:
        raise CannotSenseError(
            "没有设置 BIHUAN_MQTT。 BIHUAN_MQTT names no broker: mqtt://user:password@host:1883, or embedded."
        )
    at = broker.address(settings.MQTT)
    try:
        address = Address.parse(broker.own_url(settings.DATA, at) if at else settings.MQTT)
    except ValueError as error:
        raise CannotSenseError(str(error)) from error
    send = bus().send if settings.NATS else None
    Door(address, name=f"bihuan-{settings.DISTRICT}", send=send).run(_stopped())


def bus() -> Bus:
    from django.conf import settings

    from bihuan.sense.bus import Bus

    if not settings.NATS:
        raise CannotSenseError("没有设置 BIHUAN_NATS。 BIHUAN_NATS names no server: nats://host:4222,nats://…")
    return Bus(settings.NATS)


def detect() -> None:
    """Store and judge what comes over the bus, our share of it, until asked to end."""
    from bihuan.sense import detector

    detector.run(bus(), _stopped())


def rows_of(path: Path) -> list[Mapping[str, Any]]:
    """The rules in a file (TOML, ``[[rule]]``), checked."""
    from bihuan.sense.detect.rules import BadRuleError, read

    try:
        rows: list[Mapping[str, Any]] = tomllib.loads(path.read_text(encoding="utf-8")).get("rule", [])
        read(rows)
        # What is no JSON (a date, an infinite number) would not come back as it went in.
        json.dumps(rows, allow_nan=False)
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError, BadRuleError, TypeError, ValueError) as error:
        raise CannotSenseError(f"{path}: {error}") from error
    return rows


def import_rules(path: Path, starts: date, basis: str, by: str) -> tuple[int, int]:
    """The number of the version, and of its rows."""
    from bihuan.desk import api

    rows = rows_of(path)
    return api.signal_rules.add(rows, starts=starts, basis=basis, by=by), len(rows)


def add_source(unit: str, name: str, per_minute: int, sensor_per_minute: int) -> tuple[str, str]:
    """The source, and its password at the embedded broker (empty when there is none)."""
    from bihuan.desk import api

    try:
        found = api.signal_sources.register(unit, name, per_minute=per_minute, sensor_per_minute=sensor_per_minute)
    except ValueError as error:
        raise CannotSenseError(str(error)) from error
    return found.source, _tell_broker(found.source)


def end_source(source: str) -> bool:
    from bihuan.desk import api

    done = api.signal_sources.end(source)
    _tell_broker("")
    return done


def _tell_broker(source: str) -> str:
    from django.conf import settings

    from bihuan.desk import api

    at = broker.address(settings.MQTT)
    if at is None:
        return ""
    broker.prepare(settings.DATA, at, api.signal_sources.sources())
    broker.tell(settings.DATA)
    return broker.password_of(settings.DATA, source) if source else ""
