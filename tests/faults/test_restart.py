"""The database goes away under a running site and comes back: no page fails for anybody, and nobody signs in again."""

import http.cookiejar
import os
import re
import signal
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

import pytest

from faults.live import Live, Writer, free_port

PAGES = ("/", "/report", "/rules", "/console/", "/console/?tab=all", "/console/glass", "/console/rules")
TOKEN = re.compile(r'name="csrfmiddlewaretoken" value="([^"]+)"')


class Reader:
    """A browser without JavaScript: it keeps cookies, follows redirects and sends the token of a form."""

    def __init__(self, site):
        self.site = f"http://127.0.0.1:{site.port}"
        jar = urllib.request.HTTPCookieProcessor(http.cookiejar.CookieJar())
        self.opener = urllib.request.build_opener(jar)

    def ask(self, path, body=None):
        """Status, page and the address where it ended."""
        try:
            with self.opener.open(self.site + path, body, timeout=30) as answer:
                return answer.status, answer.read().decode(), answer.geturl()
        except urllib.error.HTTPError as refused:
            return refused.code, refused.read().decode(), path

    def post(self, path, **fields):
        token = TOKEN.search(self.ask(path)[1])[1]
        return self.ask(path, urllib.parse.urlencode({"csrfmiddlewaretoken": token} | fields).encode())


@pytest.fixture
def site(tmp_path):
    site = Live(tmp_path / "data", free_port(), demo=True)
    site.start()
    yield site
    site.stop()


@pytest.fixture
def clerk(site):
    clerk = Reader(site)
    assert clerk.post("/login/", username="shouli", password="bihuan-demo")[2].endswith("/console/")
    return clerk


def servers(site, word):
    return {pid for pid, line in site.below().items() if "postgres" in line and word in line and "leash" not in line}


def gone_and_back(site, how):
    """Ends the database and returns as soon as its successor takes connections; no web process has asked it yet."""
    writers = servers(site, "walwriter")
    os.kill(min(servers(site, " -D ")), how)
    until = time.monotonic() + 30
    while time.monotonic() < until:
        if servers(site, "walwriter") - writers:
            return
        time.sleep(0.05)
    pytest.fail(f"the database did not come back: {site.said()}")


def at_once(readers, work):
    threads = [threading.Thread(target=work) for _ in range(readers)]
    for thread in threads:
        thread.start()
    return threads


def warm(clerk):
    """Every thread of every web process has a connection to lose."""
    for thread in at_once(8, lambda: [clerk.ask(page) for page in PAGES]):
        thread.join()


HOW = pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["told-to-end", "killed"])


@pytest.mark.slow
@HOW
def test_no_page_fails_while_the_database_restarts(site, clerk, how):
    warm(clerk)
    stop, failed, read = threading.Event(), [], []

    def look():
        while not stop.is_set():
            for page in PAGES:
                status, text, address = clerk.ask(page)
                read.append(page)
                if status != 200 or "/login/" in address:
                    failed.append((page, status, text[-900:]))

    readers = at_once(4, look)
    time.sleep(0.3)
    gone_and_back(site, how)
    time.sleep(1.0)
    stop.set()
    for reader in readers:
        reader.join()
    assert not failed, (len(failed), len(read), failed[0])
    assert len(read) > len(PAGES)


@pytest.mark.slow
@HOW
def test_what_is_sent_first_after_a_restart_is_done(site, clerk, how):
    """Also what must not be asked twice: a report on the page, and one over the API without a key."""
    warm(clerk)
    gone_and_back(site, how)
    writer = Writer(site, threading.Event())
    for number in range(8):
        body = {"category": "", "place": "500103010", "text": f"路面积水 {number}"}
        assert writer.post(body, str(uuid.uuid4())), number
        fields = {"key": uuid.uuid4().hex, "step": "3", "text": "路面积水", "category": "-", "place": "-"}
        status, text, address = clerk.post("/report", **fields, address="中兴路口")
        assert (status, "/t/" in address) == (200, True), text[-900:]
    listed = clerk.ask("/console/?tab=triage")
    assert (listed[0], "收件箱" in listed[1]) == (200, True)
