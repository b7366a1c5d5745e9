"""Where the embedded database lies and how to log in to it: the file ``postgres.json`` in the data folder."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from bihuan.wiring import processes
from bihuan.wiring.binaries import PostgresError

OWNER, APP, DATABASE = "bihuan_owner", "bihuan_app", "bihuan"
READY_LINE = 7  # of postmaster.pid, counted from nought


@dataclass(frozen=True)
class Info:
    """A running cluster. The addresses hold passwords: hand them on in the environment, never print them."""

    owner_url: str = field(repr=False)
    app_url: str = field(repr=False)
    socket: Path
    pid: int
    home: Path

    def environment(self) -> dict[str, str]:
        return {"BIHUAN_DATABASE_URL": self.app_url, "BIHUAN_OWNER_DATABASE_URL": self.owner_url}

    @classmethod
    def of(cls, papers: Papers, *, home: Path, socket: Path, pid: int) -> Info:
        host = quote(str(socket), safe="")
        return cls(
            owner_url=f"postgresql://{OWNER}:{papers.owner}@{host}/{DATABASE}",
            app_url=f"postgresql://{APP}:{papers.app}@{host}/{DATABASE}",
            socket=socket,
            pid=pid,
            home=home,
        )


@dataclass
class Papers:
    """What ``postgres.json`` holds."""

    home: str  # relative to the data folder when it lies inside, so that the folder can be moved
    owner: str
    app: str
    made: bool = False  # a cluster was there once: if it is not there now, something is wrong

    def write(self, path: Path) -> None:
        draft = path.with_suffix(".new")
        fd = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(fd, "w", encoding="utf-8") as file:
            json.dump(vars(self), file)
            file.flush()
            os.fsync(file.fileno())
        draft.rename(path)

    @classmethod
    def read(cls, path: Path) -> Papers | None:
        if not path.exists():
            return None
        try:
            return cls(**json.loads(path.read_text(encoding="utf-8")))
        except (ValueError, TypeError) as error:
            raise PostgresError(
                f"{path} 无法读取。 {path} cannot be read ({error}). Restore it, or delete it: a database"
                " in the folder beside it then gets new passwords."
            ) from error


def data_folder() -> Path:
    """BIHUAN_DATA, or ``.bihuan`` in the checkout that this file belongs to, or in the current folder."""
    if given := os.environ.get("BIHUAN_DATA"):
        return Path(given).expanduser().absolute()
    checkout = Path(__file__).resolve().parents[3]
    return (checkout if (checkout / "pyproject.toml").exists() else Path.cwd()) / ".bihuan"


def running(data: Path | None = None) -> Info | None:
    """The cluster of ``data`` if it is up now, without starting it: for commands beside a running program."""
    data = data or data_folder()
    papers = Papers.read(data / "postgres.json") if data.exists() else None
    # A server without a program over it has been left behind, and is about to end.
    if papers is None or not processes.is_locked(data / "lock"):
        return None
    home = data / papers.home
    lines = postmaster(home / "cluster")
    if len(lines) <= READY_LINE or lines[READY_LINE] != "ready" or not processes.is_alive(int(lines[0])):
        return None
    return Info.of(papers, home=home, socket=Path(lines[4]), pid=int(lines[0]))


def postmaster(cluster: Path) -> list[str]:
    """The lines of postmaster.pid: pid, folder, start, port, socket folder, address, memory, status; or none."""
    try:
        lines = (cluster / "postmaster.pid").read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return []
    return [line.strip() for line in lines]
