"""A telephone's side of the story: cases on somebody's hands, a server that can be cut off in mid-sentence."""

import hashlib
import io
import json
import socket
import threading
import uuid
from contextlib import suppress
from urllib.parse import parse_qs

from django.core.handlers.wsgi import WSGIHandler
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.db import connection
from PIL import Image

import page_district
from bihuan.desk import api as desk
from bihuan.kernel import commands as c

# -- cases -------------------------------------------------------------------------------------------------------


def actor(account):
    one = page_district.PEOPLE[account]
    return desk.Actor(str(page_district.person(account)), one.unit, one.roles, frozenset({one.unit}))


def reported(text="井盖松了，车一压就响", category="manhole", **more):
    """A case of a resident, at the desk."""
    intake = desk.Intake(category, page_district.PLACE, "portal", {"text": text, "address": "中兴路 12 号门口"}, **more)
    return desk.report(intake, by=desk.reporter(str(page_district.person("resident"))), purpose="report").case


def act(case, command, account, **more):
    return desk.submit(command, by=actor(account), case=case, purpose="test", **more)


def dispatched(text="井盖松了，车一压就响", lead="", **more):
    """A case in the hands of the unit of ``wei``."""
    case = reported(text, **more)
    act(case, c.Accept(), "zhou")
    act(case, c.Dispatch(lead, reason="test" if lead else ""), "zhou")
    return case


def finished(case):
    """A dispatched case, brought to its verified close."""
    for command, who in ((c.TakeTask(1), "wei"), (c.ArriveAtTask(1), "wei")):
        act(case, command, who)
    act(case, c.FinishTask(1, (c.Proof("photo_after", desk.keep_photo(picture(160, 120))),)), "wei")
    if desk.read_case(actor("zhou"), case, purpose="test").state.stage == "answered":
        act(case, c.SendToVerify(page_district.PEOPLE["su"].unit), "zhou")
    act(case, c.Verify(True), "su")


def events(case, kind):
    with connection.cursor() as cursor:
        cursor.execute("SELECT body FROM event WHERE case_id = %s AND kind = %s ORDER BY number", [case, kind])
        return [json.loads(row[0]) for row in cursor.fetchall()]


def from_phones():
    """Ids of the cases that came from a telephone."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT case_id FROM event WHERE kind = 'Registered' AND body LIKE '%%\"channel\":\"field\"%%'")
        return [row[0] for row in cursor.fetchall()]


def photos(data):
    return sorted(path.name for path in (data / "photos").glob("*/*")) if (data / "photos").exists() else []


def picture(width=1600, height=1200, seed=1):
    """A photograph that does not shrink: noise, with a place in its EXIF block."""
    noise = hashlib.shake_128(bytes([seed])).digest(width * height // 16)
    image = Image.frombytes("L", (width // 4, height // 4), noise).resize((width, height)).convert("RGB")
    exif = Image.Exif()
    exif[0x010F] = "Phone of Lin"
    out = io.BytesIO()
    image.save(out, "JPEG", quality=90, exif=exif)
    return out.getvalue()


# -- a telephone without a browser -------------------------------------------------------------------------------


class Phone:
    """What the script of the app says to the server, said by hand."""

    def __init__(self, account, language="zh-hans"):
        self.browser = page_district.client(account, language)
        self.who = str(page_district.person(account))
        self.unit = page_district.PEOPLE[account].unit

    def tasks(self):
        return self.browser.get("/field/tasks").json()

    def face(self, case):
        return next(one for one in self.tasks()["tasks"] if one.get("case") == str(case))

    def entry(self, do, case=None, **more):
        about = {"case": str(case), "task": 1} if case else {}
        return {"key": uuid.uuid4().hex, "unit": self.unit, "do": do, "age": 0} | about | more

    def post(self, path, body, kind="application/json", who=None):
        return self.browser.post(path, body, content_type=kind, headers={"X-Field-Who": who or self.who})

    def send(self, entry, who=None):
        return self.post("/field/act", json.dumps(entry), who=who).json()

    def piece(self, data, offset, length=65536, digest=None, size=None):
        name = digest or hashlib.sha256(data).hexdigest()
        path = f"/field/photos/{name}?size={size or len(data)}&offset={offset}"
        return self.post(path, data[offset : offset + length], "application/octet-stream").json()

    def upload(self, data):
        told = {"offset": 0, "ref": ""}
        while not told["ref"]:
            told = self.piece(data, told["offset"])
        return told["ref"]


# -- a server that can be cut off --------------------------------------------------------------------------------


class Handler(WSGIRequestHandler):
    """Keeps hold of its sockets, so that the network can end for those that are open too."""

    def setup(self):
        super().setup()
        self.server.sockets.add(self.connection)

    def finish(self):
        self.server.sockets.discard(self.connection)
        with suppress(OSError):
            super().finish()

    def handle(self):
        with suppress(OSError, ValueError):
            super().handle()

    def get_environ(self):
        return super().get_environ() | {"test.socket": self.connection}

    def log_message(self, *_):
        pass


class Server(ThreadedWSGIServer):
    daemon_threads = True
    allow_reuse_address = True

    def handle_error(self, *_):
        pass


class Site:
    """The application on one port of the loopback, whatever happens to it. ``cut(environ)``: ``before`` the request is
    read, in the ``middle`` of its body, or ``after`` it was done and before anybody is told; anything else: not.
    """

    def __init__(self):
        self.port, self.server, self.cut, self.seen = 0, None, lambda _: "", []
        self.start()

    @property
    def address(self):
        return f"http://127.0.0.1:{self.port}"

    def start(self):
        self.server = Server(("127.0.0.1", self.port), Handler)
        self.server.sockets = set()
        self.port = self.server.server_address[1]
        self.server.set_app(self.application)
        self.thread = threading.Thread(target=self.server.serve_forever, daemon=True, kwargs={"poll_interval": 0.05})
        self.thread.start()

    def stop(self):
        """No network: nothing new is let in, and what was open ends."""
        self.server.shutdown()
        self.server.server_close()
        for one in list(self.server.sockets):
            with suppress(OSError):
                one.shutdown(socket.SHUT_RDWR)
        self.thread.join()

    def application(self, environ, start_response):
        self.seen.append((environ["REQUEST_METHOD"], environ["PATH_INFO"], parse_qs(environ["QUERY_STRING"])))
        how = self.cut(environ)
        if not how:
            return WSGIHandler()(environ, start_response)
        if how == "middle":
            environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0) // 2)
        if how == "after":
            response = WSGIHandler()(environ, lambda *_: None)
            b"".join(response)
            response.close()
        environ["test.socket"].shutdown(socket.SHUT_RDWR)
        start_response("200 OK", [])
        return []
