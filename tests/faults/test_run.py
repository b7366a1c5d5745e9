"""``bihuan run`` as a newcomer meets it."""

import subprocess
import sys

import pytest

from faults.live import Live, free_port


@pytest.fixture
def site(tmp_path):
    site = Live(tmp_path / "data", free_port(), demo=True)
    site.start()
    yield site
    site.stop()


def test_run_says_where_to_look_and_serves(site):
    said = site.said()
    assert f"http://127.0.0.1:{site.port}/" in said
    assert "bihuan-demo" in said
    assert "shouli" in said
    for path in ("/", "/report", "/login/", "/rules", "/api/v1/openapi.json", "/api/v1/health"):
        assert site.get(path)[0] == 200, path
    status, listed = site.get("/api/v1/rules")
    assert status == 200
    assert b"city" in listed

    again = subprocess.run(
        [sys.executable, "-m", "bihuan.cli", "run", "--address", f"127.0.0.1:{free_port()}"],
        env=site.environment(), capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert again.returncode != 0
    assert str(site.process.pid) in again.stderr, again.stderr

    site.stop()
    site.start()
    assert site.get("/")[0] == 200


def test_a_port_that_is_taken_is_said(site, tmp_path):
    environment = {**site.environment(), "BIHUAN_DATA": str(tmp_path / "other")}
    other = subprocess.run(
        [sys.executable, "-m", "bihuan.cli", "run", "--no-demo", "--address", f"127.0.0.1:{site.port}"],
        env=environment, capture_output=True, text=True, timeout=60, check=False,
    )  # fmt: skip
    assert other.returncode != 0
    assert str(site.port) in other.stderr
    assert "--address" in other.stderr
