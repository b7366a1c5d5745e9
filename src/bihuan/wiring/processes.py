"""Starting and ending other programs so that none is left behind."""

from __future__ import annotations

import contextlib
import fcntl
import os
import signal
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

LEASH = Path(__file__).with_name("leash.py")


class Busy(Exception):
    """Another process holds the lock; the message names it."""


def leashed(
    program: Sequence[str | Path], *, ends_with: str = "TERM", user: tuple[int, int] | None = None
) -> list[str]:
    """The command line of ``program`` on a leash held by this process.

    Start it from the main thread: the leash is held by the thread that forks, not by the process.
    """
    command = [sys.executable, "-I", "-S", str(LEASH), ends_with, "--parent", str(os.getpid())]
    if user is not None:
        command += ["--user", f"{user[0]}:{user[1]}"]
    return [*command, "--", *map(str, program)]


def is_alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    # A zombie has ended; only its parent has not looked yet.
    try:
        return (
            Path(f"/proc/{pid}/stat").read_text(encoding="utf-8", errors="replace").rpartition(")")[2].split()[0] != "Z"
        )
    except OSError:
        return not Path("/proc/self").exists()


def working_in(folder: Path) -> list[int]:
    """Processes whose working directory is ``folder``, oldest first; empty where there is no /proc."""
    found = []
    with contextlib.suppress(OSError):
        for entry in os.scandir("/proc"):
            if entry.name.isdigit():
                with contextlib.suppress(OSError):
                    if Path(f"/proc/{entry.name}/cwd").readlink() == folder:
                        found.append(int(entry.name))
    return sorted(found)


def wait_until(done: Callable[[], bool], *, seconds: float) -> bool:
    """Look every 20 ms; True as soon as ``done``, False when the time is over."""
    deadline = time.monotonic() + seconds
    while not done():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def end(pid: int, *signals: tuple[signal.Signals, float], ended: Callable[[], bool] | None = None) -> None:
    """Send each signal in turn, waiting its seconds, until the process has ended; SIGKILL at the very last."""
    gone = ended or (lambda: not is_alive(pid))
    for number, seconds in (*signals, (signal.SIGKILL, 10.0)):
        if gone():
            return
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, number)
        if wait_until(gone, seconds=seconds):
            return


def is_locked(path: Path) -> bool:
    """Whether a living process holds the lock."""
    try:
        fd = os.open(path, os.O_RDWR | os.O_CLOEXEC)
    except OSError:
        return path.exists()
    try:
        fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False


class Lock:
    """A lock on a file, held until released or until this process ends in whatever way."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._fd: int | None = None

    def acquire(self, *, what: str, seconds: float = 5.0) -> None:
        """Wait a little, for one that is just stopping; then raise Busy, naming who holds it."""
        fd = os.open(self.path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)

        def taken() -> bool:
            try:
                fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return False
            return True

        if not wait_until(taken, seconds=seconds):
            holder = os.pread(fd, 200, 0).decode(errors="replace").strip() or "another process"
            os.close(fd)
            raise Busy(
                f"{what} 正在使用中。 {what} is in use by {holder}. 先结束它，或换一个数据目录。"
                " End that one first, or name another folder with BIHUAN_DATA."
            )
        os.ftruncate(fd, 0)
        os.pwrite(fd, f"process {os.getpid()} ({' '.join(sys.argv)[:150]})".encode(), 0)
        self._fd = fd

    def release(self) -> None:
        if self._fd is not None:
            os.close(self._fd)
            self._fd = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.release()
