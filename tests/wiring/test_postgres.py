import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest

from bihuan.wiring import binaries, processes
from bihuan.wiring.postgres import Cluster, PostgresError, running, temporary_cluster
from wiring.conftest import eventually, kill, query

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root has this difficulty")


def keep(info, text="kept"):
    query(info.owner_url, f"CREATE TABLE IF NOT EXISTS kept AS SELECT '{text}'::text AS word")


def test_two_roles_and_neither_is_superuser(cluster):
    info = cluster.start()
    asked = "SELECT rolname::text, rolsuper, current_setting('is_superuser') FROM pg_roles WHERE rolname = current_user"
    assert query(info.owner_url, asked) == [("bihuan_owner", False, "off")]
    assert query(info.app_url, asked) == [("bihuan_app", False, "off")]
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        query(info.app_url, "CREATE TABLE mine (id int)")


def test_nobody_gets_in_without_a_password_and_nobody_as_superuser(cluster):
    info = cluster.start()
    for user in ("postgres", "bihuan_owner", "bihuan_app"):
        with pytest.raises(psycopg.OperationalError):
            psycopg.connect(host=str(info.socket), user=user, password="guess", dbname="bihuan")


def test_settings_that_the_product_counts_on(data):
    with Cluster(data) as info:
        names = ("fsync", "timezone", "jit", "server_encoding", "shared_buffers", "max_connections", "data_checksums")
        names += ("wal_compression",)
        shown = [query(info.app_url, f"SHOW {name}")[0][0] for name in names]
    assert shown == ["on", "UTC", "off", "UTF8", "256MB", "100", "on", "off"]


def test_passwords_lie_in_a_file_for_us_alone_and_are_not_shown(cluster):
    info = cluster.start()
    papers = cluster.data / "postgres.json"
    assert papers.stat().st_mode & 0o777 == 0o600
    assert info.app_url.split(":")[2].split("@")[0] not in repr(info)


def test_a_second_program_is_refused_and_told_who_is_there(data, holder):
    other, _ = holder()
    second = processes.Lock(data / "lock")
    with pytest.raises(processes.Busy, match=f"process {other.pid} "):
        second.acquire(what=str(data), seconds=0.2)


def test_a_command_beside_the_program_finds_the_running_cluster(cluster):
    assert running(cluster.data) is None
    info = cluster.start()
    assert running(cluster.data) == info
    cluster.stop()
    assert running(cluster.data) is None


def test_a_server_left_behind_is_not_taken_for_a_running_one(cluster):
    cluster.start()
    cluster._locks.pop().release()
    assert running(cluster.data) is None


def test_a_killed_server_comes_back_under_the_same_address(cluster):
    info = cluster.start()
    keep(info)
    kill(info.pid)
    eventually(cluster.has_died)
    again = cluster.restart()
    assert again.app_url == info.app_url
    assert again.pid != info.pid
    assert query(info.owner_url, "SELECT word FROM kept") == [("kept",)]


def below(pid):
    """Pid to title of the server's own processes."""
    found = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    return {int(one): Path(f"/proc/{one}/cmdline").read_text().rstrip("\0") for one in found}


@pytest.mark.parametrize("helper", ["io worker", "walwriter", "checkpointer"])
def test_a_killed_helper_of_the_server_leaves_nothing_hanging(cluster, helper):
    """PostgreSQL 18 has helpers that read and write for others; one killed, its restart left all others waiting."""
    info = cluster.start()
    query(info.owner_url, "CREATE TABLE big AS SELECT n, repeat('x', 500) AS text FROM generate_series(1, 20000) n")
    mine = [pid for pid, title in below(info.pid).items() if helper in title]
    if helper == "io worker":
        assert mine == []
        return
    kill(mine[0])

    def answers():
        try:
            return query(info.owner_url, "SELECT count(*) FROM big") == [(20_000,)]
        except psycopg.OperationalError:
            return False

    eventually(answers)
    assert not cluster.has_died()


def test_the_server_does_not_outlive_a_killed_program(data, holder, cluster):
    process, server = holder()
    keep(running(data))
    left = running(data).socket
    process.kill()
    eventually(lambda: not processes.is_alive(server))
    assert query(cluster.start().owner_url, "SELECT word FROM kept") == [("kept",)]
    assert not left.exists()


def test_program_and_server_killed_together(data, holder, cluster):
    process, server = holder()
    keep(running(data))
    kill(server)
    process.kill()
    assert query(cluster.start().owner_url, "SELECT word FROM kept") == [("kept",)]


def test_a_server_that_outlived_its_program_is_ended_first(cluster, short):
    info = cluster.start()
    keep(info)
    folder, programs = info.home / "cluster", binaries.find(user=binaries.system_user() if os.geteuid() == 0 else None)
    cluster.stop()
    command = [programs.bin / "postgres", "-D", folder, "-k", short, "-h", ""]
    with subprocess.Popen(
        processes.leashed(command, user=programs.user), cwd=info.home, stderr=subprocess.DEVNULL
    ) as orphan:
        eventually(lambda: (folder / "postmaster.pid").exists() and "ready" in (folder / "postmaster.pid").read_text())
        again = cluster.start()
        assert orphan.wait(10) == 0
    assert query(again.owner_url, "SELECT word FROM kept") == [("kept",)]


