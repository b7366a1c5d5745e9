"""A real mail server on the loopback that keeps what it is given."""

import socket
from contextlib import contextmanager
from email import message_from_bytes, policy

from aiosmtpd.controller import Controller


class Postbox:
    """A mail server that keeps what it is given."""

    def __init__(self):
        self.got = []

    async def handle_DATA(  # noqa: N802 - aiosmtpd calls it so
        self, _server, _session, envelope
    ):
        mail = message_from_bytes(envelope.original_content or envelope.content, policy=policy.default)
        self.got.append((envelope.rcpt_tos[0], mail["Subject"].strip(), mail.get_content(), mail["Message-ID"]))
        return "250 kept"

    def to(self, address):
        return [one for one in self.got if one[0] == address]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def opened(settings):
    """The mail server, and the settings that lead to it."""
    box = Postbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", controller.port
    try:
        yield box
    finally:
        controller.stop()
