"""The judge of a site: judges signals as they come, by the rules in force, until asked to end.

Any number may be started, on any number of machines; one judges and the others wait for its place. What follows from
findings is somebody else's: ``after`` is called whenever something was judged or a while has passed.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

from django.db import Error, connection

from bihuan.desk import api as desk
from bihuan.sense.watch import Part, Watch

PART = "district"
LOOK_EVERY, IDLE, TRY_AGAIN = 5.0, 0.3, 2.0
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


def run(stop: threading.Event, after: Callable[[], object] = lambda: None, *, part: str = PART) -> None:
    """Judge until ``stop`` is set; outlives its database."""
    judge, has_trouble, pause = Judge(part), False, 0.0
    while not stop.wait(pause):
        try:
            read = judge.step()
            if read is not None:
                after()
            pause = TRY_AGAIN if read is None else 0.0 if read else IDLE
            if has_trouble:
                log.warning("judge: works again")
            has_trouble = False
        except (Error, desk.signal_rules.OtherJudgeError) as error:
            if not has_trouble:
                log.warning("judge: %s; trying again", str(error).strip().partition("\n")[0])
            has_trouble, pause = True, TRY_AGAIN
            judge.forget()
    judge.end()
    log.info("judge ended")
