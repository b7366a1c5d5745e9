"""A small district with tokens, and a program that calls its API in process, through the API's own handler."""

import json
from datetime import UTC, datetime

from django.db import connection
from django.test import Client, override_settings

from bihuan.desk import api as desk
from bihuan.desk import identity, names, places, rulebooks, units
from bihuan.faces.rest import limits
from bihuan.testing import books, cast
from page_district import DAY, PLACE, UNITS, person
from page_district import PEOPLE as ACCOUNTS

OFFICES = (
    (cast.PETITIONS, "区信访办", "", "desk"),
    (cast.DISCIPLINE, "区纪检监察组", "", "department"),
    (cast.CARE, "社工站", "", "partner"),
    ("school", "第一小学", "", "partner"),
)
PEOPLE = ACCOUNTS | {
    "bai": cast.BAI, "yan": cast.YAN, "zheng": cast.ZHENG, "tao": cast.TAO, "fang": cast.FANG, "jiang": cast.JIANG,
    "teacher": cast._post("谢老师", "school", "school"),
}  # fmt: skip
TEXT = "解放碑步行街人行道井盖松动,踩上去响,晚上有老人走。"
ALL = desk.SCOPES


def set_up():
    """The pages' district without its accounts, the offices of other scenes, three rulebooks."""
    with connection.cursor() as cursor:
        paths = {}
        for code, name, _, kind, parent, place in (*UNITS, *((*office, "district", "") for office in OFFICES)):
            paths[code] = f"{paths.get(parent, '/')}{code}/"
            cursor.execute(
                "INSERT INTO unit (code, district, name, name_en, kind, parent_id, path, place, phone)"
                " VALUES (%s, '500103', %s, '', %s, %s, %s, %s, '')",
                [code, name, kind, parent, paths[code], place],
            )
        for account, one in PEOPLE.items():
            cursor.execute("INSERT INTO person (id, name) VALUES (%s, %s)", [person(account), one.name])
            for role in sorted(one.roles):
                cursor.execute(
                    "INSERT INTO post (person_id, unit_id, role, starts) VALUES (%s, %s, %s, %s)",
                    [person(account), one.unit, role, DAY],
                )
    for known in (names, places, units, rulebooks):
        known.forget()
    for book in (books.city(), books.petitions(), books.care()):
        rulebooks.import_book(book, by="test", at=datetime(2025, 1, 1, tzinfo=UTC))
    identity.forget_numbers()
    limits.forget()


def token(account, *scopes, role="", expires=None):
    """A token of one post of this person, with these scopes (none named: all)."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT id FROM post WHERE person_id = %s AND (%s = '' OR role = %s) ORDER BY role DESC",
            [person(account), role, role],
        )
        post = cursor.fetchone()[0]
    return desk.issue_token(post, account, scopes or ALL, expires=expires)


class Program:
    """One caller: ``say(method, path, body)`` gives status, parsed body and response."""

    def __init__(self, bearer=None, **headers):
        with override_settings(MIDDLEWARE=[]):
            self.client = Client(raise_request_exception=False)
            self.client.handler.load_middleware()
        self.headers = {"Authorization": f"Bearer {bearer}"} if bearer else {}
        self.headers |= headers

    def send(self, method, path, body=None, *, raw=None, content_type="application/json", **headers):
        data = raw if raw is not None else b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
        return self.client.generic(
            method,
            path if path.startswith("/api/") else f"/api/v1{path}",
            data,
            content_type=content_type if data or raw is not None else "",
            headers={**self.headers, **{name.replace("_", "-"): value for name, value in headers.items()}},
        )

    def get(self, path, **headers):
        return self.send("GET", path, **headers)

    def post(self, path, body=None, **headers):
        return self.send("POST", path, {} if body is None else body, **headers)


def report(**values):
    return {"category": "manhole", "place": PLACE, "text": TEXT} | values
