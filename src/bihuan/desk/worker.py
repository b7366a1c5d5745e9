"""One worker process: feed, ticker, messages, boards, search and the rest; each in a thread of its own.

Any number of workers may run beside one another; killing one loses nothing. A worker outlives its database: it waits,
says so once, and goes on.
"""

from __future__ import annotations

import logging
import signal
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from time import monotonic
from types import FrameType

from django.db import Error, connection, connections

from bihuan.desk import (
    boards,
    equal,
    feed,
    indicators,
    outbox,
    ports,
    recompute,
    search,
    subscriptions,
    suggestions,
    ticker,
    tidy,
)
from bihuan.desk.notices import plan as notices
from bihuan.desk.notices.send import Sender as Letters
from bihuan.desk.ports import Notifier
from bihuan.desk.webhooks.send import Deliverer

log = logging.getLogger("bihuan.worker")

FIRST_PAUSE, LONGEST_PAUSE = 0.2, 5.0
TELL_AGAIN = 60.0
ASKING = (signal.SIGINT, signal.SIGTERM)


@dataclass(frozen=True)
class Duty:
    """``step`` does a little and returns how much; after nothing it is asked again in ``every`` seconds."""

    name: str
    step: Callable[[], int]
    every: float


def duties(notifier: Notifier) -> list[Duty]:
    """What a worker does, in the order of urgency."""
    return [
        Duty("feed", feed.Sequencer().step, 0.2),
        Duty("ticker", ticker.tick_all, 1.0),
        Duty("messages", outbox.Sender(notifier).step, 1.0),
        Duty("webhooks", Deliverer().step, 1.0),
        Duty("notices", notices.step, 1.0),
        Duty("letters", Letters().step, 2.0),
        Duty("boards", boards.step, 0.5),
        Duty("search", search.step, 0.5),
        Duty("equal", equal.step, 0.5),
        Duty("suggestions", suggestions.step, 1.0),
        Duty("subscriptions", subscriptions.step, 30.0),
        Duty("counts", indicators.count_cases, 300.0),
        Duty("recompute", recompute.step, 5.0),
        Duty("tidy", tidy.step, 600.0),
    ]


def run(notifier: Notifier | None = None, stop: threading.Event | None = None, more: Sequence[Duty] = ()) -> None:
    """Work until ``stop`` is set, or until asked by TERM or Ctrl-C when called from the main thread without one."""
    stop = stop or _asked_to_stop()
    work = [*duties(notifier or ports.notifier()), *more]
    threads = [threading.Thread(target=_keep_doing, args=(duty, stop), name=duty.name) for duty in work]
    for thread in threads:
        thread.start()
    log.info("worker ready: %s", ", ".join(duty.name for duty in work))
    stop.wait()
    for thread in threads:
        thread.join()
    log.info("worker ended")


def _asked_to_stop() -> threading.Event:
    stop = threading.Event()

    def ask(_number: int, _frame: FrameType | None) -> None:
        stop.set()

    for number in ASKING:
        signal.signal(number, ask)
    return stop


def _keep_doing(duty: Duty, stop: threading.Event) -> None:
    trouble = _Trouble(duty.name)
    try:
        while not stop.is_set():
            try:
                done = duty.step()
            except Error as error:
                pause = trouble.note(error)
                connection.close()
            except Exception as error:  # noqa: BLE001 - a bug in one duty must not end the others, or this one for ever
                pause = trouble.note(error)
                connection.close()
            else:
                trouble.over()
                pause = 0.0 if done else duty.every
            stop.wait(pause)
    finally:
        connections.close_all()


class _Trouble:
    """Says what went wrong once, and again once a minute while it lasts; waits longer each time."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._pause = 0.0
        self._said: tuple[str, float] | None = None

    def note(self, error: Exception) -> float:
        kind = type(error).__name__
        if self._said is None or self._said[0] != kind or monotonic() - self._said[1] > TELL_AGAIN:
            # An error of the database says enough in its first line; anything else is a bug, and its place matters.
            is_database = isinstance(error, Error)
            what = str(error).strip().partition("\n")[0]
            log.error("%s: %s: %s; trying again", self._name, kind, what, exc_info=None if is_database else error)
            self._said = (kind, monotonic())
        self._pause = min(LONGEST_PAUSE, self._pause * 2 or FIRST_PAUSE)
        return self._pause

    def over(self) -> None:
        if self._said is not None:
            log.warning("%s: works again", self._name)
            self._said = None
        self._pause = 0.0


__all__: Sequence[str] = ("Duty", "duties", "run")
