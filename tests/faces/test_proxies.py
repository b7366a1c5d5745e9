"""Behind a proxy: whom the limits count, and who may say so. Over a real socket, with the headers as they come."""

import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

import pytest

from rest_site import report, set_up

MOST = 3


@contextmanager
def serving(**environment):
    """The site behind granian; its port."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(port),
        "--workers", "1", "--blocking-threads", "2", "--log-level", "error", "--no-ws",
        "bihuan.wiring.wsgi:application",
    ]  # fmt: skip
    server = subprocess.Popen(command, env=os.environ | {"BIHUAN_RATE": str(MOST)} | environment)
    try:
        until = time.monotonic() + 20
        while time.monotonic() < until:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.05)
        yield port
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def ask(port, method, path, body=None, headers=(), *, host="localhost"):
    """One request with these header lines, also the same name twice: what a proxy in between may do."""
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        wire.putrequest(method, path, skip_host=True)
        for name, value in (("Host", host), *headers, ("Content-Length", str(len(body or b"")))):
            wire.putheader(name, value)
        wire.endheaders(body)
        answer = wire.getresponse()
        return answer, answer.read()
    finally:
        wire.close()


def taken(port, *forwarded):
    """Whether a report is taken that comes with these lines of X-Forwarded-For."""
    lines = [("Content-Type", "application/json"), *(("X-Forwarded-For", value) for value in forwarded)]
    answer, _ = ask(port, "POST", "/api/v1/cases", json.dumps(report()).encode(), lines)
    assert answer.status in {201, 429}
    return answer.status == 201


def test_a_trusted_proxy_says_who_sends_and_each_has_a_limit_of_his_own(clean_db):
    set_up()
    with serving(BIHUAN_TRUSTED_PROXIES="10.0.0.0/8, 127.0.0.1") as port:
        assert [taken(port, "203.0.113.7") for _ in range(MOST + 1)] == [True] * MOST + [False]
        assert taken(port, "203.0.113.8")
        assert not taken(port, "198.51.100.1, 203.0.113.7"), "what the sender writes himself counts for nothing"
        assert not taken(port, "198.51.100.1", "203.0.113.7"), "nor in a line of its own"
        assert not taken(port, "203.0.113.7, 10.1.2.3"), "a second proxy of ours stands between"


def test_from_anybody_else_the_header_is_not_believed(clean_db):
    set_up()
    with serving(BIHUAN_TRUSTED_PROXIES="10.0.0.0/8") as port:
        assert [taken(port, f"203.0.113.{n}") for n in range(MOST + 1)] == [True] * MOST + [False]


def login(port, host, forwarded=()):
    """The status of a form that a browser behind HTTPS sends: its Origin says https."""
    answer, page = ask(port, "GET", "/login/", headers=forwarded, host=host)
    token = re.search(rb'name="csrfmiddlewaretoken" value="([^"]+)"', page)[1].decode()
    cookie = answer.getheader("Set-Cookie").partition(";")[0]
    body = f"csrfmiddlewaretoken={token}&username=nobody&password=wrong".encode()
    lines = [("Content-Type", "application/x-www-form-urlencoded"), ("Cookie", cookie), *forwarded]
    return ask(port, "POST", "/login/", body, [*lines, ("Origin", f"https://{host}")], host=host)[0].status


def test_forms_work_behind_https(clean_db):
    set_up()
    https = [("X-Forwarded-Proto", "https"), ("X-Forwarded-For", "203.0.113.7")]
    with serving(BIHUAN_TRUSTED_PROXIES="127.0.0.1", BIHUAN_HTTPS="1") as port:
        assert login(port, "localhost:8443", https) == 200
        assert login(port, "localhost:8443") == 403
        assert login(port, "localhost") == 200, "a host that is served, at the usual port"


@pytest.mark.parametrize(
    ("given", "said"),
    [("proxy.example", "proxy.example"), ("10.0.0.1/8", "10.0.0.1/8"), ("127.0.0.1,0.0.0.0/0", "everybody")],
)
def test_a_proxy_that_cannot_be_meant_stops_the_start(given, said):
    environment = os.environ | {"BIHUAN_TRUSTED_PROXIES": given}
    command = [sys.executable, "-c", "import bihuan.wiring.settings"]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode != 0
    assert "BIHUAN_TRUSTED_PROXIES" in ended.stderr
    assert said in ended.stderr
