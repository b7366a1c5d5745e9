"""The judge of a site: judges signals as they come, by the rules in force, until asked to end.

Any number may be started, on any number of machines; one judges and the others wait for its place. What follows from
findings is somebody else's: each of ``after`` is called whenever something was judged or a while has passed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import TypeVar

from django.db import Error, connection

from bihuan.desk import api as desk
from bihuan.sense.watch import Part, Watch

PART = "district"
LOOK_EVERY, IDLE, TRY_AGAIN = 5.0, 0.3, 2.0
T = TypeVar("T")
log = logging.getLogger(__name__)


class Judge:
    """``step`` returns how many it judged; ``None`` while somebody else does."""

    def __init__(self, part: str = PART, group: int = desk.signal_rules.GROUP) -> None:
        self._part, self._group = part, group
        self._watch: Watch | None = None
        self._version, self._next_look = -1, 0.0

    def step(self) -> int | None:
        if self._watch is None and not self.has_place():
            return None
        return self.watch().step().read

    def has_place(self) -> bool:
        """Whether this part is ours; from then on, until ``forget``."""
        return desk.signal_rules.hold(self._part, self._group)

    def watch(self) -> Watch:
        """By the rules in force; call when this part is ours."""
        now = time.monotonic()
        if self._watch is None or now >= self._next_look:
            self._look()
            self._next_look = now + LOOK_EVERY
        watch = self._watch
        assert watch is not None  # noqa: S101 - _look made it
        return watch

    def _look(self) -> None:
        """Other rules in force: judge by them from here on. And who fell silent."""
        rules = desk.signal_rules.in_force()
        if self._watch is not None and rules.id == self._version:
            self._watch.ask(desk.now())
            return
        if self._watch is not None:
            self._watch.save()
        self._watch = Watch(rules.rows, Part(self._part), since=desk.now())
        self._version = rules.id
        log.info("judging by rules %s, in force since %s", rules.id, rules.starts)

    def end(self) -> None:
        if self._watch is not None:
            self._watch.save()

    def forget(self) -> None:
        """The connection is gone, and with it our place: begin again from what was kept."""
        self._watch = None
        connection.close()


def run(stop: threading.Event, *after: Callable[[], object], part: str = PART) -> None:
    """Judge until ``stop`` is set; outlives its database, and an error in what follows (``after``)."""
    judge, pause = Judge(part), 0.0
    troubles: dict[str, str] = {}
    while not stop.wait(pause):
        read = _tried("judge", judge.step, troubles)
        if read is None:
            pause = TRY_AGAIN
            if "judge" in troubles:
                judge.forget()
            continue
        for one in after:
            _tried(one.__qualname__, one, troubles)
        pause = 0.0 if read else IDLE
    judge.end()
    log.info("judge ended")


def _tried(name: str, work: Callable[[], T], troubles: dict[str, str]) -> T | None:
    """What it returned; ``None`` when it failed, which is said once."""
    try:
        done = work()
    except Exception as error:
        said = str(error).strip().partition("\n")[0]
        if name not in troubles:
            is_usual = isinstance(error, Error | desk.signal_rules.OtherJudgeError)
            log.error("%s: %s; trying again", name, said, exc_info=None if is_usual else error)  # noqa: TRY400
        troubles[name] = said
        if isinstance(error, Error):
            connection.close()
        return None
    if troubles.pop(name, None) is not None:
        log.warning("%s: works again", name)
    return done
