"""A detector on the bus: stores what came and judges it, the parts that are its share; any number beside one another.

A part is held by one process, through its connection to the database: when that ends, in whatever way, another takes
the part and goes on where the state stands. Then messages are stored and judged again, with the state of before: each
signal is kept once, each finding is kept once, and none counts twice.
"""

from __future__ import annotations

import logging
import threading
import time
import uuid

from django.db import Error

from bihuan.desk import api as desk
from bihuan.sense.bus import Bus, Message
from bihuan.sense.judging import TRY_AGAIN, Judge

GROUP = 20121
SHARE_EVERY = 0.5
log = logging.getLogger(__name__)


def part_name(part: int) -> str:
    return f"bus-{part}"


class Detector:
    """``step`` returns how many signals it took."""

    def __init__(self, bus: Bus) -> None:
        self._bus = bus
        self._judges: dict[int, Judge] = {}
        self._name = f"detector-{uuid.uuid4()}"
        self._is_known, self._next_share = False, 0.0

    def step(self) -> int:
        if time.monotonic() >= self._next_share:
            self._share()
            self._next_share = time.monotonic() + SHARE_EVERY
        if not self._judges:
            time.sleep(SHARE_EVERY)
            return 0
        came = self._bus.read({part: one.watch().place.id for part, one in self._judges.items()})
        return sum(self._take(part, messages) for part, messages in came.items())

    def _take(self, part: int, messages: list[Message]) -> int:
        watch = self._judges[part].watch()
        if not messages:
            watch.rest()
            return 0
        sent: dict[str, list[desk.signals.Signal]] = {}
        for message in messages:
            for source, signals in message.signals.items():
                sent.setdefault(source, []).extend(signals)
        desk.signals.keep_all(sent, {}, bus=part)
        arrived = desk.now().timestamp()
        reads = [
            desk.signals.Read(source, one.sensor, one.kind, one.happened.timestamp(), arrived, one.value, one.unit)
            for source, signals in sent.items()
            for one in signals
        ]
        watch.take(reads, desk.signals.Place(0, messages[-1].number))
        return len(reads)

    def _share(self) -> None:
        """Take one part more while ours are fewer than our share, give one back while they are more."""
        if not self._is_known:
            self._is_known = desk.signal_rules.hold(self._name, GROUP)
        share = -(-self._bus.parts // desk.signal_rules.holders(GROUP))
        if len(self._judges) > share:
            part, judge = self._judges.popitem()
            judge.end()
            desk.signal_rules.let_go(part_name(part), GROUP)
            return
        for part in range(self._bus.parts):
            if part not in self._judges and len(self._judges) < share:
                judge = Judge(part_name(part), GROUP)
                if judge.has_place():
                    self._judges[part] = judge

    def end(self) -> None:
        for judge in self._judges.values():
            judge.end()

    def forget(self) -> None:
        """The connection is gone, and with it our places."""
        for judge in self._judges.values():
            judge.forget()
        self._judges.clear()
        self._is_known = False


def run(bus: Bus, stop: threading.Event) -> None:
    """Until asked to stop; outlives database and servers."""
    detector, has_trouble = Detector(bus), False
    while not stop.is_set():
        try:
            detector.step()
            has_trouble = False
        except (Error, desk.signal_rules.OtherJudgeError) as error:
            if not has_trouble:
                log.warning("detector: %s; trying again", str(error).strip().partition("\n")[0])
            has_trouble = True
            detector.forget()
            stop.wait(TRY_AGAIN)
    detector.end()
    bus.close()
    log.info("detector ended")
