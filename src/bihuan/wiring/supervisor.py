"""Keeps the parts of the program running: web server, workers, and the embedded PostgreSQL under them.

Nothing is left behind: Ctrl-C and TERM end the parts in order, and every part hangs on a leash (``leash.py``), so that
it ends too when this process is killed. A part that dies is started again, after a pause that grows.
"""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from bihuan.wiring import processes
from bihuan.wiring.postgres import Cluster, PostgresError

ASKING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
LOOK_EVERY = 0.1
FIRST_PAUSE, LONGEST_PAUSE = 0.5, 30.0
STEADY_AFTER = 30.0  # seconds of running after which earlier deaths are forgotten
GIVE_UP_AFTER = 6  # deaths in a row, about 15 seconds


@dataclass(frozen=True)
class Spec:
    """A part: its command line, what its environment has beyond ours, and how long it may take to end."""

    name: str
    command: Sequence[str | Path]
    environment: Mapping[str, str] = field(default_factory=dict)
    grace: float = 10.0


def tell(line: str) -> None:
    # Whoever reads our output may be gone; that must not keep us from ending the parts.
    with contextlib.suppress(OSError):
        print(line, file=sys.stderr, flush=True)  # noqa: T201 - this is for the person at the terminal


@contextlib.contextmanager
def interruptible() -> Iterator[None]:
    """TERM and HUP as KeyboardInterrupt: for the time before ``run``, so that every ``with`` does its work."""

    def interrupt(_number: int, _frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in ASKING}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run(
    specs: Sequence[Spec],
    *,
    cluster: Cluster | None = None,
    say: Callable[[str], None] = tell,
    ready: Callable[[], None] = lambda: None,
) -> int:
    """Start the parts and stay until asked to end; 0 then, 1 when a part would not stay up.

    ``cluster`` is watched and started again when it dies; ending it is the caller's, after this has returned. Call from
    the main thread. ``ready`` is called once the parts have been started.
    """
    asked: list[int] = []
    before = {number: signal.signal(number, lambda number, _: asked.append(number)) for number in ASKING}
    parts = [_Part(spec, say) for spec in specs]
    keeper = _Keeper(cluster, say) if cluster is not None else None
    try:
        for part in parts:
            part.start()
        ready()
        while not asked:
            failed = [part.has_failed() for part in parts]
            if any(failed) or (keeper is not None and keeper.has_failed()):
                return 1
            time.sleep(LOOK_EVERY)
        say("» 正在停止 stopping")
        return 0
    finally:
        _end(parts, asked, say)
        for number, handler in before.items():
            signal.signal(number, handler)


def _end(parts: Sequence[_Part], asked: list[int], say: Callable[[str], None]) -> None:
    """Ask all at once, wait for each its grace, then kill. Asked twice, we do not wait any longer."""
    times_asked = len(asked)
    begin = time.monotonic()
    for part in parts:
        part.ask_to_end()
    for part in parts:
        left = part.spec.grace - (time.monotonic() - begin)
        processes.wait_until(lambda part=part: part.is_gone() or len(asked) > times_asked, seconds=left)  # type: ignore[misc]
        if not part.is_gone():
            say(f"» {part.spec.name} 没有按时结束，强制结束 did not end in time and is killed")
        part.kill()


class _Deaths:
    """How often in a row something died, and how long to wait before trying again."""

    def __init__(self) -> None:
        self.count = 0
        self.started = 0.0
        self.again_at: float | None = None

    def note_start(self) -> None:
        self.started, self.again_at = time.monotonic(), None

    def note_death(self) -> float:
        if time.monotonic() - self.started > STEADY_AFTER:
            self.count = 0
        pause = min(FIRST_PAUSE * float(1 << self.count), LONGEST_PAUSE)
        self.count += 1
        self.again_at = time.monotonic() + pause
        return pause

    def is_time(self) -> bool:
        return self.again_at is not None and time.monotonic() >= self.again_at


class _Part:
    def __init__(self, spec: Spec, say: Callable[[str], None]) -> None:
        self.spec = spec
        self.say = say
        self.deaths = _Deaths()
        self.process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        self.process = subprocess.Popen(
            processes.leashed(self.spec.command),
            stdin=subprocess.DEVNULL,
            env={**os.environ, **self.spec.environment},
            start_new_session=True,  # Ctrl-C is for us; and its own children can be ended with it
        )
        self.deaths.note_start()

    def has_failed(self) -> bool:
        """Look after the part; True when it has died too often in a row."""
        if self.process is not None and self.is_gone():
            self.kill()
            code = self.process.returncode
            how = f"signal {-code}" if code < 0 else f"exit {code}"
            self.process = None
            pause = self.deaths.note_death()
            if self.deaths.count >= GIVE_UP_AFTER:
                self.say(f"» {self.spec.name} 反复退出，放弃 keeps ending ({how}); giving up. The reason stands above.")
                return True
            self.say(f"» {self.spec.name} 意外退出 ended unexpectedly ({how}); 重启 starting it again in {pause:g} s")
        if self.deaths.is_time():
            self.start()
        return False

    def is_gone(self) -> bool:
        """Whether it has ended, without collecting it: until then its process group cannot become somebody else's."""
        if self.process is None or self.process.returncode is not None:
            return True
        looked = os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        return looked is not None

    def ask_to_end(self) -> None:
        if self.process is not None and not self.is_gone():
            self.process.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        """End the part and whatever it started, and collect it."""
        if self.process is not None and self.process.returncode is None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


class _Keeper:
    """Looks after the database."""

    def __init__(self, cluster: Cluster, say: Callable[[str], None]) -> None:
        self.cluster = cluster
        self.say = say
        self.deaths = _Deaths()
        self.deaths.note_start()

    def has_failed(self) -> bool:
        if not self.cluster.has_died():
            return False
        if self.deaths.again_at is None:
            pause = self.deaths.note_death()
            if self.deaths.count >= GIVE_UP_AFTER:
                self.say("» 数据库反复退出，放弃 the database keeps ending; giving up.")
                return True
            self.say(f"» 数据库意外退出 the database ended unexpectedly; 重启 starting it again in {pause:g} s")
        if self.deaths.is_time():
            try:
                self.cluster.restart()
            except PostgresError as error:
                self.say(str(error))
            else:
                self.say("» 数据库已恢复 the database is back")
            self.deaths.note_start()
        return False
