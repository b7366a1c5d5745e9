"""A receiver of webhooks on this machine: verifies with the reference library, and misbehaves when told to."""

import contextlib
import json
import socket
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import standardwebhooks


class Receiver:
    """``answers``: what to do next, in turn; then 204. A number is a status; else the name of a misbehaviour."""

    def __init__(self):
        self.secret = None
        self.answers = []
        self.got = []
        self.refused = []
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}/hook?a=1"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()

    def bodies(self):
        return [json.loads(body) for _, body in self.got]

    def kinds(self):
        return [body["type"] for body in self.bodies()]

    def ids(self):
        return [headers["webhook-id"] for headers, _ in self.got]

    def _handler(self):
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append((dict(self.headers), body))
                if receiver.secret:
                    try:
                        standardwebhooks.Webhook(receiver.secret).verify(body, dict(self.headers))
                    except standardwebhooks.WebhookVerificationError as error:
                        receiver.refused.append(str(error))
                        self.send_error(401)
                        return
                receiver.answer(self)

            def log_message(self, *_):
                pass

        return Handler

    def answer(self, handler):
        what = self.answers.pop(0) if self.answers else 204
        if what == "dies":
            handler.connection.shutdown(socket.SHUT_RDWR)
        elif what == "dribbles":
            with contextlib.suppress(OSError):
                for byte in b"HTTP/1.1 200 OK\r\n" + b"x-slow: yes\r\n" * 1000:
                    handler.wfile.write(bytes([byte]))
                    handler.wfile.flush()
                    time.sleep(0.2)
        elif what == "redirects":
            handler.send_response(302)
            handler.send_header("Location", self.url)
            handler.end_headers()
        elif what == "endless":
            handler.send_response(200)
            handler.end_headers()
            with contextlib.suppress(OSError):
                while True:
                    handler.wfile.write(b"x" * 65536)
        else:
            handler.send_response(what)
            if what in {429, 503}:
                handler.send_header("Retry-After", "600")
            handler.end_headers()
