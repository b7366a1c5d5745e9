"""A district that publishes manholes (L0), keeps rubbish inside (L1) and illegal buildings with the team (L2)."""

from dataclasses import replace
from datetime import UTC, date, datetime
from urllib.parse import urlencode
from xml.etree import ElementTree as ET

from django.db import connection
from django.test import Client, override_settings

import rest_site
from bihuan.desk import rulebooks
from bihuan.kernel.case import Seal
from bihuan.testing import books

ROOT = "/open311/v2"
POINT = {"lat": "29.5590417", "long": "106.5773391"}
SEALS = {"manhole": None, "rubbish": Seal.L1, "illegal": Seal.L2}


def open_book():
    book = books.city()
    categories = {code: replace(row, seal=SEALS[code]) for code, row in book.categories.items()}
    return replace(book, version="city-open", effective=date(2025, 6, 1), seal=Seal.L0, categories=categories)


def set_up():
    rest_site.set_up()
    rulebooks.import_book(open_book(), by="test", at=datetime(2025, 6, 1, tzinfo=UTC))


class Door:
    """A client without cookies, through the handler that the server uses."""

    def __init__(self, key=""):
        with override_settings(MIDDLEWARE=[]):
            self.client = Client(raise_request_exception=False)
            self.client.handler.load_middleware()
        self.key = key

    def get(self, path, language="en", **query):
        tail = f"?{urlencode(query, doseq=True)}" if query else ""
        return self.client.get(f"{ROOT}/{path}{tail}", headers={"Accept-Language": language})

    def list(self, **query):
        return self.get("requests.json", **query).json()

    def post(self, form, path="requests.json", raw=None, content_type="application/x-www-form-urlencoded", **headers):
        data = urlencode(form, doseq=True).encode() if raw is None else raw
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.client.generic("POST", f"{ROOT}/{path}", data, content_type=content_type, headers=named)

    def send(self, **form):
        """A report that is taken; returns its entry in the answer."""
        answer = self.post({"api_key": self.key, "service_code": "manhole", **POINT, **form})
        assert answer.status_code == 201, answer.content.decode()
        return answer.json()[0]


def xml(answer):
    assert answer.headers["Content-Type"] == "text/xml; charset=utf-8"
    assert answer.content.startswith(b'<?xml version="1.0" encoding="utf-8"?>')
    return ET.fromstring(answer.content)  # noqa: S314 - our own answer


def rows(sql, *values):
    with connection.cursor() as cursor:
        cursor.execute(sql, values)
        return cursor.fetchall()


def row(sql, *values):
    return rows(sql, *values)[0]


def receipt_of(told):
    """The code that the notice names."""
    import re

    return re.search(r"[0-9A-Z]{4}(?:-[0-9A-Z]{4}){3}", told["service_notice"])[0]
