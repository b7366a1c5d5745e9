"""The PostgreSQL that comes with the program: made, started, stopped and put right again in our own data folder.

We drive the wheel's programs ourselves. Its Python interface opens the permissions of every folder above the data
(also /root), lets everybody in without a password, and keeps the server for whoever asked last; we want the opposite.

What is where:
- ``<data>/postgres.json``: where the cluster lies and the two passwords, for us alone (mode 600);
- ``<data>/postgres/`` (the *home*): the cluster itself in ``cluster/``, and ``postgres.log``;
- root only, where the server's own user cannot reach the data folder (below /root, say): the home is a folder of its
  own below ``/var/lib/bihuan``, to which ``postgres.json`` points;
- the socket: a private folder below /tmp, new for every program, since a socket's path may have 107 bytes only.

Nobody can log in as the superuser, not even we: roles and database are made in PostgreSQL's single-user mode before the
cluster is moved into place. A cluster is there whole or not at all.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from types import TracebackType

from bihuan.wiring import binaries, initdb, processes
from bihuan.wiring.binaries import PostgresError
from bihuan.wiring.papers import DATABASE, READY_LINE, Info, Papers, data_folder, postmaster, running

__all__ = ["DATABASE", "Cluster", "Info", "PostgresError", "data_folder", "running", "temporary_cluster"]

SHUT_DOWN = ((signal.SIGINT, 30.0), (signal.SIGQUIT, 10.0))
SOCKETS = Path("/tmp/bihuan-")  # noqa: S108 - short, made private, with a new name each time
RECOVERY_SECONDS = 600.0
NO_HELPERS_SINCE = 18


class Cluster:
    """One cluster and the process that serves it. ``start`` and ``stop``, or use it in a ``with``."""

    def __init__(
        self,
        data: Path | None = None,
        *,
        fsync: bool = True,
        shared_buffers: str = "256MB",
        settings: dict[str, str] | None = None,
        say: Callable[[str], None] = lambda _: None,
    ) -> None:
        self.data = (data or data_folder()).absolute()
        self.settings = {"shared_buffers": shared_buffers, "fsync": "on" if fsync else "off", **(settings or {})}
        self.say = say
        self.process: subprocess.Popen[bytes] | None = None
        self._locks: list[processes.Lock] = []
        self._again: Callable[[], Info] | None = None
        self._socket: Path | None = None

    def start(self) -> Info:
        """Make what is missing, end what a crash left, serve.

        Call it from the main thread (see ``processes.leashed``). Raises PostgresError, or processes.Busy when another
        process has the data folder. The steps:

        1. take the data folder, so that no second program works on it;
        2. read where the cluster lies, or decide it;
        3. end a server that outlived its program, clear what a dead one left;
        4. make the cluster if there is none;
        5. start, and wait until it answers, also through a long recovery.
        """
        try:
            self._take(self.data)
            papers, user = self._place()
            home = (self.data / papers.home).absolute()
            cluster = home / "cluster"
            _clear(home, cluster)
            _forget_socket(home)
            programs = self._programs(cluster, papers, user)
            if not cluster.exists():
                self.say("» 创建数据库 making the database (only the first time)")
                initdb.make(programs, home, papers)
            elif not papers.made:
                # The papers are new, the cluster is not: they were lost, or the end of the first start was cut off.
                initdb.set_passwords(programs, cluster, papers)
            if not papers.made:
                papers.made = True
                papers.write(self.data / "postgres.json")
            self._socket = _new_socket(home, programs.user)
            self._again = lambda: self._serve(programs, papers, home)
            return self._again()
        except BaseException:
            self.stop()
            raise

    def stop(self, *, at_once: bool = False) -> None:
        """End the server: orderly (connections are cut, data written out), or at once for a throw-away one."""
        if self.process is not None:
            process = self.process
            steps = ((signal.SIGQUIT, 10.0),) if at_once else SHUT_DOWN
            processes.end(process.pid, *steps, ended=lambda: process.poll() is not None)
            self.process = None
        if self._socket is not None:
            shutil.rmtree(self._socket, ignore_errors=True)
            self._socket = None
        self._again = None
        while self._locks:
            self._locks.pop().release()

    def __enter__(self) -> Info:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def has_died(self) -> bool:
        return self.process is not None and self.process.poll() is not None

    def restart(self) -> Info:
        """After the server died: start it again, under the same addresses."""
        if self._again is None:
            raise PostgresError("Only a cluster that was started can be started again.")
        return self._again()

    def _take(self, folder: Path) -> None:
        try:
            folder.mkdir(parents=True, exist_ok=True)
            if folder.stat().st_uid == os.geteuid():
                folder.chmod(0o711 if os.geteuid() == 0 else 0o700)
            lock = processes.Lock(folder / "lock")
            lock.acquire(what=str(folder))
        except PermissionError as error:
            raise PostgresError(
                f"无法写入 {folder}。 {folder} cannot be written by this user; it may belong to root. "
                "Run as its owner, or name another folder with BIHUAN_DATA."
            ) from error
        self._locks.append(lock)

    def _place(self) -> tuple[Papers, tuple[int, int] | None]:
        """The papers, written anew if there are none, and the user to serve as (None: ourselves)."""
        path = self.data / "postgres.json"
        papers = Papers.read(path)
        user = binaries.system_user() if os.geteuid() == 0 else None
        if papers is None:
            papers = Papers(home="postgres", owner=secrets.token_hex(24), app=secrets.token_hex(24))
            if user is not None and not _can_reach(self.data, user):
                papers.home = str(_far_home(self.data, self.say))
            papers.write(path)
        home = self.data / papers.home
        if home.exists() and user is not None and home.stat().st_uid != 0:
            # An ordinary user began this folder; root goes on as that user, so that both can use it.
            user = (home.stat().st_uid, home.stat().st_gid)
        home.mkdir(parents=True, exist_ok=True)
        if user is not None:
            os.chown(home, *user)
        home.chmod(0o700)
        if not home.is_relative_to(self.data):
            # Two copies of a data folder would both point here.
            lock = processes.Lock(home / "lock")
            lock.acquire(what=str(home))
            self._locks.append(lock)
        return papers, user

    def _programs(self, cluster: Path, papers: Papers, user: tuple[int, int] | None) -> binaries.Programs:
        if cluster.exists():
            return binaries.find(major=int((cluster / "PG_VERSION").read_text(encoding="ascii")), user=user)
        if papers.made:
            raise PostgresError(
                f"数据库不见了：{cluster}。 The database of {self.data} should lie in {cluster} but does not."
                f" Put it back, or delete {self.data / 'postgres.json'} to begin with an empty one."
            )
        return binaries.find(user=user)

    def _serve(self, programs: binaries.Programs, papers: Papers, home: Path) -> Info:
        cluster, socket = home / "cluster", self._socket
        if socket is None:
            raise PostgresError("The cluster has been stopped.")
        _clear(home, cluster)
        options = {**self.settings, "unix_socket_directories": str(socket), "listen_addresses": ""}
        if programs.major >= NO_HELPERS_SINCE:
            # One of its I/O helpers killed, as by a machine without memory: 18.4 recovers, and every session hangs.
            options["io_method"] = "sync"
        command: list[str | Path] = [programs.bin / "postgres", "-D", cluster]
        command += [word for name, value in options.items() for word in ("-c", f"{name}={value}")]
        with (home / "postgres.log").open("ab") as log:
            begin = log.tell()
            self.process = subprocess.Popen(
                processes.leashed(command, ends_with="INT", user=programs.user),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                cwd=home,
                env=binaries.environment(),
                start_new_session=True,  # Ctrl-C is for us; we end the server last
            )
        self._wait(self.process, home, begin)
        return Info.of(papers, home=home, socket=socket, pid=self.process.pid)

    def _wait(self, process: subprocess.Popen[bytes], home: Path, begin: int) -> None:
        def settled() -> bool:
            lines = postmaster(home / "cluster")
            ready = len(lines) > READY_LINE and lines[0] == str(process.pid) and lines[READY_LINE] == "ready"
            return ready or process.poll() is not None

        waited = 0.0
        while not processes.wait_until(settled, seconds=2.0):
            waited += 2.0
            self.say(f"» 数据库正在恢复 the database is recovering … {waited:.0f} s")
            if waited > RECOVERY_SECONDS:
                raise PostgresError(f"PostgreSQL did not become ready in {waited:.0f} s; see {home / 'postgres.log'}.")
        if process.poll() is not None:
            with (home / "postgres.log").open("rb") as log:
                log.seek(begin)
                tail = log.read().decode(errors="replace").strip().splitlines()[-8:]
            said = "\n  ".join(tail) or f"nothing (exit {process.returncode})"
            raise PostgresError(f"PostgreSQL 无法启动。 PostgreSQL did not start; it said:\n  {said}")


@contextlib.contextmanager
def temporary_cluster(*, fsync: bool = False, settings: dict[str, str] | None = None) -> Iterator[Info]:
    """A whole cluster for a test, gone afterwards. Without fsync it is fast and would not survive a power cut."""
    folder = Path(tempfile.mkdtemp(prefix="bihuan-test-"))
    folder.chmod(0o711)
    cluster = Cluster(folder, fsync=fsync, shared_buffers="64MB", settings=settings)
    try:
        yield cluster.start()
    finally:
        cluster.stop(at_once=True)
        papers = Papers.read(folder / "postgres.json")
        shutil.rmtree(folder if papers is None else folder / papers.home, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def _clear(home: Path, cluster: Path) -> None:
    """After a crash: end a server still at work here, and remove what a dead one and a half-made cluster left."""
    lines = postmaster(cluster)
    if lines and lines[0].isdigit() and (pid := int(lines[0])) in processes.working_in(cluster.resolve()):
        processes.end(pid, *SHUT_DOWN)
    # Backends of a dead server leave by themselves, and must be gone: their shared memory is still in use. With them
    # gone the pid file means nothing, even when its number now belongs to some other program.
    if not processes.wait_until(lambda: not processes.working_in(cluster.resolve()), seconds=20.0):
        for pid in processes.working_in(cluster.resolve()):
            processes.end(pid)
    if Path("/proc/self").exists():
        (cluster / "postmaster.pid").unlink(missing_ok=True)
    for half in home.glob(".making-*"):
        shutil.rmtree(half, ignore_errors=True)


def _new_socket(home: Path, user: tuple[int, int] | None) -> Path:
    socket = Path(tempfile.mkdtemp(prefix=SOCKETS.name, dir=SOCKETS.parent))
    if user is not None:
        os.chown(socket, *user)
    (home / "socket").write_text(str(socket), encoding="ascii")
    return socket


def _forget_socket(home: Path) -> None:
    """Remove the folder that a killed program left."""
    with contextlib.suppress(OSError):
        left = (home / "socket").read_text(encoding="ascii")
        if left.startswith(str(SOCKETS)):
            shutil.rmtree(left, ignore_errors=True)


def _can_reach(folder: Path, user: tuple[int, int]) -> bool:
    """Whether that user can come through every folder above: tried, not computed, since ACLs also count."""
    trial = processes.leashed(["/bin/sh", "-c", 'cd "$1"', "sh", folder], user=user)
    return subprocess.run(trial, capture_output=True, check=False, cwd="/").returncode == 0


def _far_home(data: Path, say: Callable[[str], None]) -> Path:
    """A new folder of root's that the server's user can reach; one that an earlier start left is named, not taken."""
    binaries.ROOT_HOME.mkdir(parents=True, exist_ok=True)
    binaries.ROOT_HOME.chmod(0o755)
    for note in binaries.ROOT_HOME.glob("*/belongs-to"):
        if note.read_text(encoding="utf-8", errors="replace") == str(data):
            say(f"» 旧数据库 An older database of {data} lies in {note.parent}; delete it if nobody needs it.")
    home = binaries.ROOT_HOME / secrets.token_hex(6)
    home.mkdir(mode=0o700)
    (home / "belongs-to").write_text(str(data), encoding="utf-8")
    return home