def test_a_pid_file_whose_number_now_belongs_to_another_program(cluster):
    info = cluster.start()
    keep(info)
    kill(info.pid)
    eventually(cluster.has_died)
    pid_file = info.home / "cluster" / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    cluster.stop()
    with subprocess.Popen(["sleep", "30"]) as stranger:
        pid_file.write_text("\n".join([str(stranger.pid), *lines[1:]]) + "\n")
        assert query(cluster.start().owner_url, "SELECT word FROM kept") == [("kept",)]
        assert stranger.poll() is None
        stranger.kill()


@pytest.mark.parametrize("moment", [0.1, 0.3, 0.5, 0.7])
def test_a_start_cut_off_at_any_moment_is_made_good(data, cluster, moment):
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; from wiring.conftest import HOLD; exec(HOLD)", str(data)],
        stdout=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[1])},
    )
    eventually((data / "postgres.json").exists)
    time.sleep(moment)
    process.kill()
    process.wait()
    info = cluster.start()
    assert query(info.app_url, "SELECT 1") == [(1,)]
    assert not list(info.home.glob(".making-*"))


def test_lost_passwords_are_made_anew(cluster):
    keep(cluster.start())
    cluster.stop()
    (cluster.data / "postgres.json").unlink()
    assert query(cluster.start().owner_url, "SELECT word FROM kept") == [("kept",)]


def test_a_lost_cluster_is_not_quietly_replaced_by_an_empty_one(cluster):
    info = cluster.start()
    cluster.stop()
    shutil.rmtree(info.home / "cluster")
    with pytest.raises(PostgresError, match=r"postgres\.json to begin with an empty one"):
        cluster.start()


def test_a_folder_with_spaces_quotes_and_chinese(data):
    odd = data / "数据 'of' \"ours\""
    with Cluster(odd, fsync=False, shared_buffers="16MB") as info:
        assert query(info.app_url, "SELECT 1") == [(1,)]


def test_the_reason_is_told_when_the_server_does_not_start(data):
    cluster = Cluster(data, settings={"max_connections": "none"})
    with pytest.raises(PostgresError, match='invalid value for parameter "max_connections"'):
        cluster.start()
    assert cluster.process is None


def test_without_any_postgresql_it_says_what_to_install(monkeypatch):
    monkeypatch.setattr(binaries, "_candidates", list)
    with pytest.raises(PostgresError, match="apt-get install postgresql"):
        binaries.find()


def test_the_systems_programs_serve_where_there_is_no_wheel(cluster, monkeypatch):
    monkeypatch.setattr(binaries, "WHEEL", "no_such_wheel")
    if not binaries._candidates():
        pytest.skip("this machine has no PostgreSQL of its own")
    assert query(cluster.start().app_url, "SHOW server_encoding") == [("UTF8",)]


def test_a_temporary_cluster_leaves_nothing():
    with temporary_cluster() as info:
        assert query(info.app_url, "SHOW fsync") == [("off",)]
    assert not info.home.exists()
    assert not info.socket.exists()
    assert not processes.is_alive(info.pid)


@as_root
def test_a_folder_that_the_servers_user_cannot_reach(tmp_path, short, monkeypatch):
    far = short / "far"
    monkeypatch.setattr(binaries, "ROOT_HOME", far)
    closed = tmp_path / "closed"
    closed.mkdir(mode=0o700)
    with Cluster(closed / "data", fsync=False, shared_buffers="16MB") as info:
        keep(info)
        assert info.home.parent == far
    with Cluster(closed / "data", fsync=False, shared_buffers="16MB") as info:
        assert query(info.owner_url, "SELECT word FROM kept") == [("kept",)]
    assert closed.stat().st_mode & 0o777 == 0o700


@as_root
def test_a_wheel_that_the_servers_user_cannot_reach_is_copied(tmp_path, short, monkeypatch):
    closed, far = tmp_path / "closed", short / "far"
    site = Path(binaries.importlib.util.find_spec(binaries.WHEEL).origin).parents[1]
    closed.mkdir(mode=0o700)
    for name in (binaries.WHEEL, f"{binaries.WHEEL}.libs"):
        shutil.copytree(site / name, closed / name)
    monkeypatch.syspath_prepend(closed)
    monkeypatch.setattr(binaries, "ROOT_HOME", far)
    programs = binaries.find(user=binaries.system_user())
    assert programs.bin.is_relative_to(far)
    assert programs.run("psql", "--version", cwd=Path("/")).returncode == 0
    assert closed.stat().st_mode & 0o777 == 0o700


def test_a_leashed_program_ends_with_its_parent(tmp_path):
    note = tmp_path / "pid"
    script = (
        "import subprocess, sys, time; from bihuan.wiring import processes;"
        "child = subprocess.Popen(processes.leashed(['sleep', '60']));"
        f"open({str(note)!r}, 'w').write(str(child.pid)); time.sleep(60)"
    )
    parent = subprocess.Popen([sys.executable, "-c", script])
    eventually(lambda: note.exists() and note.read_text())
    child = int(note.read_text())
    assert processes.is_alive(child)
    parent.send_signal(signal.SIGKILL)
    parent.wait()
    eventually(lambda: not processes.is_alive(child))
