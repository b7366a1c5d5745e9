"""The API behind the real server, over a socket: what only granian and the wire can get wrong."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import time

import pytest
from django.db import connection

from rest_site import report, set_up, token


@pytest.fixture
def port(clean_db):
    set_up()
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        number = probe.getsockname()[1]
    command = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", "127.0.0.1", "--port", str(number),
        "--workers", "1", "--blocking-threads", "2", "--log-level", "error", "--no-ws",
        "bihuan.wiring.wsgi:application",
    ]  # fmt: skip
    server = subprocess.Popen(command, env={**os.environ, "BIHUAN_RATE": "1000"}, stderr=subprocess.DEVNULL)
    try:
        wait_for(number)
        yield number
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(20)


def wait_for(number):
    until = time.monotonic() + 20
    while time.monotonic() < until:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", number)) == 0:
                return
        time.sleep(0.05)
    pytest.fail("the server did not start")


def send(port, method, path, body=None, **headers):
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        wire.request(method, f"/api/v1{path}", body, {name.replace("_", "-"): value for name, value in headers.items()})
        answer = wire.getresponse()
        return answer, answer.read()
    finally:
        wire.close()


def test_a_long_stream_of_lines_is_taken_whole_and_answered_line_by_line(port):
    lines = b"\n".join(json.dumps(report(text=f"第 {n} 件")).encode() for n in range(1200))
    headers = {"Authorization": f"Bearer {token('zhou', role='triage')}", "Content_Type": "application/x-ndjson"}
    answer, body = send(port, "POST", "/cases:bulk", lines, **headers)
    found = [json.loads(line) for line in body.splitlines()]
    assert (answer.status, [row["line"] for row in found]) == (200, list(range(1, 1201)))
    with connection.cursor() as cursor:
        cursor.execute("SELECT count(*) FROM case_row")
        assert cursor.fetchone()[0] == 1200


@pytest.mark.parametrize(("path", "kind"), [("/cases", "application/json"), ("/cases:bulk", "application/x-ndjson")])
def test_a_body_in_chunks_is_refused_not_lost(port, path, kind):
    bearer = f"Bearer {token('zhou', role='triage')}"
    chunks = iter([json.dumps(report()).encode()])
    answer, body = send(port, "POST", path, chunks, Authorization=bearer, Content_Type=kind)
    assert (answer.status, json.loads(body)["code"]) == (411, "length-missing")


def test_the_api_sets_no_cookie_and_may_not_be_cached_or_framed(port):
    answer, body = send(port, "GET", "/rules")
    headers = dict(answer.getheaders())
    assert (answer.status, headers["content-length"]) == (200, str(len(body)))
    assert "set-cookie" not in headers
    assert (headers["cache-control"], headers["x-content-type-options"]) == ("no-store", "nosniff")


def test_the_pages_are_served_beside_it(port):
    wire = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    wire.request("GET", "/")
    answer = wire.getresponse()
    assert (answer.status, answer.getheader("content-type")) == (200, "text/html; charset=utf-8")
    wire.close()
