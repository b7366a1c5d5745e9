"""A small district in the database, with accounts: every person of the cast signs in with the password below."""

from datetime import UTC, date, datetime
from functools import cache
from uuid import UUID, uuid5

from django.contrib.auth.hashers import make_password
from django.contrib.auth.models import User
from django.db import connection
from django.test import Client

from bihuan.desk import names, places, rulebooks, units
from bihuan.faces.field import gate as field
from bihuan.faces.portal import views as portal
from bihuan.testing import books, cast

PASSWORD = "page-tests-only"
DAY = date(2020, 1, 1)
SPACE = UUID("0d15c0de-0000-4000-8000-000000000000")
# code, name, English, kind, parent, place
UNITS = (
    ("district", "示范区", "Demo District", "district", None, "500103"),
    (cast.CENTRE, "区运行中心", "Operations Centre", "desk", "district", ""),
    (cast.SUPERVISION, "区监督中心", "Supervision Centre", "department", "district", ""),
    (cast.GOVERNMENT, "区政府办", "Government Office", "department", "district", ""),
    (cast.CHENGGUAN, "区城市管理局", "City Management Bureau", "department", "district", ""),
    (cast.ZHUJIAN, "区住房建设委", "Housing Commission", "department", "district", ""),
    (cast.POLICE, "区公安分局", "Police", "partner", "district", ""),
    (cast.STREET, "石桥街道", "Shiqiao Street", "street", "district", "500103013"),
    (cast.COMMUNITY, "梧桐社区", "Wutong Community", "community", cast.STREET, "500103013001"),
    ("plum", "红梅社区", "Hongmei Community", "community", cast.STREET, "500103013002"),
)
PEOPLE = {
    "zhou": cast.ZHOU, "feng": cast.FENG, "su": cast.SU, "luo": cast.LUO, "wei": cast.WEI, "gu": cast.GU,
    "pan": cast.PAN, "ding": cast.DING, "shen": cast.SHEN, "meng": cast.MENG, "ren": cast.ARBITER,
}  # fmt: skip
PLACE = "500103013001"


@cache
def hashed():
    """Once for everybody: a password hash is slow on purpose."""
    return make_password(PASSWORD)


def person(account):
    return uuid5(SPACE, account)


def build():
    with connection.cursor() as cursor:
        paths = {}
        for code, name, english, kind, parent, place in UNITS:
            paths[code] = f"{paths.get(parent, '/')}{code}/"
            cursor.execute(
                "INSERT INTO unit (code, district, name, name_en, kind, parent_id, path, place, phone)"
                " VALUES (%s, '500103', %s, %s, %s, %s, %s, %s, '')",
                [code, name, english, kind, parent, paths[code], place],
            )
    for account, one in PEOPLE.items():
        add(account, one.name, one.unit, *sorted(one.roles))
    portal.limiter.forget()
    field.limiter.forget()
    names.forget()
    places.forget()
    units.forget()
    rulebooks.forget()
    rulebooks.import_book(books.city(), by="test", at=datetime(2025, 1, 1, tzinfo=UTC))


def add(account, name, unit, *roles):
    """Somebody who can sign in, in posts of one unit."""
    user = User.objects.create(username=account, password=hashed())
    with connection.cursor() as cursor:
        cursor.execute("INSERT INTO person (id, name, user_id) VALUES (%s, %s, %s)", [person(account), name, user.pk])
        for role in roles:
            cursor.execute(
                "INSERT INTO post (person_id, unit_id, role, starts) VALUES (%s, %s, %s, %s)",
                [person(account), unit, role, DAY],
            )


def client(account="", language="zh-hans"):
    """A browser without JavaScript, signed in as ``account``; CSRF is checked as in life."""
    browser = Client(headers={"accept-language": language})
    if account:
        browser.force_login(User.objects.get(username=account), backend="django.contrib.auth.backends.ModelBackend")
    return browser
